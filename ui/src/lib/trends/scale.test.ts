import { describe, expect, it } from 'vitest';
import type { TrendPoint } from '$lib/backend';
import { extent, linear, spread, tickDecimals, ticks } from './scale';

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
describe('the extent of the axis', () => {
  const point = (mean: number, low: number, high: number, stale = false): TrendPoint => ({
    trialId: `${mean}`,
    number: 1,
    joulesPerUnit: { mean, low, high, n: 3 },
    tokensPerSecond: 100,
    bestSoFar: null,
    verdict: 'none',
    predicted: null,
    stale,
  });
  it('holds every interval and the goal where none is wild', () => {
    expect(extent([point(0.3, 0.28, 0.32), point(0.25, 0.24, 0.26)], 0.22)).toEqual([0.22, 0.32]);
  });
  it('is not pressed flat by one wild interval', () => {
    const [low, high] = extent([point(0.3, 0.28, 0.32), point(0.25, 0.001, 9)], null);
    expect(high).toBeCloseTo(0.6);
    expect(low).toBeCloseTo(0.125);
  });
  it('leaves out what was measured before the machine changed', () => {
    const [, high] = extent([point(0.3, 0.28, 0.32), point(2.8, 2.7, 2.9, true)], null);
    expect(high).toBeCloseTo(0.32);
    expect(extent([point(2.8, 2.7, 2.9, true)], null)).toEqual([2.7, 2.9]);
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
