// Watts are read again and again where there are some, and once where there are none.

import { cleanup, fireEvent, render, screen } from '@testing-library/svelte';
import { afterEach, describe, expect, it, vi } from 'vitest';
import Harness from '../../test/Harness.svelte';
import { mockBackend } from '$lib/backend/mock';
import { Store } from '$lib/state/store.svelte';
import WattsNow from './WattsNow.svelte';

async function reads(watts: number | null) {
  const backend = mockBackend(new URLSearchParams('pace=0.01'));
  const store = new Store(backend);
  await store.start();
  const look = await backend.firstLook();
  const asked = vi.spyOn(backend, 'firstLook').mockResolvedValue({ ...look, watts });
  vi.useFakeTimers();
  render(Harness, { store, of: WattsNow as never, given: {} });
  await vi.advanceTimersByTimeAsync(20);
  screen.getByTestId('live-watts');
  asked.mockClear();
  await vi.advanceTimersByTimeAsync(10_000);
  return asked;
}

describe('watts now', () => {
  afterEach(() => {
    vi.useRealTimers();
    cleanup();
  });

  it('are read every two seconds where something measures them', async () => {
    expect((await reads(31.5)).mock.calls.length).toBe(5);
  });
  it('are not asked for again where nothing does, until the person comes back to the window', async () => {
    const asked = await reads(null);
    expect(asked).not.toHaveBeenCalled();
    await fireEvent.focus(window);
    expect(asked).toHaveBeenCalledTimes(1);
  });
});
