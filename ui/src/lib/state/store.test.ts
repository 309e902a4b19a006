import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Backend, LiveEvent, PhaseView } from '$lib/backend';
import { mockBackend } from '$lib/backend/mock';
import { BackendError } from '$lib/backend/error';
import { Store } from './store.svelte';
import { toasts } from './toasts.svelte';

const settle = () => new Promise((done) => setTimeout(done, 0));

describe('the store', () => {
  let backend: Backend;
  let store: Store;
  beforeEach(async () => {
    backend = mockBackend(new URLSearchParams('scenario=lively'));
    store = new Store(backend);
    toasts.list = [];
    await store.start();
  });

  it('reads the list, the machine and the open session', async () => {
    await store.show('s-chat');
    expect(store.sessions?.length).toBe(3);
    expect(store.machine?.measured).toBe(false);
    expect(store.open?.name).toBe('SmolLM2 · chat');
  });
  it('says why a session cannot be shown', async () => {
    await store.show('gone');
    expect(store.open).toBeNull();
    expect(store.trouble).toContain('does not exist');
  });
  it('reads once more after many changes, not once for each', async () => {
    await store.show('s-chat');
    const read = vi.spyOn(backend, 'session');
    for (let n = 0; n < 50; n++) store.take({ event: 'changed', sessionId: 's-chat' });
    await settle();
    expect(read.mock.calls.length).toBeLessThanOrEqual(2);
  });
  it('does not read the open session again for changes of another one', async () => {
    await store.show('s-chat');
    const read = vi.spyOn(backend, 'session');
    store.take({ event: 'changed', sessionId: 's-batch' });
    await settle();
    expect(read).not.toHaveBeenCalled();
  });
  it('knows that a window is open, in whichever session', () => {
    const phase = (kind: 'measuring' | 'idle'): LiveEvent => ({
      event: 'phase',
      sessionId: 's-batch',
      phase: { kind, label: '', detail: '', startedAtMs: 0, expectedS: null, progress: null },
    });
    store.take(phase('measuring'));
    expect(store.measuring).toBe(true);
    store.take(phase('idle'));
    expect(store.measuring).toBe(false);
  });
  it('paints every second only while something runs that shows a clock', () => {
    const phase = (kind: PhaseView['kind']): LiveEvent => ({
      event: 'phase',
      sessionId: 's-batch',
      phase: { kind, label: '', detail: '', startedAtMs: 0, expectedS: null, progress: null },
    });
    expect(store.pace).toBe('resting');
    for (const [kind, pace] of [
      ['loading-engine', 'working'],
      ['warming-up', 'measuring'],
      ['measuring-idle', 'measuring'],
      ['measuring', 'measuring'],
      ['stopping-engine', 'working'],
      ['idle', 'resting'],
    ] as const) {
      store.take(phase(kind));
      expect(store.pace, kind).toBe(pace);
    }
  });
  it('shows power and progress at the beat, another phase at once', () => {
    const phase = (kind: 'measuring' | 'stopping-engine', progress: number | null): LiveEvent => ({
      event: 'phase',
      sessionId: 's-batch',
      phase: { kind, label: '', detail: '', startedAtMs: 0, expectedS: null, progress },
    });
    store.take(phase('measuring', 0));
    store.take({ event: 'power', sessionId: 's-batch', atS: [0, 0.1], watts: [20, 21] });
    store.take(phase('measuring', 0.5));
    expect(store.live('s-batch').watts).toEqual([]);
    expect(store.live('s-batch').phase?.progress).toBe(0);
    store.beat();
    expect(store.live('s-batch').watts).toEqual([20, 21]);
    expect(store.live('s-batch').phase?.progress).toBe(0.5);
    store.take({ event: 'power', sessionId: 's-batch', atS: [0.2], watts: [22] });
    store.take(phase('stopping-engine', null));
    expect(store.live('s-batch').watts).toEqual([20, 21, 22]);
  });
  it('shows a reply in pieces, with all that came before them', () => {
    vi.useFakeTimers();
    const reply = (text: string): LiveEvent => ({ event: 'reply', sessionId: 's-batch', text });
    for (const word of ['more ', 'slots ', 'help']) store.take(reply(word));
    expect(store.live('s-batch').reply).toBe('');
    vi.advanceTimersByTime(400);
    expect(store.live('s-batch').reply).toBe('more slots help');
    vi.useRealTimers();
  });
  it('shows why a call was refused and lives on', async () => {
    await store.show('s-chat');
    const done = await store.run(() =>
      Promise.reject(new BackendError('busy', 'Another trial is running.')),
    );
    expect(done).toBe(false);
    expect(toasts.list.map((toast) => toast.text)).toEqual(['Another trial is running.']);
  });
});
