import { expect, it } from 'vitest';
import { mendLanguage } from './locale';

const browser = (language: string) => Object.create({ language }) as Navigator;

it('replaces a language that Intl refuses', () => {
  const one = browser('C');
  mendLanguage(one);
  expect(() => new Intl.NumberFormat(one.language)).not.toThrow();
});
it('leaves a real language alone', () => {
  const one = browser('de-AT');
  mendLanguage(one);
  expect(one.language).toBe('de-AT');
});
