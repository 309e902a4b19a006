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
  it('that do not answer show no number', () => {
    for (const row of screen.getAllByTestId('sensor'))
      if (row.classList.contains('missing')) expect(row.querySelectorAll('.num')).toHaveLength(0);
  });
});
