// Undoing each change of a pretended winner by itself: what is offered, its pairs in time, and what it says.

import type { ConfirmationItem, UndoingItem, UndoneView, UndoOfferView } from '../bindings';
import { DEFAULTS, truth, type Config } from './engine';
import { best, judge } from './outcome';
import type { Jobs } from './run';
import { lessOrMore, range } from './said';
import { byDefault, freshId, trials, type Kept } from './session';

const PAIRS = 5;
/** Half of an interval, on the log scale, and where it is so narrow that a change may go. */
const [WIDE, NARROW] = [0.02, 0.004];

const undoingOf = (s: Kept) => s.story.findLast((i) => i.item === 'undoing');

/** The confirmed winner: the one that is being undone, else the best. */
function winner(s: Kept) {
  const begun = undoingOf(s)?.trialNumber;
  const number = begun ?? (best(s)?.confirmed ? best(s)?.number : undefined);
  return trials(s).find((t) => t.number === number);
}

/** Whether simpler settings wait to be confirmed. */
function waits({ changes, simpler }: UndoingItem): boolean {
  const dropped = changes.filter((one) => one.verdict === 'dropped').length;
  return dropped > 0 && dropped < changes.length && !simpler;
}

/** What undoing would be; null where nothing is left to be known. */
export function offer(s: Kept): UndoOfferView | null {
  const trial = s.example || s.importedAt ? undefined : winner(s);
  if (!trial) return null;
  const begun = undoingOf(s);
  const changes = begun
    ? begun.changes.filter((one) => one.verdict === 'open').length
    : trial.knobs.filter((knob) => knob.changed).length;
  if (begun ? changes === 0 && !waits(begun) : changes < 2) return null;
  return {
    trialNumber: trial.number,
    changes,
    minutes: Math.max(1, Math.ceil((changes * 16 * 15) / 60)),
    begun: begun !== undefined,
  };
}

/** What undoing one change costs; polling costs nothing here. */
function costOf(s: Kept, config: Config, name: string): number {
  if (name === 'poll') return 1.002;
  const without = { ...config, [name]: DEFAULTS[name] ?? '' };
  return truth(without, s.gpu).joules / truth(config, s.gpu).joules;
}

/** What so many pairs say of a change. */
function look(change: UndoneView, ratio: number, pairs: number): void {
  const wide = Math.exp(Math.abs(ratio - 1) < 0.01 ? NARROW : WIDE);
  const [low, high] = [ratio / wide, ratio * wide];
  change.pairs = pairs;
  if (pairs < 2) return;
  change.cost = lessOrMore(ratio);
  change.range = range({ low, high });
  if (pairs < PAIRS) change.word = 'not decided yet, so it is kept';
  else if (high < 1.01)
    Object.assign(change, {
      verdict: 'dropped',
      word: 'certainly less than 1 % more, so it may be dropped',
    });
  else Object.assign(change, { verdict: 'earns', word: 'it earns its place' });
}

function begin(s: Kept): UndoingItem {
  const trial = winner(s);
  const item: UndoingItem = {
    id: freshId(s, 'undoing'),
    trialNumber: trial?.number ?? 0,
    allowed: '',
    changes: (trial?.knobs ?? [])
      .filter((knob) => knob.changed)
      .map((knob) => ({
        name: knob.name,
        changed: knob.to,
        default: knob.from,
        cost: '',
        range: '',
        pairs: 0,
        verdict: 'open',
        word: 'not measured often enough yet, so it is kept',
      })),
    together:
      'Each was undone while the others stood: single effects need not add up. Multiplied they would come to 27.3 % more.',
    simpler: '',
  };
  s.story.push({ item: 'undoing', ...item });
  return undoingOf(s) ?? item;
}

/** All pairs at once, for a scene. */
export function undone(s: Kept): Kept {
  const config = s.configs.get(winner(s)?.id ?? '') ?? DEFAULTS;
  const item = begin(s);
  item.allowed = '12 min';
  for (const change of item.changes) look(change, costOf(s, config, change.name), PAIRS);
  return s;
}

/** Pairs of each change in turn, then the simpler settings as a trial, confirmed anew. */
export async function undoEach(jobs: Jobs, s: Kept, minutes: number): Promise<void> {
  const { ending } = s;
  const config = s.configs.get(winner(s)?.id ?? '') ?? DEFAULTS;
  const item = undoingOf(s) ?? begin(s);
  item.allowed = `${minutes} min`;
  const clock = { at: 0 };
  for (const change of item.changes.filter((one) => one.verdict === 'open'))
    for (let pair = change.pairs + 1; pair <= PAIRS; pair++) {
      const detail = `undoing: without ${change.name}, pair ${pair}`;
      await jobs.powered(s, clock, config, 'measuring', 'Measuring', detail, 2);
      look(change, costOf(s, config, change.name), pair);
      jobs.changed(s);
    }
  const dropped = item.changes.filter((one) => one.verdict === 'dropped');
  if (dropped.length === 0 || dropped.length === item.changes.length) return;
  const simpler = { ...config };
  for (const { name } of dropped) simpler[name] = DEFAULTS[name] ?? '';
  await jobs.measure(s, simpler, '', null);
  confirmed(s, item);
  s.ending = ending;
}

function confirmed(s: Kept, item: UndoingItem): void {
  const trial = trials(s).at(-1);
  const ratio = (trial?.joulesPerUnit?.mean ?? 1) / (byDefault(s)?.joulesPerUnit?.mean ?? 1);
  const fresh: ConfirmationItem = {
    id: freshId(s, 'confirmation'),
    trialNumber: trial?.number ?? 0,
    pairs: PAIRS,
    pairsPlanned: PAIRS,
    decided: true,
    below: true,
    word: 'confirmed',
    text: '',
    discarded: [],
    attempt: '',
    change: '',
    range: '',
    ratio: { mean: ratio, low: ratio * 0.97, high: ratio * 1.03, n: PAIRS },
  };
  s.story.push({ item: 'confirmation', ...fresh, ...judge(fresh, ratio, true) });
  s.judged.add(fresh.trialNumber);
  item.simpler = `The simpler settings, trial ${fresh.trialNumber}, were confirmed anew: confirmed, ${lessOrMore(ratio)} than the default.`;
}
