import { expect, it } from 'vitest';
import { tidy } from './words';

it('sets words of the core so that no figure is torn apart', () => {
  expect(tidy('0.228 ± 0.009 J/token')).toBe('0.228 ±\u202f0.009\u202fJ/token');
  expect(tidy('-18.6 % seen, about 2 min, 1.5 kJ')).toBe(
    '\u221218.6\u202f% seen, about 2\u202fmin, 1.5\u202fkJ',
  );
  expect(tidy('Trial 3: 5 fresh pairs')).toBe('Trial 3: 5 fresh pairs');
});
