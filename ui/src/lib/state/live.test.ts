import { describe, expect, it } from 'vitest';
import type { LiveEvent, PhaseKind } from '$lib/backend';
import { fold, POINTS_MAX, quiet, thin, type Live } from './live';

const phase = (kind: PhaseKind, startedAtMs = 1): LiveEvent => ({
  event: 'phase',
  sessionId: 's',
  phase: { kind, label: kind, detail: '', startedAtMs, expectedS: null, progress: null },
});
const power = (atS: number[], watts: number[]): LiveEvent => ({
  event: 'power',
  sessionId: 's',
  atS,
  watts,
});
const after = (...events: LiveEvent[]): Live => events.reduce(fold, quiet());

describe('live events', () => {
  it('collect power in order', () => {
    const live = after(power([0, 1], [10, 11]), power([2], [12]));
    expect(live.atS).toEqual([0, 1, 2]);
    expect(live.watts).toEqual([10, 11, 12]);
  });
  it('begin again when time runs backwards', () => {
    expect(after(power([8, 9], [20, 20]), power([0.5], [9])).watts).toEqual([9]);
  });
  it('begin again when a new trial loads its engine', () => {
    const live = after(
      phase('measuring'),
      power([9], [20]),
      phase('idle'),
      phase('loading-engine', 2),
    );
    expect(live.atS).toEqual([]);
    expect(live.windows).toEqual([]);
  });
  it('keep the power of one trial when the engine is loaded again within it', () => {
    expect(after(phase('warming-up'), power([9], [20]), phase('loading-engine', 2)).atS).toEqual([
      9,
    ]);
  });
  it('begin again when the GPU is set for a new trial, and not between its windows', () => {
    const first = after(
      phase('measuring'),
      power([9], [20]),
      phase('idle'),
      phase('setting-gpu', 2),
    );
    expect(first.atS).toEqual([]);
    const next = after(
      phase('measuring'),
      power([9], [20]),
      phase('stopping-engine', 2),
      phase('setting-gpu', 3),
      phase('loading-engine', 4),
    );
    expect(next.atS).toEqual([9]);
  });
  it('mark each measuring window from its first to its last second', () => {
    const live = after(
      phase('warming-up'),
      power([3], [12]),
      phase('measuring', 2),
      power([7], [26]),
      phase('measuring', 2),
      phase('measuring', 3),
      power([11], [26]),
      phase('stopping-engine', 4),
    );
    expect(live.windows).toEqual([
      [3, 7],
      [7, 11],
    ]);
  });
  it('leave the window open while it is measured', () => {
    expect(after(power([3], [12]), phase('measuring')).windows).toEqual([[3, null]]);
  });
  it('append the reply and start afresh with the next question', () => {
    const reply = (text: string): LiveEvent => ({ event: 'reply', sessionId: 's', text });
    const once = [phase('asking'), reply('Use '), reply('8.')];
    expect(after(...once).reply).toBe('Use 8.');
    expect(after(...once, phase('idle'), phase('asking', 2), reply('No.')).reply).toBe('No.');
  });
  it('keep a failure until the next job begins', () => {
    const failed: LiveEvent = { event: 'failed', sessionId: 's', message: 'The engine died.' };
    expect(after(phase('measuring'), failed, phase('idle')).failure).toBe('The engine died.');
    expect(after(failed, phase('loading-engine')).failure).toBe('');
  });
  it('never grow beyond what a chart can show, and keep the peaks', () => {
    let live = quiet();
    for (let n = 0; n < 5000; n++) live = fold(live, power([n], [n === 40 ? 99 : 10 + (n % 3)]));
    expect(live.atS.length).toBeLessThanOrEqual(POINTS_MAX);
    expect(Math.max(...live.watts)).toBe(99);
    expect([...live.atS].sort((a, b) => a - b)).toEqual(live.atS);
  });
});

describe('thinning', () => {
  it('keeps least and greatest of each four, in their order', () => {
    expect(thin([0, 1, 2, 3], [5, 9, 1, 6])).toEqual([
      [1, 2],
      [9, 1],
    ]);
  });
  it('keep the answers to several questions apart', () => {
    const answer = (exchangeId: string, text: string): LiveEvent => ({
      event: 'answer',
      sessionId: 's',
      exchangeId,
      text,
    });
    const live = after(answer('a', 'Be'), answer('b', 'No'), answer('a', 'cause'));
    expect(live.answers).toEqual({ a: 'Because', b: 'No' });
    expect(live.reply).toBe('');
  });
});
