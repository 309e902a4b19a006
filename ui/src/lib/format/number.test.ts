import { describe, expect, it } from 'vitest';
import {
  around,
  change,
  count,
  energy,
  figure,
  fixed,
  geometricMean,
  meanAround,
  plusMinus,
  share,
  withUnit,
} from './number';

describe('figures', () => {
  it('keep three significant digits', () => {
    expect([0.2279, 0.2, 1.234, 12.345, 113.4, 999.6, 1234.5].map((v) => figure(v))).toEqual([
      '0.228',
      '0.200',
      '1.23',
      '12.3',
      '113',
      '1000',
      '1230',
    ]);
  });
  it('round up into the next power without losing a digit', () => {
    expect(figure(0.09996)).toBe('0.100');
    expect(figure(9.996)).toBe('10.0');
  });
  it('show zero as zero and what is not finite as a dash', () => {
    expect(figure(0)).toBe('0');
    expect(figure(Number.NaN)).toBe('–');
    expect(fixed(Infinity, 2)).toBe('–');
  });
  it('use a real minus sign, and none before a rounded zero', () => {
    expect(figure(-0.5)).toBe('−0.500');
    expect(fixed(-0.001, 1)).toBe('0.0');
  });
  it('group thousands from ten thousand upwards', () => {
    expect(figure(12_345)).toBe('12\u202f300');
    expect(figure(1234)).toBe('1230');
  });
});

describe('units', () => {
  it('stand after a narrow space that does not break', () => {
    expect(withUnit(26, 'W')).toBe('26.0\u202fW');
  });
  it('give joules the prefix that keeps them short', () => {
    expect([61, 1400, 999.9, 2.5e6].map(energy)).toEqual([
      '61.0\u202fJ',
      '1.40\u202fkJ',
      '1.00\u202fkJ',
      '2.50\u202fMJ',
    ]);
  });
  it('sign a change, and say a share without decimals', () => {
    expect(change(-18.62)).toBe('−18.6\u202f%');
    expect(change(4.2)).toBe('+4.20\u202f%');
    expect(share(0.823)).toBe('82\u202f%');
  });
  it('count in whole numbers, and in words where they are large', () => {
    expect(count(207)).toBe('207');
    expect(count(123_956)).toBe('124\u202f000');
    expect(count(1_240_000)).toBe('1.2\u202fmillion');
  });
});

describe('an interval', () => {
  it('shows mean and half width with the same decimals', () => {
    expect(plusMinus({ mean: 0.2281, low: 0.219, high: 0.237 })).toEqual(['0.228', '0.009']);
  });
  it('never shows a width above zero as zero', () => {
    expect(plusMinus({ mean: 0.2281, low: 0.2279, high: 0.2283 })).toEqual(['0.228', '0.0002']);
  });
});

describe('an interval beside its mean', () => {
  it('is a half width where it is narrow, and two ends where it is wide', () => {
    expect(meanAround({ mean: 0.2281, low: 0.219, high: 0.237 })).toBe('0.228 ±\u202f0.009');
    expect(meanAround({ mean: 0.228, low: 0.11, high: 0.47 })).toBe('0.228 (0.110 to 0.470)');
    expect(around({ mean: 0.228, low: 0.11, high: 0.47 })).toBe('0.110 to 0.470');
  });
  it('has a geometric mean in its middle', () => {
    expect(geometricMean([0.1, 0.4])).toBeCloseTo(0.2);
    expect(geometricMean([])).toBeNull();
  });
});
