import { expect, it } from 'vitest';
import { zoomed } from './zoom';

it('shows half as many around the middle, stays within what there is, and shows all again', () => {
  expect(zoomed([1, 41], 41, 21, 0.5)).toEqual([11, 31]);
  expect(zoomed([1, 41], 41, 41, 0.5)).toEqual([21, 41]);
  expect(zoomed([1, 41], 41, 1, 0.5)).toEqual([1, 21]);
  expect(zoomed([11, 31], 41, 21, 2)).toBeNull();
});
