import { expect, it } from 'vitest';
import { BackendError, backendError } from './error';

it('keeps the code of an error from the core', () => {
  const error = backendError({ code: 'busy', message: 'Another job runs.' });
  expect(error).toBeInstanceOf(BackendError);
  expect([error.code, error.message]).toEqual(['busy', 'Another job runs.']);
});
it('gives everything else a text', () => {
  expect(backendError('plain words')).toMatchObject({ code: 'other', message: 'plain words' });
  expect(backendError(new TypeError('broken'))).toMatchObject({ code: 'other', message: 'broken' });
});
it('leaves its own kind alone', () => {
  const error = new BackendError('not-found', 'gone');
  expect(backendError(error)).toBe(error);
});
