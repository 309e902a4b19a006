import { beforeAll, describe, expect, it } from 'vitest';
import type { TrialItem } from '$lib/backend';
import { mockBackend } from '$lib/backend/mock';
import { knobNames, sorted, trialsOf } from './table';

let trials: TrialItem[];
beforeAll(async () => {
  const backend = mockBackend(new URLSearchParams({ scenario: 'ended' }));
  trials = trialsOf(await backend.session('s-chat'));
});
const numbers = (list: TrialItem[]) => list.map((trial) => trial.number);

describe('all trials', () => {
  it('show only the knobs that differ, unless all are wanted', () => {
    expect(knobNames(trials, true)).toContain('parallel');
    expect(knobNames(trials, true)).not.toContain('load-mode');
    expect(knobNames(trials, false)).toContain('load-mode');
  });
  it('are sorted by energy with the least first, and turned round', () => {
    const least = sorted(trials, 'energy', false, []);
    const means = least.map((trial) => trial.joulesPerUnit?.mean ?? 0);
    expect(means).toEqual([...means].sort((a, b) => a - b));
    expect(numbers(sorted(trials, 'energy', true, []))).toEqual(numbers(least).reverse());
  });
  it('are sorted by a knob as numbers, not as text', () => {
    const values = sorted(trials, 'knob:parallel', false, []).map((trial) =>
      Number(trial.knobs.find((knob) => knob.name === 'parallel')?.to),
    );
    expect(values).toEqual([...values].sort((a, b) => a - b));
  });
  it('keep what is pinned on top', () => {
    const last = trials.at(-1);
    expect(sorted(trials, 'number', false, [last?.id ?? ''])[0]?.id).toBe(last?.id);
  });
  it('without a figure come last when sorted by one', () => {
    const bare = { ...(trials[0] as TrialItem), id: 'bare', joulesPerUnit: null };
    expect(sorted([bare, ...trials], 'energy', false, []).at(-1)?.id).toBe('bare');
  });
});
