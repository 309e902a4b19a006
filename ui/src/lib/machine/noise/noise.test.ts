// The noise of this machine: recorded at a press, shown as line, chart, table and parts.

import { fireEvent, render, screen, waitFor, within } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import Harness from '../../../test/Harness.svelte';
import type { Backend } from '$lib/backend';
import { mockBackend } from '$lib/backend/mock';
import { Store } from '$lib/state/store.svelte';
import Noise from './Noise.svelte';
import { decades } from './decades';

async function open(scenario: string, pace = '0.01'): Promise<[Backend, Store]> {
  const backend = mockBackend(new URLSearchParams({ scenario, pace }));
  const store = new Store(backend);
  await store.start();
  render(Harness, { store, of: Noise as never, given: {} });
  await screen.findByTestId('record-noise');
  return [backend, store];
}

describe('the noise', () => {
  it('is not known at first, and then windows keep their usual length', async () => {
    await open('lively');
    expect(screen.getByTestId('noise-section').textContent).toContain('windows last 10 s');
    expect(screen.queryByTestId('noise-chart')).toBeNull();
  });
  it('is recorded at a press, and said as a line, a chart with its table, and parts', async () => {
    await open('lively');
    await fireEvent.click(screen.getByTestId('record-noise'));
    const said = await screen.findByTestId('noise-said');
    expect(said.textContent).toMatch(/Windows of 6\.5 s pay here.*\(estimated\)/);
    const rows = within(screen.getByTestId('noise-chart')).getAllByRole('row', { hidden: true });
    expect(rows).toHaveLength(10);
    expect(rows[1]?.textContent).toMatch(/0\.50\ss\s*30\s%/);
    const parts = screen.getAllByTestId('noise-part').map((one) => one.textContent);
    expect(parts[1]).toMatch(/83\s% slow drift/);
    expect(screen.getByTestId('record-noise').textContent).toContain('again');
  });
  it('that is measured is not called an estimate', async () => {
    await open('measured-gpu');
    await fireEvent.click(screen.getByTestId('record-noise'));
    const said = await screen.findByTestId('noise-said');
    expect(said.textContent).not.toContain('estimated');
  });
  it('leaves nothing behind when it is cancelled', async () => {
    const [backend, store] = await open('lively', '5');
    await fireEvent.click(screen.getByTestId('record-noise'));
    store.beat();
    await screen.findByTestId('noise-running');
    await backend.cancelNoise();
    await waitFor(
      () => {
        store.beat();
        expect(screen.getByTestId('record-noise')).toBeTruthy();
      },
      { timeout: 4000 },
    );
    expect(await backend.noise()).toEqual([]);
  });
  it('is not recorded twice at once', async () => {
    const [backend] = await open('lively', '1');
    await backend.recordNoise();
    await expect(backend.recordNoise()).rejects.toThrow('already');
  });
});

describe('marks of a logarithmic axis', () => {
  it.each([
    [1.7, 31, [1, 2, 5, 10, 20, 50]],
    [0.2, 0.4, [0.2, 0.5]],
    [5, 5, [5]],
  ])('from %s to %s are %s', (low, high, marks) => expect(decades(low, high)).toEqual(marks));
});
