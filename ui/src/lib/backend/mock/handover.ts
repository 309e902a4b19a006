// Sessions as files, pretended: what is written, what comes in, and what is refused with the core's words. A test
// chooses a file in the system's dialog by an attribute of the page.

import type { Backend } from '../index';
import { BackendError } from '../error';
import type { Kept } from './session';

type Calls = Pick<Backend, 'exportSession' | 'importSession' | 'chooseFile' | 'interfaceReady'>;

/** What is wrong with a file, by a word in its name. */
const FAULTS: [string, (path: string) => string][] = [
  [
    'newer',
    (path) =>
      `${path} has the format 2, which a newer Wattsmith wrote; this one knows 1. Take that version to read it.`,
  ],
  [
    'damaged',
    (path) =>
      `${path} is a session, but damaged or cut off: EOF while parsing a string at line 1 column 40960. Nothing of it was taken in. Copy it again, or have it written again.`,
  ],
  [
    'other',
    (path) =>
      `${path} is no session written by Wattsmith: it does not say that it is one. “Export…” in a session's menu writes one, and so does \`wattsmith-cli sessions export\`.`,
  ],
];

export function handover(
  sessions: Map<string, Kept>,
  find: (id: string) => Kept,
  brought: () => Kept,
): Calls {
  const there = new Set(['/home/you/there.wattsmith.json']);
  const at = (path: string) => path.trim().replace(/^~/, '/home/you');
  return {
    exportSession: async (id, out, replace) => {
      find(id);
      const path = at(out);
      if (there.has(path) && !replace)
        throw new BackendError('other', `There is a file ${path} already. Choose another name.`);
      there.add(path);
      return path;
    },
    importSession: async (from) => {
      const path = at(from);
      const fault = FAULTS.find(([word]) => path.includes(word));
      if (fault) throw new BackendError('other', fault[1](path));
      const s = brought();
      const here = sessions.get(s.id);
      if (here)
        throw new BackendError(
          'other',
          `The session of ${path} is here already, as “${here.name}”: nothing was changed. Delete that one first, if this one is to take its place.`,
        );
      sessions.set(s.id, s);
      return s.id;
    },
    chooseFile: async () => document.documentElement.dataset.chosen ?? null,
    interfaceReady: async () => false,
  };
}
