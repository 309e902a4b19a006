// How good pretended predictions were, in the words of the core.

import type { ForetoldView, TrialItem } from '../bindings';
import { number, thanPredicted } from './said';
import { byDefault, complete, type Kept } from './session';

const median = (values: number[]) => {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (n: number) => sorted[n] ?? 0;
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1 ? at(Math.floor(middle)) : (at(middle - 1) + at(middle)) / 2;
};
const typical = (ratios: number[]) => {
  const miss = median(ratios.map((ratio) => Math.abs(ratio - 1)));
  return `${(miss * 100).toFixed(1)} %`;
};

/** By who made them. */
export function foretold(s: Kept): ForetoldView[] {
  const told = complete(s).filter((t) => t.predicted !== null && t.joulesPerUnit && !t.stale);
  const reference = byDefault(s)?.joulesPerUnit?.mean ?? 1;
  return [...new Set(told.map((t) => t.origin))].map((who) => {
    const own = told.filter((t) => t.origin === who);
    const each = own.map((t) => ({
      trialId: t.id,
      number: t.number,
      predicted: number(t.predicted ?? 0),
      measured: number(measured(t)),
      off: thanPredicted(measured(t) / (t.predicted ?? 1)),
      inside: inside(t),
    }));
    const ratios = own.map((t) => measured(t) / (t.predicted ?? 1));
    const text =
      each.length === 1
        ? `One prediction: ${each[0]?.off}.`
        : `${each.length} predictions, typically ${typical(ratios)} off. Saying “as the default” every time would have been ${typical(own.map((t) => measured(t) / reference))} off.`;
    return { who, text, each };
  });
}

const measured = (t: TrialItem) => t.joulesPerUnit?.mean ?? 1;
const inside = (t: TrialItem) =>
  (t.predicted ?? 0) >= (t.joulesPerUnit?.low ?? 0) &&
  (t.predicted ?? 0) <= (t.joulesPerUnit?.high ?? 0);
