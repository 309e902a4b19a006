// More windows of a trial.

import { BackendError } from '../error';
import type { Jobs } from './run';
import { trials, type Kept } from './session';

/** One more window; the trial's figures stay as they were. */
export async function more(jobs: Jobs, s: Kept, trialId: string): Promise<void> {
  const trial = trials(s).find((one) => one.id === trialId);
  if (!trial) throw new BackendError('not-found', 'There is no such trial.');
  const detail = `trial ${trial.number} · one more repeat, 1 of at most 5`;
  jobs.phase(s, 'measuring', 'Measuring', detail, 6);
  await jobs.wait(s, 6);
}
