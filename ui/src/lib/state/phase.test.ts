import { describe, expect, it } from 'vitest';
import type { PhaseView } from '$lib/backend';
import { paceOf } from './phase';

const phase = (expectedS: number | null): PhaseView => ({
  kind: 'loading-engine',
  label: 'Loading',
  detail: '',
  startedAtMs: 1_000_000,
  expectedS,
  progress: null,
});
const after = (seconds: number) => 1_000_000 + seconds * 1000;

describe('the clock of a phase', () => {
  it('says how long is left while things go as expected', () => {
    expect(paceOf(phase(20), after(6))).toEqual({ elapsed: 6, left: 14, overdue: '' });
  });
  it('stays at zero when a little late', () => {
    expect(paceOf(phase(20), after(30))).toMatchObject({ left: 0, overdue: '' });
  });
  it('says so, and what to do, when it takes more than twice as long', () => {
    const { left, overdue } = paceOf(phase(20), after(41));
    expect(left).toBeNull();
    expect(overdue).toContain('usually takes about 20.0\u202fs');
    expect(overdue).toContain('memory');
  });
  it('claims nothing when nobody knows how long it takes', () => {
    expect(paceOf(phase(null), after(4000))).toEqual({ elapsed: 4000, left: null, overdue: '' });
  });
});
