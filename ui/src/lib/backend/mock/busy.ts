// A pretended machine that is busy before the first window.

import { DEFAULTS } from './engine';
import type { Jobs } from './run';
import type { Kept } from './session';

/** Waits until other programs have ended, or does not, and measures the default. */
export async function settle(jobs: Jobs, s: Kept, wait: boolean): Promise<void> {
  const load = s.load ?? '';
  if (wait) {
    jobs.phase(s, 'waiting-for-quiet', 'Waiting for a quiet machine', load, 600);
    await jobs.wait(s, 12);
  }
  s.load = null;
  const done = wait
    ? 'The session waited 12 s until it was quiet.'
    : 'It was measured all the same, by choice: the default may be too high.';
  s.story.push({
    item: 'machine',
    id: `${s.id}-load`,
    title: 'The machine was busy',
    text: `The machine was busy before the first window: ${load}. ${done}`,
  });
  await jobs.measure(s, DEFAULTS, 'default', null);
}
