// The rows and columns of all trials: what differs, what is sorted by, what is pinned or hidden.

import type { SessionView, StoryItem, TrialItem } from '$lib/backend';

export type SortBy = 'number' | 'energy' | 'speed' | 'first' | 'cost' | `knob:${string}`;

export const trialsOf = (view: SessionView): TrialItem[] =>
  view.story.filter((item): item is Extract<StoryItem, { item: 'trial' }> => item.item === 'trial');

/** Names of knobs; only those whose values differ between the trials, unless all are wanted. */
export function knobNames(trials: TrialItem[], onlyDiffering: boolean): string[] {
  const names = trials[0]?.knobs.map((knob) => knob.name) ?? [];
  if (!onlyDiffering) return names;
  return names.filter((name) => new Set(trials.map((trial) => valueOf(trial, name))).size > 1);
}

export const valueOf = (trial: TrialItem, knob: string) =>
  trial.knobs.find((one) => one.name === knob)?.to ?? '';

const key = (trial: TrialItem, by: SortBy): number | string => {
  switch (by) {
    case 'number':
      return trial.number;
    case 'energy':
      return trial.joulesPerUnit?.mean ?? Infinity;
    case 'speed':
      return -(trial.tokensPerSecond ?? -Infinity);
    case 'first':
      return trial.ttftP50S ?? Infinity;
    case 'cost':
      return trial.energyJ;
    default: {
      const value = valueOf(trial, by.slice('knob:'.length));
      return value !== '' && Number.isFinite(Number(value)) ? Number(value) : value;
    }
  }
};

/** Best first, or turned round; what is pinned stays on top in any order. */
export function sorted(
  trials: TrialItem[],
  by: SortBy,
  turned: boolean,
  pinned: string[],
): TrialItem[] {
  const order = [...trials].sort((a, b) => {
    const [one, other] = [key(a, by), key(b, by)];
    const least =
      typeof one === 'number' && typeof other === 'number'
        ? one === other
          ? 0
          : one - other
        : String(one).localeCompare(String(other));
    return (turned ? -1 : 1) * least || a.number - b.number;
  });
  const isPinned = (trial: TrialItem) => pinned.includes(trial.id);
  return [...order.filter(isPinned), ...order.filter((trial) => !isPinned(trial))];
}
