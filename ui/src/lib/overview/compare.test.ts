import { describe, expect, it } from 'vitest';
import { against, incomparable, otherwise, rowsOf, scaled, type Row } from './compare';

const around = (mean: number) => ({ mean, low: mean * 0.9, high: mean * 1.1, n: 3 });
const row = (sessionId: string, more: Partial<Row> = {}): Row => ({
  sessionId,
  name: sessionId,
  createdAt: '2026-11-01T00:00:00Z',
  defaultInterval: around(0.2),
  bestInterval: around(0.1),
  verdict: 'better',
  outcome: '−50 %',
  imported: false,
  advisor: 'guided',
  engine: 'llama-server',
  machine: 'a machine',
  model: 'a model',
  work: 'chat',
  workHash: 'abc',
  scope: 'CPU package',
  settings: [],
  track: [100, 50],
  unit: 'token',
  estimated: false,
  ...more,
});

describe('sessions beside each other', () => {
  it('lists the newest first, with what their lines say', () => {
    const older = row('a');
    const newer = row('b', { createdAt: '2026-11-02T00:00:00Z' });
    const line = (point: Row) => ({ label: '', unit: 'token', estimated: true, points: [point] });
    const rows = rowsOf([line(older), line(newer)]);
    expect(rows.map((one) => one.sessionId)).toEqual(['b', 'a']);
    expect(rows.every((one) => one.estimated)).toBe(true);
  });
  it('gives no figure where units, scopes or kinds of figures differ', () => {
    const base = row('base');
    expect(against(base, base)).toBeNull();
    expect(incomparable(row('x', { unit: 'image' }), base)).toBe('counts images');
    expect(incomparable(row('x', { estimated: true }), base)).toBe('estimated');
    expect(incomparable(row('x', { scope: 'GPU' }), base)).toBe('covers GPU');
    for (const more of [{ unit: 'image' }, { estimated: true }, { scope: 'GPU' }])
      expect(against(row('x', more), base)).toBeNull();
  });
  it('says what else differs', () => {
    const base = row('base');
    expect(otherwise(row('x'), base)).toEqual([]);
    expect(otherwise(row('x', { workHash: 'd', engine: 'vllm' }), base)).toEqual([
      'other work',
      'another server',
    ]);
    expect(against(row('x', { bestInterval: around(0.08) }), base)).toBeCloseTo(-20);
    // 0.09 to 0.11 and 0.0855 to 0.1045 overlap.
    expect(against(row('x', { bestInterval: around(0.095) }), base)).toBe(0);
  });
  it('draws every track in per cent of the baseline’s default', () => {
    const base = row('base');
    const other = row('x', { defaultInterval: around(0.4) });
    const line = scaled([base, other, row('y', { unit: 'image' })], base);
    expect(line.points.map((point) => point.track)).toEqual([
      [100, 50],
      [200, 100],
    ]);
  });
});
