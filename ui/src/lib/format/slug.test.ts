import { expect, it } from 'vitest';
import { slug } from './slug';

it.each([
  ['SmolLM2 · chat', 'smollm2-chat'],
  ['  Über 3 %!  ', 'über-3'],
  ['../../etc', 'etc'],
  ['···', 'session'],
])('makes of %s the file name %s', (name, file) => {
  expect(slug(name)).toBe(file);
});
