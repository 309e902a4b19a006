// Whether a session is to be imported, and from which file: asked for by the list, by the page of all
// sessions, or by a file that is dropped on the window.

/** How a session's file ends, as “Export…” names it. */
export const ENDING = '.wattsmith.json';

/** The session's file among what was dropped; while the file is asked for, any file. */
export const dropped = (paths: string[], asked: boolean): string | undefined =>
  paths.find((path) => path.toLowerCase().endsWith(ENDING)) ?? (asked ? paths[0] : undefined);

class Importing {
  open = $state(false);
  path = $state('');

  ask(path = ''): void {
    this.path = path;
    this.open = true;
  }
}

export const importing = new Importing();
