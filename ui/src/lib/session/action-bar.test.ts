// The next step is always at the bottom, and only what can be done is offered.

import { cleanup, fireEvent, render, screen } from '@testing-library/svelte';
import { describe, expect, it, vi } from 'vitest';
import Harness from '../../test/Harness.svelte';
import type { NextStep, PhaseView } from '$lib/backend';
import { BackendError } from '$lib/backend/error';
import { mockBackend } from '$lib/backend/mock';
import { quiet } from '$lib/state/live';
import { Store } from '$lib/state/store.svelte';
import { toasts } from '$lib/state/toasts.svelte';
import ActionBar from './ActionBar.svelte';

async function bar(next: NextStep, phase?: PhaseView) {
  const backend = mockBackend(new URLSearchParams('pace=0.01'));
  const store = new Store(backend);
  await store.start();
  await store.show('s-chat');
  if (!store.open) throw new Error(store.trouble);
  const view = { ...store.open, next };
  const live = { ...quiet(), phase: phase ?? null };
  render(Harness, {
    store,
    of: ActionBar as never,
    given: { view, live, mode: 'read', setMode: vi.fn() },
  });
  return backend;
}
const offered = () =>
  screen
    .queryAllByRole('button')
    .map((button) => button.dataset.testid)
    .filter(Boolean);

describe('the action bar', () => {
  const steps: [NextStep, string[]][] = [
    [{ step: 'measure-default' }, ['measure-default', 'end-here']],
    [{ step: 'busy-machine', load: 'l' }, ['wait-for-quiet', 'measure-busy', 'end-here']],
    [
      { step: 'check-default', reason: 'r' },
      ['check-default', 'numeric-proposal', 'by-hand', 'end-here'],
    ],
    [{ step: 'ask' }, ['ask', 'by-hand', 'show-prompt', 'end-here']],
    [{ step: 'consent', provider: 'host' }, ['consent', 'numeric-proposal', 'by-hand', 'end-here']],
    [{ step: 'paste', exchangeId: 'e', prompt: 'p' }, ['numeric-proposal', 'by-hand', 'end-here']],
    [
      { step: 'decide', proposalId: 'p' },
      ['run-proposal', 'edit-proposal', 'dismiss-proposal', 'end-here'],
    ],
    [{ step: 'stuck', reason: 'r' }, ['ask', 'numeric-proposal', 'by-hand', 'end-here']],
    [{ step: 'confirm', trialNumber: 3 }, ['confirm', 'numeric-proposal', 'by-hand', 'end-here']],
    [{ step: 'busy' }, ['cancel']],
    [{ step: 'ended', ending: 'stopped' }, ['resume']],
  ];
  it.each(steps)('offers for %o exactly %o', async (next, ids) => {
    await bar(next);
    expect(offered()).toEqual(ids);
  });
  it('offers to undo changes after a confirmed winner, with its minutes, or the simpler settings', async () => {
    const backend = mockBackend(new URLSearchParams('scenario=ended&pace=0.01'));
    const store = new Store(backend);
    await store.start();
    await store.show('s-chat');
    const undo = { trialNumber: 5, changes: 3, minutes: 12, begun: false };
    const given = (more: object) => ({
      view: { ...store.open, undo: { ...undo, ...more } },
      live: quiet(),
      mode: 'read',
      setMode: vi.fn(),
    });
    const begun = vi.spyOn(backend, 'undoEach').mockResolvedValue(undefined);
    render(Harness, { store, of: ActionBar as never, given: given({}) });
    expect(offered()).toEqual(['undo-each', 'resume']);
    expect(screen.getByTestId('step-cost').textContent).toBe('about 12\u202fmin');
    await fireEvent.click(screen.getByTestId('undo-each'));
    await fireEvent.input(await screen.findByTestId('undo-minutes'), { target: { value: '20' } });
    await fireEvent.click(screen.getByTestId('undo-begin'));
    await vi.waitFor(() => expect(begun).toHaveBeenCalledWith('s-chat', 20));
    cleanup();
    render(Harness, { store, of: ActionBar as never, given: given({ changes: 0, minutes: 1 }) });
    expect(screen.getByTestId('undo-each').textContent).toBe('Confirm the simpler settings');
    await fireEvent.click(screen.getByTestId('undo-each'));
    await vi.waitFor(() => expect(begun).toHaveBeenLastCalledWith('s-chat', 1));
  });
  it('says what the sensible step takes', async () => {
    await bar({ step: 'confirm', trialNumber: 3 });
    expect(screen.getByTestId('step-cost').textContent).toMatch(/\d.*(min|s) to .*J/);
    cleanup();
    await bar({ step: 'decide', proposalId: 'p' });
    expect(screen.getByTestId('step-cost').textContent).toMatch(/^about .*J$/);
  });
  it('lets a proposal run where another step is the sensible one', async () => {
    const backend = mockBackend(new URLSearchParams('pace=0.01'));
    await backend.numericProposal('s-chat');
    const store = new Store(backend);
    await store.start();
    await store.show('s-chat');
    const view = { ...store.open, next: { step: 'confirm', trialNumber: 3 } };
    render(Harness, {
      store,
      of: ActionBar as never,
      given: { view, live: quiet(), mode: 'read', setMode: vi.fn() },
    });
    const run = vi.spyOn(backend, 'runProposal').mockResolvedValue(undefined);
    await fireEvent.click(screen.getByTestId('run-beside'));
    await vi.waitFor(() => expect(run).toHaveBeenCalled());
  });
  it('takes the sensible step by Ctrl and Enter', async () => {
    const backend = await bar({ step: 'ask' });
    const ask = vi.spyOn(backend, 'ask').mockResolvedValue(undefined);
    await fireEvent.keyDown(window, { key: 'Enter', ctrlKey: true });
    await vi.waitFor(() => expect(ask).toHaveBeenCalled());
  });
  it('gives a running phase a name and a clock', async () => {
    const startedAtMs = Date.now() - 65_000;
    await bar(
      { step: 'busy' },
      {
        kind: 'measuring',
        label: 'Measuring',
        detail: 'repeat 2 of 3',
        startedAtMs,
        expectedS: 120,
        progress: 0.5,
      },
    );
    expect(screen.getByTestId('phase').textContent).toMatch(
      /Measuring.*repeat 2 of 3.*1:0\d.*left/s,
    );
  });
  it('waits for a quiet machine, or measures all the same, as the person says', async () => {
    for (const [id, wait] of [
      ['wait-for-quiet', true],
      ['measure-busy', false],
    ] as const) {
      const backend = await bar({ step: 'busy-machine', load: 'other programs used 43 %' });
      const answer = vi.spyOn(backend, 'answerBusy').mockResolvedValue(undefined);
      expect(screen.getByTestId('action-bar').textContent).toContain('other programs used 43 %');
      await fireEvent.click(screen.getByTestId(id));
      await vi.waitFor(() => expect(answer).toHaveBeenCalledWith('s-chat', wait));
      cleanup();
    }
  });
  it('says that it is busy when another job runs, and can be pressed again', async () => {
    toasts.list = [];
    const backend = await bar({ step: 'ask' });
    vi.spyOn(backend, 'ask').mockRejectedValue(
      new BackendError('busy', 'Another Wattsmith is measuring.'),
    );
    await fireEvent.click(screen.getByTestId('ask'));
    await vi.waitFor(() =>
      expect(toasts.list.map((toast) => toast.text)).toEqual(['Another Wattsmith is measuring.']),
    );
    const again = () => screen.getByTestId<HTMLButtonElement>('ask').disabled;
    await vi.waitFor(() => expect(again()).toBe(false));
  });
});
