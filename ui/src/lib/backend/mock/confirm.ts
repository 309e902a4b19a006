// The confirmation of a pretended session.

import { lastConfig } from './advisor';
import { best, judge } from './outcome';
import type { Jobs } from './run';
import { byDefault, freshId, goalJoules, interval, trials, type Kept } from './session';

/** Fresh repeats of the best and of the default, in turn. */
export async function confirm(jobs: Jobs, s: Kept): Promise<void> {
  const lead = best(s);
  const config = (lead && s.configs.get(lead.trialId)) ?? lastConfig(s);
  const number = lead?.number ?? 0;
  const id = freshId(s, 'confirmation');
  const item = {
    item: 'confirmation' as const,
    id,
    trialNumber: number,
    pairs: 0,
    pairsPlanned: 5,
    decided: false,
    below: false,
    word: 'not decided yet',
    text: 'Fresh repeats of the best and of the default, taken in turn; only these decide.',
    discarded: [] as string[],
    attempt: '',
    change: '',
    range: '',
    ratio: null as ReturnType<typeof interval>,
  };
  s.story.push(item);
  const clock = { at: 0 };
  await jobs.powered(s, clock, config, 'loading-engine', 'Loading the model', 'confirmation', 0.6);
  const trial = trials(s).find((t) => t.number === number);
  const ratio = (trial?.joulesPerUnit?.mean ?? 1) / (byDefault(s)?.joulesPerUnit?.mean ?? 1);
  for (let pair = 1; pair <= item.pairsPlanned; pair++) {
    await jobs.powered(
      s,
      clock,
      config,
      'measuring',
      'Measuring',
      `confirmation · pair ${pair} of ${item.pairsPlanned}`,
      2,
    );
    item.pairs = pair;
    const wide = Math.exp(0.08 / Math.sqrt(pair));
    item.ratio = { mean: ratio, low: ratio / wide, high: ratio * wide, n: pair };
  }
  s.judged.add(number);
  const goal = (goalJoules(s) ?? 0) / (byDefault(s)?.joulesPerUnit?.mean ?? 1);
  Object.assign(item, judge(item, ratio, ratio <= goal));
  if (item.below) s.ending = 'threshold reached';
}
