// The story's parts, mounted as the window mounts them.

import { fireEvent, render, screen, within } from '@testing-library/svelte';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import Harness from '../../test/Harness.svelte';
import type { Backend, SessionView, TrialItem } from '$lib/backend';
import { mockBackend } from '$lib/backend/mock';
import { quiet } from '$lib/state/live';
import { Store } from '$lib/state/store.svelte';
import { saveUnsaved } from './feedback/unsaved';
import Exchange from './exchange/Exchange.svelte';
import Story from './Story.svelte';
import Trial from './trial/Trial.svelte';

let backend: Backend;
let store: Store;
let view: SessionView;

async function open(scenario: string, id = 's-chat') {
  backend = mockBackend(new URLSearchParams({ scenario, pace: '0.01' }));
  store = new Store(backend);
  await store.start();
  await store.show(id);
  if (!store.open) throw new Error(store.trouble);
  view = store.open;
}

const story = () =>
  render(Harness, {
    store,
    of: Story as never,
    given: { view, live: quiet(), mode: 'read', back: () => undefined },
  });
const lastTrial = (change: Partial<TrialItem> = {}): TrialItem => {
  const item = view.story.findLast((one) => one.item === 'trial');
  if (item?.item !== 'trial') throw new Error('the scene has no trial');
  return { ...item, ...change };
};
const trial = (item: TrialItem) =>
  render(Harness, {
    store,
    of: Trial as never,
    given: {
      entry: { kind: 'trial', key: item.id, item, proposal: null, led: [], told: null },
      view,
      live: quiet(),
      last: true,
    },
  });

beforeEach(() => open('lively'));

describe('a trial', () => {
  it('shows its figure with both errors, its scope, and the word estimated', () => {
    trial(lastTrial());
    const card = screen.getByTestId('trial');
    expect(screen.getByTestId('joules-per-token').textContent).toMatch(/^0\.2\d\d$/);
    expect(card.textContent).toMatch(/±\s0\.0\d\d repeatability/);
    expect(card.textContent).toMatch(/±\s50\s%\s+estimate/);
    expect(screen.getByTestId('verdict').textContent).toContain('estimated');
  });
  it('is one row once another one stands open, and unfolds', async () => {
    const item = lastTrial();
    render(Harness, {
      store,
      of: Trial as never,
      given: {
        entry: { kind: 'trial', key: item.id, item, proposal: null, led: [], told: null },
        view,
        live: quiet(),
      },
    });
    const card = screen.getByTestId('trial');
    expect(screen.queryByTestId('joules-per-token')).toBeNull();
    expect(card.textContent).toContain('parallel');
    expect(within(card).getByTestId('verdict')).toBeTruthy();
    await fireEvent.click(screen.getByTestId('fold-trial'));
    expect(screen.getByTestId('joules-per-token')).toBeTruthy();
  });
  it('says while it runs why its window is measured again', () => {
    trial(lastTrial({ state: 'running', attempt: '2nd try: other programs used 71 %' }));
    expect(screen.getByTestId('attempt').textContent).toBe('2nd try: other programs used 71 %');
  });
  it('shows a single repeat as a figure without an interval', () => {
    const { repeats } = lastTrial();
    const said = { ...lastTrial().said, mean: '0.228', error: 'one window, no interval yet' };
    trial(lastTrial({ joulesPerUnit: null, repeats: repeats.slice(0, 1), said }));
    expect(screen.getByTestId('joules-per-token').textContent).toBe('0.228');
    expect(screen.getByTestId('trial').textContent).toContain('one window, no interval yet');
  });
  it('has no figure while it runs', () => {
    trial(lastTrial({ state: 'running' }));
    expect(screen.queryByTestId('joules-per-token')).toBeNull();
    expect(screen.getByRole('progressbar')).toBeTruthy();
  });
  it('says why it failed and what to do, and claims no figure', () => {
    trial(
      lastTrial({
        state: 'failed',
        message: 'Out of memory. Choose fewer slots.',
        joulesPerUnit: null,
        repeats: [],
      }),
    );
    expect(screen.getByTestId('trial').textContent).toContain('Out of memory. Choose fewer slots.');
    expect(screen.queryByTestId('joules-per-token')).toBeNull();
  });
  it('shows warnings, limits not kept and settings applied differently', () => {
    trial(
      lastTrial({
        warnings: ['On battery.'],
        violations: ['too slow'],
        differences: ['asked 8, used 4'],
      }),
    );
    for (const text of ['On battery.', 'too slow', 'asked 8, used 4'])
      expect(screen.getByTestId('trial').textContent).toContain(text);
  });
  it('is not called estimated where a sensor measured it', async () => {
    await open('measured-gpu', 's-gpu');
    trial(lastTrial());
    expect(screen.getByTestId('trial').textContent).not.toMatch(/estimate/i);
    expect(screen.getByTestId('trial').textContent).toMatch(/±\s5\s%\s+sensor/);
  });
});

