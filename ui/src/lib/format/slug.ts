// A file's name made of a session's: letters, digits and dashes.

export const slug = (name: string) =>
  name
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '')
    .toLowerCase() || 'session';
