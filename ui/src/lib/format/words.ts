// Words of the core as the screen sets them: a real minus, and no line breaks inside a figure.

import { THIN } from './number';

/** Ties numbers to what belongs to them. */
export const tidy = (text: string) =>
  text
    .replace(/-(?=\d)/g, '\u2212')
    .replace(
      /(\d) (?=(%|J\b|kJ\b|MJ\b|GJ\b|s\b|min\b|h\b|W\b|Wh\b|J\/|tokens\/s|images\/s))/g,
      `$1${THIN}`,
    )
    .replace(/± (?=\d)/g, `±${THIN}`);
