import { describe, expect, it } from 'vitest';
import { linear, spread, tickDecimals, ticks } from './scale';

describe('ticks', () => {
  it('are round and cover both ends', () => {
    expect(ticks(0.213, 0.338)).toEqual([0.2, 0.25, 0.3, 0.35]);
    expect(ticks(55, 121)).toEqual([40, 60, 80, 100, 120, 140]);
  });
  it('survive one value and zero', () => {
    for (const value of [0, 0.28]) {
      const list = ticks(value, value);
      expect(list.length).toBeGreaterThanOrEqual(1);
      expect(list.every(Number.isFinite)).toBe(true);
    }
  });
  it('have as many decimals as tell them apart', () => {
    expect(tickDecimals([0.2, 0.25, 0.3])).toBe(2);
    expect(tickDecimals([40, 60])).toBe(0);
  });
});
it('maps ends to ends, and an empty range to the middle', () => {
  const map = linear([0.2, 0.4], [200, 0]);
  expect([map(0.2), map(0.3), map(0.4)].map(Math.round)).toEqual([200, 100, 0]);
  expect(linear([1, 1], [0, 10])(1)).toBe(5);
});
it('moves labels apart without leaving the chart', () => {
  const places = spread([100, 103], 14, 10, 105);
  expect(Math.abs((places[0] ?? 0) - (places[1] ?? 0))).toBeGreaterThanOrEqual(14);
  expect(Math.max(...places)).toBeLessThanOrEqual(105);
  expect((places[0] ?? 0) < (places[1] ?? 0)).toBe(true);
});
