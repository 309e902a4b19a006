// Pretended sessions in which something went wrong.

import { exchange } from './advisor';
import { DEFAULTS } from './engine';
import type { Kept } from './session';
import { BUILT_IN } from './templates';
import { begin } from './trial';

/** Three replies in a row that gave nothing usable. */
export function stuck(s: Kept): Kept {
  for (const item of s.story) if (item.item === 'feedback') item.sent = true;
  for (let n = 0; n < 3; n++)
    exchange(
      s,
      BUILT_IN,
      'refused',
      'I would set `parallel` to 8.\n\n```json\n{"parallel": 8}\n```',
      'parallel 8 was measured as trial 3 already; the advisor was told so.',
    );
  s.stuck = 'The advisor repeated settings that were already measured, three times in a row.';
  return s;
}

/** A trial that ran out of memory, with what the next prompt says of it. */
export function failed(s: Kept): Kept {
  const config = { ...DEFAULTS, parallel: '16', 'cache-type-k': 'f16' };
  const trial = begin(s, config, 'Qwen 1.5B, from a list of 5', 0.24);
  Object.assign(trial, {
    state: 'failed',
    energyJ: 61,
    message:
      'Out of memory: llama-server could not allocate 6.2 GiB for 16 slots of KV cache. Choose fewer parallel slots, or a shorter context per slot.',
  });
  s.story.push({
    item: 'feedback',
    trialId: trial.id,
    trialNumber: trial.number,
    draft: `Trial ${trial.number} failed: out of memory with 16 parallel slots. Stay at 8 or fewer.`,
    edit: 'Trial 4 failed: out of memory with 16 parallel slots. Stay at 8 or fewer.\nPlease keep the time to first token under 0.3 s, people are waiting for it.',
    sent: false,
  });
  return s;
}
