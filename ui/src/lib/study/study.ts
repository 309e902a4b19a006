// What a study needs to be started, and what its figures say. No drawing here.

import type { ArmView, LandscapeKind, StudyDraft, StudyView } from '$lib/backend';
import { fixed, share, THIN } from '$lib/format/number';
import { aboutAdvisor } from '$lib/new/advisors';
import { connectionProblems, isRemote, type Problems } from '$lib/new/draft';

/** The place of a study among the live events. */
export const STUDY = 'study';

export const KIND: Record<LandscapeKind, { word: string; caution: string }> = {
  measured: {
    word: 'Measured',
    caution:
      'Its joules were read from a sensor. What comes out holds for this machine, model and workload.',
  },
  estimated: {
    word: 'Estimated',
    caution:
      'Its joules are estimated from time and busy cores. A study on it shows how methods search such a space, not how much energy is saved.',
  },
  invented: {
    word: 'Invented',
    caution: 'Its figures are made up, for tests. They say nothing about any engine.',
  },
};

/** Arms of studies alone, beside the advisors. */
const ARMS: Record<string, string> = {
  'guided-blind':
    'Picks from the short list of guided by chance: what guided cannot fall below, whatever its chat model says.',
  seeded: 'A chat model makes the first three proposals; the surrogate goes on from all of them.',
};

/** What an arm does, in a line. */
export function aboutArm(name: string): string {
  const share = /^llm-(\d+)$/.exec(name);
  return share
    ? `A chat model has ${share[1]} % of the turns and the surrogate the rest; both know every figure.`
    : (ARMS[name] ?? aboutAdvisor(name));
}

/** Arms that stand apart without a colour of their own: drawn dashed from the ninth on. */
export const COLOURS = 8;

export type StudyField =
  'landscape' | 'arms' | 'seeds' | 'budget' | 'repeats' | 'below' | 'slowest' | 'latest' | 'agreed';
export type StudyProblems = Partial<Record<StudyField, string>> & Problems;

/** Whether a limit is left to the landscape, or above 0. */
const limit = (value: number | null) => value === null || value > 0;

const whole = (value: number, low: number, high: number) =>
  Number.isInteger(value) && value >= low && value <= high;

export const asks = (draft: StudyDraft, arms: ArmView[]) =>
  arms.some((arm) => arm.asks && draft.arms.includes(arm.name));

/** What is wrong with a study, before it is sent. */
export function studyProblems(draft: StudyDraft, arms: ArmView[]): StudyProblems {
  const problems: StudyProblems = {};
  if (!draft.live && !draft.landscape) problems.landscape = 'Choose a landscape.';
  if (draft.live && !draft.live.modelPath) problems.landscape = 'Choose a model.';
  if (draft.arms.length === 0) problems.arms = 'Choose at least one.';
  if (!whole(draft.seeds, 2, 100_000)) problems.seeds = 'A whole number from 2 to 100 000.';
  if (!whole(draft.budget, 2, 500)) problems.budget = 'A whole number from 2 to 500.';
  if (!whole(draft.repeats, 1, 20)) problems.repeats = 'A whole number from 1 to 20.';
  if (!limit(draft.minTokensPerSecond)) problems.slowest = 'Above 0, or left empty.';
  if (!limit(draft.maxTimeToFirstTokenS)) problems.latest = 'Above 0, or left empty.';
  if (!(draft.belowPercent > 0 && draft.belowPercent < 100))
    problems.below = 'Above 0 and below 100.';
  if (!asks(draft, arms)) return problems;
  Object.assign(problems, connectionProblems(draft.connection));
  if (isRemote(draft.connection) && !draft.agreed)
    problems.agreed = 'Agree, or leave out the methods that ask a chat model.';
  return problems;
}

/** The most windows that a study on the engine can take, of `arms` methods. */
export function mostWindows(draft: StudyDraft, arms: number, fresh: number): number {
  const proposals = draft.seeds * arms * draft.budget;
  return (draft.seeds + proposals) * draft.repeats + (proposals + 1) * fresh;
}

/** The methods that can learn from earlier sessions, of those that are chosen. */
export const learners = (draft: StudyDraft, arms: ArmView[]) =>
  arms.filter((arm) => arm.remembers && draft.arms.includes(arm.name)).map((arm) => arm.name);

/** The draft with an arm taken in or out; the order of the list stays. */
export function withArm(draft: StudyDraft, name: string, on: boolean, arms: ArmView[]): string[] {
  const chosen = new Set(draft.arms);
  if (on) chosen.add(name);
  else chosen.delete(name);
  const rest = arms.map((arm) => arm.name).filter((one) => chosen.has(one));
  return leading(rest, draft.arms[0] ?? '');
}

/** The arms with `first` in front, where it is one of them. */
export const leading = (arms: string[], first: string): string[] =>
  arms.includes(first) ? [first, ...arms.filter((one) => one !== first)] : arms;

/** Median and mean of a wait: "3 · 4.2", "not reached · 18.0". */
export function wait(one: { median: number | null; mean: number }): string {
  const median = one.median === null ? 'not reached' : fixed(one.median, 0);
  return `${median} · ${fixed(one.mean, 1)}`;
}

export const pValue = (p: number) => (p < 0.001 ? `<${THIN}0.001` : fixed(p, 3));

const percent = (value: number) => `${fixed(value, 2)}${THIN}%`;

export interface FigureTable {
  heads: string[];
  rows: string[][];
}

/** One row for each method; prompts only where somebody was asked. */
export function armTable(view: StudyView): FigureTable {
  const asked = view.arms.some((arm) => arm.prompts > 0);
  return {
    heads: [
      'Method',
      `To within 5${THIN}%`,
      'To the goal',
      'Got there',
      ...(asked ? ['Prompts to the goal', 'Prompts a run'] : []),
      'Saving after 5',
      'False stops',
    ],
    rows: view.arms.map((arm) => [
      arm.name,
      wait(arm.toGood),
      wait(arm.toGoal),
      `${arm.toGood.reached} of ${view.line.seeds}`,
      ...(asked
        ? arm.prompts > 0
          ? [wait(arm.asksToGoal), fixed(arm.prompts, 1)]
          : ['none', 'none']
        : []),
      arm.earlyShare === null ? '–' : share(arm.earlyShare),
      `${arm.falseStops}`,
    ]),
  };
}

/** One row for each method that the first is held against. */
export const comparisonTable = (view: StudyView): FigureTable => ({
  heads: [
    'Against',
    'Regret',
    'Upper bound',
    'p, regret',
    'Effect',
    `p, to 5${THIN}%`,
    'Effect',
    'p, to the goal',
    'Effect',
  ],
  rows: view.comparisons.map((one) => [
    one.other,
    percent(one.differencePercent),
    percent(one.upperPercent),
    pValue(one.pRegret),
    fixed(one.effectRegret, 2),
    pValue(one.pTime),
    fixed(one.effectTime, 2),
    pValue(one.pAsks),
    fixed(one.effectAsks, 2),
  ]),
});

/** What random search says about the machinery. */
export function checkSentence(check: StudyView['randomCheck']): string {
  if (!check) return '';
  const seen = `Random search first tries a setting within 5${THIN}% of the best after ${fixed(check.seen, 2)} trials on average; by counting it has to be ${fixed(check.expected, 2)}.`;
  return Math.abs(check.standardErrors) > 4
    ? `${seen} That is ${fixed(check.standardErrors, 1)} standard errors apart: something is wrong, and nothing here should be believed.`
    : `${seen} They agree (${fixed(check.standardErrors, 1)} standard errors).`;
}
