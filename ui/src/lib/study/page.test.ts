// The page of studies, mounted as the window mounts it.

import { fireEvent, render, screen } from '@testing-library/svelte';
import { describe, expect, it, vi } from 'vitest';
import Harness from '../../test/Harness.svelte';
import { BackendError } from '$lib/backend/error';
import { mockBackend } from '$lib/backend/mock';
import { Store } from '$lib/state/store.svelte';
import StudyPage from './StudyPage.svelte';

async function open(scenario = 'lively') {
  const backend = mockBackend(new URLSearchParams({ scenario, pace: '0.01' }));
  const store = new Store(backend);
  await store.start();
  render(Harness, { store, of: StudyPage as never, given: {} });
  return backend;
}

describe('the page of studies', () => {
  it('explains itself where there is no landscape', async () => {
    await open('no-landscape');
    const card = await screen.findByTestId('no-landscape');
    expect(card.textContent).toContain('wattsmith-cli landscape record');
    expect(screen.queryByTestId('study-form')).toBeNull();
  });
  it('sends what was chosen, the one in question first', async () => {
    const backend = await open();
    const start = vi.spyOn(backend, 'startStudy');
    await fireEvent.click(await screen.findByTestId('arm-sobol'));
    await fireEvent.change(screen.getByTestId('study-first'), { target: { value: 'tpe' } });
    await fireEvent.input(screen.getByTestId('study-seeds'), { target: { value: '7' } });
    await fireEvent.click(screen.getByTestId('start-study'));
    const draft = start.mock.calls[0]?.[0];
    expect(draft).toMatchObject({ seeds: 7, landscape: 'shipped/smollm2-chat' });
    expect(draft?.arms[0]).toBe('tpe');
    expect(draft?.arms).not.toContain('sobol');
  });
  it('does not start what cannot be, and says where', async () => {
    const backend = await open();
    const start = vi.spyOn(backend, 'startStudy');
    await fireEvent.input(await screen.findByTestId('study-seeds'), { target: { value: '1' } });
    await fireEvent.click(screen.getByTestId('start-study'));
    expect(start).not.toHaveBeenCalled();
    expect(screen.getByTestId('study-seeds').getAttribute('aria-invalid')).toBe('true');
  });
  it('says why a study was refused', async () => {
    const backend = await open();
    vi.spyOn(backend, 'startStudy').mockRejectedValue(
      new BackendError('busy', 'Another Wattsmith is measuring.'),
    );
    await fireEvent.click(await screen.findByTestId('start-study'));
    await vi.waitFor(() =>
      expect(screen.getByTestId('study-trouble').textContent).toContain('is measuring'),
    );
  });
  it('shows a study that finished meanwhile and keeps it in the list', async () => {
    await open();
    await fireEvent.click(await screen.findByTestId('start-study'));
    const result = await screen.findByTestId('study-result');
    expect(result.textContent).toContain('surrogate against the others');
    expect(screen.getAllByTestId('earlier-study').length).toBe(2);
  });
  it('shows an earlier one', async () => {
    await open();
    const [line] = await screen.findAllByTestId('earlier-study');
    const button = line?.querySelector('button');
    if (button) await fireEvent.click(button);
    expect((await screen.findByTestId('study-result')).textContent).toContain('rule');
  });
  it('sends windows, limits and memory as they were chosen', async () => {
    const backend = await open();
    const start = vi.spyOn(backend, 'startStudy');
    await fireEvent.input(await screen.findByTestId('study-repeats'), { target: { value: '5' } });
    await fireEvent.input(screen.getByTestId('study-latest'), { target: { value: '1,5' } });
    await fireEvent.click(screen.getByTestId('study-remember'));
    await fireEvent.click(screen.getByTestId('start-study'));
    expect(start.mock.calls[0]?.[0]).toMatchObject({
      repeats: 5,
      minTokensPerSecond: null,
      maxTimeToFirstTokenS: 1.5,
      remember: true,
    });
    const result = await screen.findByTestId('study-result');
    expect(result.textContent).toContain('surrogate+memory');
  });
  it('searches the engine itself with a smaller size, and takes up the old one again', async () => {
    const backend = await open();
    const start = vi.spyOn(backend, 'startStudy');
    const landscape = await screen.findByTestId('landscape');
    await fireEvent.change(landscape, { target: { value: 'live' } });
    expect(screen.getByTestId('caution').textContent).toContain('takes hours');
    // 3 runs of 3 methods and 8 trials, 3 defaults, 3 windows each, and 4 fresh ones of each at most.
    expect(screen.getByTestId('study-form').textContent).toContain('at most 517 windows');
    await fireEvent.change(screen.getByTestId('live-workload'), { target: { value: 'batch' } });
    await fireEvent.click(screen.getByTestId('start-study'));
    const draft = start.mock.calls[0]?.[0];
    expect(draft).toMatchObject({ seeds: 3, budget: 8, live: { workload: 'batch' } });
    expect(draft?.arms).toEqual(['surrogate', 'tpe', 'sobol']);
    await vi.waitFor(async () => expect((await backend.studying()).kind).toBe('studying'));
    await backend.cancelStudy();
    expect((await screen.findByTestId('begun-study')).textContent).toContain('engine showed');
    await fireEvent.change(landscape, { target: { value: 'own/workstation' } });
    expect(screen.getByTestId<HTMLInputElement>('study-seeds').value).toBe('100');
    expect(screen.queryByTestId('live-work')).toBeNull();
  });
  it('goes on with a study that was interrupted', async () => {
    const backend = await open();
    await fireEvent.click(await screen.findByTestId('arm-guided'));
    await fireEvent.click(screen.getByTestId('start-study'));
    await vi.waitFor(async () => expect((await backend.studying()).kind).toBe('studying'));
    await backend.cancelStudy();
    const line = await screen.findByTestId('begun-study');
    expect(line.textContent).toContain('kept');
    await fireEvent.click(screen.getByText('Go on'));
    await screen.findByTestId('study-result');
    expect(screen.queryByTestId('begun-study')).toBeNull();
  });
  it('removes a study only after the person said so again', async () => {
    const backend = await open();
    const remove = vi.spyOn(backend, 'removeStudy');
    await fireEvent.click(await screen.findByText('Remove…'));
    expect(remove).not.toHaveBeenCalled();
    await fireEvent.click(await screen.findByTestId('remove-study-for-good'));
    await vi.waitFor(() => expect(screen.queryAllByTestId('earlier-study').length).toBe(0));
  });
});
