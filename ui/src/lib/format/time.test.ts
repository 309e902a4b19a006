import { describe, expect, it } from 'vitest';
import { clock, day, duration } from './time';

describe('times', () => {
  it('are a clock while something runs', () => {
    expect([0, 14.9, 725, 3753, -3].map(clock)).toEqual([
      '0:00',
      '0:14',
      '12:05',
      '1:02:33',
      '0:00',
    ]);
  });
  it('are a length with a unit afterwards', () => {
    expect([0.0213, 0.21, 14.2, 185, 4320].map(duration)).toEqual([
      '21\u202fms',
      '0.210\u202fs',
      '14.2\u202fs',
      '3\u202fmin 05\u202fs',
      '1\u202fh 12\u202fmin',
    ]);
  });
  it('never carry sixty seconds', () => {
    expect(duration(179.7)).toBe('3\u202fmin 00\u202fs');
  });
});

describe('days', () => {
  const now = new Date(2026, 10, 22, 17, 0);
  const at = (...parts: [number, number, number, number]) => new Date(...parts).toISOString();
  it('are named when they are near and dated when they are not', () => {
    expect(day(at(2026, 10, 22, 9), now)).toBe('today 09:00');
    expect(day(at(2026, 10, 21, 23), now)).toBe('yesterday');
    expect(day(at(2026, 10, 19, 1), now)).toBe('19\u202fNov');
    expect(day(at(2025, 0, 3, 1), now)).toBe('3\u202fJan 2025');
  });
  it('are empty when the stamp is none', () => {
    expect(day('soon', now)).toBe('');
  });
});
