import { expect, it } from 'vitest';
import { forward } from './progress';

it('never goes back when a window is measured again, and never beyond its end', () => {
  expect([0.2, 0.6, 0.4, 0.61, 1.4].map((part) => forward('t1', part))).toEqual([
    0.2, 0.6, 0.6, 0.61, 1,
  ]);
  expect(forward('t2', 0.1)).toBe(0.1);
});
