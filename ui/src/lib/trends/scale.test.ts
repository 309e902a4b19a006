import { describe, expect, it } from 'vitest';
import {
  front,
  linear,
  numbersEvery,
  percentRange,
  spread,
  stepped,
  tickDecimals,
  ticks,
} from './scale';

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
describe('the range of the axis, in per cent of the default', () => {
  const point = (mean: number, low: number, high: number, stale = false) => ({
    joulesPerUnit: { mean, low, high, n: 3 },
    stale,
  });
  const usual = [
    point(0.3, 0.29, 0.31),
    point(0.28, 0.27, 0.29),
    point(0.25, 0.24, 0.26),
    point(0.26, 0.25, 0.27),
  ];
  it('holds every interval, the default and the goal where none is wild', () => {
    const [low, high] = percentRange(usual, 0.3, false, [100, 75]);
    expect(low).toBeLessThanOrEqual(75);
    expect(high).toBeGreaterThanOrEqual((0.31 / 0.3) * 100);
  });
  it('is not pressed flat by one wild interval', () => {
    const [low, high] = percentRange([...usual, point(0.27, 0.001, 9)], 0.3, false, [100]);
    expect(high).toBeLessThan(125);
    expect(low).toBeGreaterThan(65);
  });
  it('is not pressed flat by one wild figure either', () => {
    const [, high] = percentRange([...usual, point(3, 2.9, 3.1)], 0.3, false, [100]);
    expect(high).toBeLessThan(130);
  });
  it('leaves out what was measured before the machine changed', () => {
    const [, high] = percentRange([...usual, point(2.8, 2.7, 2.9, true)], 0.3, false, [100]);
    expect(high).toBeLessThan(130);
    expect(percentRange([point(0.3, 0.3, 0.3, true)], 0.3, false, [100])[1]).toBeGreaterThan(100);
  });
  it('spans something where all figures are one', () => {
    const [low, high] = percentRange([point(0.3, 0.3, 0.3)], 0.3, false, [100]);
    expect(high - low).toBeGreaterThanOrEqual(12);
  });
});
it('numbers an axis so that the numbers do not touch', () => {
  expect([3, 12, 100, 500].map((count) => numbersEvery(count, 300))).toEqual([1, 2, 20, 100]);
});
it('keeps on the front what nothing beats in both', () => {
  const of = (speed: number, energy: number) => ({ speed, energy });
  expect(front([of(10, 1), of(20, 2), of(15, 3), of(9, 0.9)])).toEqual([
    of(9, 0.9),
    of(10, 1),
    of(20, 2),
  ]);
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

describe('steps', () => {
  it('are level until the next place, up or down, and go on to the end', () => {
    expect(stepped([])).toBe('');
    expect(stepped([], 9)).toBe('');
    expect(
      stepped(
        [
          [1, 5],
          [2, 3],
          [3, 4],
        ],
        9,
      ),
    ).toBe('M1 5H2V3H3V4H9');
  });
});
