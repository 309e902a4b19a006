// Files of work on the pretended machine: what a path looks like is taken for what lies there.

import { BackendError } from '../error';
import type { WorkPreviewView } from '../bindings';

/** A first look at a file. A name with "broken" has faults in it, and one with "gone" is not there. */
export function previewWork(path: string): WorkPreviewView {
  if (path.includes('gone'))
    throw new BackendError(
      'other',
      `${path}: It cannot be read (No such file or directory). Name a JSONL or CSV file that exists and may be read.`,
    );
  const broken = path.includes('broken');
  return {
    summary: broken
      ? '1 request · 21 to 21 characters, 21 in the middle one'
      : '6 requests, 2 of them chats · 12 to 480 characters, 60 in the middle one',
    first: broken
      ? ['Why does bread rise?']
      : ['Why does bread rise?', 'Write a short letter to a neighbour.', 'Name a fruit.'],
    notes: ['No line says how long its answer is: each gets 64 tokens.'],
    sha256: '8a7b3c'.repeat(11).slice(0, 64),
    faults: broken
      ? [`${path}, line 2: There is no prompt, text or messages. Give exactly one of them.`]
      : [],
    faultCount: broken ? 1 : 0,
  };
}
