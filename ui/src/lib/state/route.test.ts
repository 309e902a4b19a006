import { describe, expect, it } from 'vitest';
import { hrefOf, parseRoute } from './route.svelte';

describe('routes', () => {
  it('survive the way into a hash and back', () => {
    for (const route of [
      { page: 'start' },
      { page: 'overview' },
      { page: 'session', id: 'a/b c' },
    ] as const)
      expect(parseRoute(hrefOf(route))).toEqual(route);
  });
  it('fall back to the start', () => {
    expect(['', '#', '#/nowhere', '#/session'].map((hash) => parseRoute(hash).page)).toEqual(
      Array(4).fill('start'),
    );
  });
});
