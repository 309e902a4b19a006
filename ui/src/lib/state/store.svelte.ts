// What the window knows: machine, sessions, the open session, and live events for each.

import type { Backend, LiveEvent, MachineView, SessionSummary, SessionView } from '$lib/backend';
import { backendError } from '$lib/backend/error';
import { fold, quiet, type Live } from './live';
import { toasts } from './toasts.svelte';

/** Between two pieces of a reply, milliseconds. */
const REPLY_EVERY_MS = 300;

export class Store {
  machine = $state.raw<MachineView | null>(null);
  sessions = $state.raw<SessionSummary[] | null>(null);
  open = $state.raw<SessionView | null>(null);
  /** Why the open session could not be read. */
  trouble = $state('');
  #live = $state.raw<Record<string, Live>>({});
  // Live events that wait for the next beat, see take().
  #held: LiveEvent[] = [];
  #soon: ReturnType<typeof setTimeout> | undefined;
  #openId = '';
  // What is being read now, and whether to read it once more; nothing on the screen shows them.
  #reading: Record<string, boolean> = {};
  #again: Record<string, boolean> = {};

  /** A measuring window is open somewhere: the screen keeps still. */
  measuring = $derived(Object.values(this.#live).some((one) => one.phase?.kind === 'measuring'));

  /** Something runs somewhere: closing the window would end it. */
  working = $derived(
    Object.values(this.#live).some((one) => one.phase !== null && one.phase.kind !== 'idle'),
  );

  constructor(readonly backend: Backend) {}

  async start(): Promise<void> {
    try {
      await this.backend.follow((event) => this.take(event));
      await Promise.all([this.readSessions(), this.readMachine()]);
    } catch (cause) {
      toasts.error(cause);
      this.sessions ??= [];
    }
  }

  async readMachine(): Promise<void> {
    this.machine = await this.backend.machine();
  }

  live(id: string): Live {
    return this.#live[id] ?? quiet();
  }

  /**
   * One live event. Power and progress wait for the next beat, so that chart, progress and clock are
   * painted together once a second: painting costs energy, and what is measured besides. A reply is
   * shown in pieces that can be read, for the same reason: the model that writes it may be here.
   */
  take(event: LiveEvent): void {
    const id = event.sessionId;
    if (event.event === 'changed') {
      void this.#coalesce('list', () => this.readSessions());
      if (id === this.#openId) void this.#coalesce(id, () => this.#readOpen());
      return;
    }
    this.#held.push(event);
    const before = this.live(id).phase;
    const progress =
      event.event === 'phase' &&
      event.phase.kind === before?.kind &&
      event.phase.startedAtMs === before.startedAtMs;
    if (event.event === 'reply') this.#soon ??= setTimeout(() => this.beat(), REPLY_EVERY_MS);
    else if (event.event !== 'power' && !progress) this.beat();
    if (event.event === 'failed' && id !== this.#openId) toasts.error(new Error(event.message));
  }

  /** Shows what was held back; once a second. */
  beat(): void {
    clearTimeout(this.#soon);
    this.#soon = undefined;
    if (this.#held.length === 0) return;
    const next = { ...this.#live };
    for (const event of this.#held.splice(0)) {
      next[event.sessionId] = fold(next[event.sessionId] ?? quiet(), event);
    }
    this.#live = next;
  }

  async readSessions(): Promise<void> {
    this.sessions = await this.backend.sessions();
  }

  /** Shows a session, or none. */
  async show(id: string | null): Promise<void> {
    this.#openId = id ?? '';
    this.trouble = '';
    if (this.open?.id !== id) this.open = null;
    if (id) await this.#readOpen();
  }

  /** Runs a call for the open session and reads it again; errors go to the edge of the window. */
  async run(call: (backend: Backend, id: string) => Promise<unknown>): Promise<boolean> {
    const id = this.#openId;
    try {
      await call(this.backend, id);
      await this.#coalesce(id, () => this.#readOpen());
      return true;
    } catch (cause) {
      if (backendError(cause).code === 'consent-needed') await this.#readOpen();
      toasts.error(cause);
      return false;
    }
  }

  async #readOpen(): Promise<void> {
    const id = this.#openId;
    if (!id) return;
    try {
      const view = await this.backend.session(id);
      if (id !== this.#openId) return;
      this.open = view;
      const live = this.live(id);
      this.#live = { ...this.#live, [id]: { ...live, phase: view.phase } };
    } catch (cause) {
      if (id === this.#openId) this.trouble = backendError(cause).message;
    }
  }

  /** Many events in a row cost one reading more, not one each. */
  async #coalesce(key: string, read: () => Promise<void>): Promise<void> {
    if (this.#reading[key]) {
      this.#again[key] = true;
      return;
    }
    this.#reading[key] = true;
    try {
      do {
        this.#again[key] = false;
        await read();
      } while (this.#again[key]);
    } catch (cause) {
      toasts.error(cause);
    } finally {
      this.#reading[key] = false;
    }
  }
}
