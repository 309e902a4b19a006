import { expect, it } from 'vitest';
import { bytes, csvText } from './export';

it('writes a table that any program reads back', () => {
  expect(csvText(['Trial', 'a "b"'], [['1', '0,5']])).toBe('"Trial","a ""b"""\r\n"1","0,5"\r\n');
});
it('gives text as UTF-8', () => {
  expect(bytes('−')).toEqual([0xe2, 0x88, 0x92]);
});
