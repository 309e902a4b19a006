// The page on this machine, mounted as the window mounts it.

import { fireEvent, render, screen, within } from '@testing-library/svelte';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import Harness from '../../test/Harness.svelte';
import type { Backend } from '$lib/backend';
import { mockBackend } from '$lib/backend/mock';
import { Store } from '$lib/state/store.svelte';
import MachinePage from './MachinePage.svelte';

let backend: Backend;

async function open(scenario: string) {
  backend = mockBackend(new URLSearchParams({ scenario, pace: '0.01' }));
  const store = new Store(backend);
  await store.start();
  render(Harness, { store, of: MachinePage as never, given: {} });
  await screen.findByTestId('machine-verdict');
}

const finding = (id: string): HTMLDetailsElement => {
  const found = screen
    .getAllByTestId<HTMLDetailsElement>('finding')
    .find((one) => one.dataset.id === id);
  if (!found) throw new Error(`no finding ${id}`);
  return found;
};

describe('the verdict', () => {
  it.each([
    ['lively', 'info', /estimated from CPU time, ±50 % or more/],
    ['measured-gpu', 'good', /measured by the GPU’s energy counter/],
    ['rapl-denied', 'info', /Only root may read/],
    ['plug', 'good', /measured by a plug at the wall/],
  ])('of the scene %s is of the kind %s', async (scenario, kind, words) => {
    await open(scenario);
    expect(screen.getByTestId('machine-verdict').textContent).toMatch(words);
    expect(screen.getByTestId('verdict-card').dataset.kind).toBe(kind);
  });
});

describe('cores', () => {
  it('that the engine may use are told where that is not simply all of them', async () => {
    await open('rapl-denied');
    expect(screen.getByText('The engine may use')).toBeTruthy();
    expect(screen.getByText(/only cores 0-7 are fast ones/)).toBeTruthy();
  });
  it('are not told twice where the engine may use them all', async () => {
    await open('measured-gpu');
    expect(screen.queryByText('The engine may use')).toBeNull();
  });
});

describe('findings', () => {
  it.each([
    ['measured-gpu', false],
    ['rapl-denied', true],
  ])('are open where they are problems: in the scene %s %s', async (scenario, open_) => {
    await open(scenario);
    expect(finding('rapl-denied').open).toBe(open_);
  });
  it('give commands to copy, apart from the words about them', async () => {
    await open('rapl-denied');
    const write = vi.fn(async () => undefined);
    Object.defineProperty(navigator, 'clipboard', {
      value: { writeText: write },
      configurable: true,
    });
    const card = finding('rapl-denied');
    const commands = within(card).getAllByTestId('command');
    expect(commands.map((one) => one.textContent?.split(' ')[0])).toEqual(['sudo', 'sudo']);
    const [copy] = within(card).getAllByTestId('copy-command');
    if (copy) await fireEvent.click(copy);
    expect(write).toHaveBeenCalledWith(commands[0]?.textContent);
  });
  it('are asked for anew by the button', async () => {
    await open('lively');
    const again = vi.spyOn(backend, 'lookAgain');
    await fireEvent.click(screen.getByTestId('look-again'));
    expect(again).toHaveBeenCalledOnce();
  });
  it('that cannot be had say why', async () => {
    backend = mockBackend(new URLSearchParams({ scenario: 'lively' }));
    backend.diagnose = async () => {
      throw new Error('a background task ended early');
    };
    const store = new Store(backend);
    render(Harness, { store, of: MachinePage as never, given: {} });
    expect((await screen.findByRole('alert')).textContent).toContain('ended early');
  });
});

describe('sensors', () => {
  beforeEach(() => open('measured-gpu'));
  it('tell period, step and averaging where they answer, and a reason where not', () => {
    const rows = screen.getAllByTestId('sensor').map((row) => row.textContent ?? '');
    expect(rows[0]).toMatch(/energy counter[\s\S]*20\sms[\s\S]*0\.001 J/);
    expect(rows.some((row) => row.includes('not averaged'))).toBe(true);
    expect(rows.some((row) => row.includes('Permission denied'))).toBe(true);
  });
  it('that answer and are in doubt say what is wrong', async () => {
    const seen = backend.diagnose;
    const { cleanup } = await import('@testing-library/svelte');
    cleanup();
    backend = mockBackend(new URLSearchParams({ scenario: 'measured-gpu', pace: '0.01' }));
    backend.diagnose = async () => {
      const diagnosis = await seen();
      const [first, ...rest] = diagnosis.sensors;
      if (!first) throw new Error('no sensor');
      const doubtful = { ...first, fault: 'shows another sensor’s register once more' };
      return { ...diagnosis, sensors: [doubtful, ...rest] };
    };
    const store = new Store(backend);
    render(Harness, { store, of: MachinePage as never, given: {} });
    expect((await screen.findByTestId('sensor-fault')).textContent).toContain('register once more');
  });
  it('that do not answer show no number', () => {
    for (const row of screen.getAllByTestId('sensor'))
      if (row.classList.contains('missing')) expect(row.querySelectorAll('.num')).toHaveLength(0);
  });
});

describe('devices that are read in two ways', () => {
  it('are listed, and the person says which way stands', async () => {
    await open('measured-gpu');
    const chosen = vi.spyOn(backend, 'chooseReader');
    const select = await screen.findByTestId<HTMLSelectElement>('reader');
    expect(select.value).toBe('');
    await fireEvent.change(select, { target: { value: 'power' } });
    expect(chosen).toHaveBeenCalledWith('NVIDIA GeForce RTX 4090, 24 GiB', 'power');
    expect((await backend.readers())[0]?.decided).toBe('power');
    await fireEvent.change(select, { target: { value: '' } });
    expect(chosen).toHaveBeenLastCalledWith('NVIDIA GeForce RTX 4090, 24 GiB', null);
  });
  it('are not mentioned where there are none', async () => {
    await open('lively');
    expect(screen.queryByTestId('readers')).toBeNull();
  });
});