describe('an exchange', () => {
  it('never runs what a reply holds', () => {
    const item = view.story.find((one) => one.item === 'exchange');
    if (item?.item !== 'exchange') throw new Error('the scene has no exchange');
    const reply = 'Hello <img src=x onerror=alert(1)><script>alert(1)</script> **there**';
    const { container } = render(Exchange, { item: { ...item, reply } });
    expect(container.querySelector('img, script')).toBeNull();
    expect(container.querySelector('strong')?.textContent).toBe('there');
  });
});

describe('a connection that failed', () => {
  it('can be changed where the failure is shown', async () => {
    await open('stuck');
    const change = vi.spyOn(backend, 'changeConnection');
    story();
    await fireEvent.click(screen.getByTestId('change-connection'));
    await fireEvent.change(await screen.findByTestId('change-kind'), {
      target: { value: 'paste' },
    });
    await fireEvent.click(screen.getByTestId('change-connection-done'));
    expect(change).toHaveBeenCalledWith('s-chat', expect.objectContaining({ kind: 'paste' }));
  });
});

describe('feedback', () => {
  it('marks the person’s words and goes back to the draft', async () => {
    story();
    const field = screen.getByTestId<HTMLTextAreaElement>('feedback-text');
    const draft = field.value;
    await fireEvent.input(field, { target: { value: `${draft} Be quick.` } });
    const card = screen.getByTestId('feedback');
    expect(within(card).getByTestId('feedback-edited')).toBeTruthy();
    expect(card.querySelector('mark')?.textContent).toContain('Be quick.');
    await fireEvent.click(screen.getByTestId('back-to-draft'));
    expect(field.value).toBe(draft);
    expect(card.querySelector('mark')).toBeNull();
  });
  it('is saved before the advisor is asked, even while it is being typed', async () => {
    const save = vi.spyOn(backend, 'saveFeedback');
    story();
    await fireEvent.input(screen.getByTestId('feedback-text'), { target: { value: 'Mine.' } });
    expect(save).not.toHaveBeenCalled();
    await saveUnsaved();
    expect(save).toHaveBeenCalledWith('s-chat', expect.any(String), 'Mine.');
  });
  it('sends null when it says what the draft says', async () => {
    await open('failed');
    const save = vi.spyOn(backend, 'saveFeedback');
    story();
    await fireEvent.click(screen.getByTestId('back-to-draft'));
    expect(save).toHaveBeenCalledWith('s-chat', expect.any(String), null);
  });
});

describe('the end of the story', () => {
  it.each([
    ['stuck', 'stuck'],
    ['ended', 'ended'],
  ])('in the scene %s is the panel %s', async (scenario, panel) => {
    await open(scenario);
    story();
    expect(screen.getByTestId(panel)).toBeTruthy();
  });
  it('gives the best settings as a command line when it has ended', async () => {
    await open('ended');
    story();
    expect(screen.getByTestId('ended').textContent).toContain('--parallel 8');
  });
});

describe('the outcome', () => {
  const says = (outcome: Partial<SessionView['outcome']>, best: boolean) => {
    if (!best) view.best = null;
    view.outcome = { ...view.outcome, ...outcome };
    view.next = { step: 'ended', ending: 'budget spent' };
    story();
    return screen.getByTestId('ended').textContent;
  };
  it.each([
    ['not confirmed: 20.0 % less than the default in the search, outside the noise', true],
    ['depends on the estimate: 11 fresh pairs showed 11.6 % less than the default', true],
    ['not decided: 11 fresh pairs showed 3.2 % less than the default', true],
    ['confirmed: 20.2 % less than the default', true],
  ])('is said in the core’s words: %s', (text, best) => {
    const why = 'A sentence of the core.';
    const said = says({ text, word: text.split(':')[0] ?? '', why }, best);
    expect(screen.getByTestId('outcome').textContent).toBe(text);
    expect(said).toContain(why);
    // No other word about the same verdict.
    const others = ['not confirmed', 'not decided', 'depends on the estimate', 'have confirmed'];
    for (const other of others.filter((one) => !text.startsWith(one)))
      expect(said).not.toContain(other);
  });
  it('without a best begins with a capital letter', () => {
    expect(says({ text: 'nothing better yet', why: '' }, false)).toContain('Nothing better yet');
  });
});

describe('a machine', () => {
  it('that changed is told in the story, and its trials are not compared', async () => {
    await open('changed');
    story();
    expect(screen.getByTestId('machine-item').textContent).toMatch(/The machine changed.*fresh/s);
    expect(view.trend.filter((point) => point.stale).length).toBe(3);
    expect(screen.getAllByTestId('stale').map((pill) => pill.textContent)).toEqual(
      Array(3).fill('not compared: before the machine changed'),
    );
  });
  it('that is busy before the first window is a question with its load', async () => {
    await open('busy');
    await backend.measureDefault('s-chat');
    view = await backend.session('s-chat');
    expect(view.next.step).toBe('busy-machine');
    story();
    expect(screen.getByTestId('busy-machine').textContent).toContain('43 % of the CPU');
    await backend.answerBusy('s-chat', false);
    await vi.waitFor(async () => {
      const { story: items } = await backend.session('s-chat');
      expect(items.some((item) => item.item === 'machine' && /by choice/.test(item.text))).toBe(
        true,
      );
    });
  });
});
