import { describe, expect, it } from 'vitest';
import type { PhaseView } from '$lib/backend';
import { paceOf } from './phase';

const phase = (expectedS: number | null, progress: number | null = null): PhaseView => ({
  kind: 'loading-engine',
  label: 'Loading',
  detail: '',
  startedAtMs: 1_000_000,
  expectedS,
  progress,
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
  it('claims nothing when nobody knows how long it takes, and says so after a minute', () => {
    expect(paceOf(phase(null), after(50))).toEqual({ elapsed: 50, left: null, overdue: '' });
    expect(paceOf(phase(null), after(70))).toMatchObject({ left: null });
    expect(paceOf(phase(null), after(70)).overdue).toContain('nobody can say how long');
  });
  it('trusts the work done more than the expectation', () => {
    expect(paceOf(phase(20, 0.25), after(10)).left).toBeCloseTo(30);
    const slow = paceOf(phase(10, 0.5), after(60));
    expect(slow.left).toBeCloseTo(60);
    expect(slow.overdue).toContain('Slower than expected');
    expect(paceOf(phase(null, 0.5), after(600))).toMatchObject({ left: 600, overdue: '' });
  });
});
