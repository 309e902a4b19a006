// What the window knows: machine, sessions, the open session, and live events for each.

import type {
  Backend,
  LiveEvent,
  MachineView,
  PhaseView,
  SessionSummary,
  SessionView,
} from '$lib/backend';
import { backendError } from '$lib/backend/error';
import { theme, type Choice } from '$lib/design/theme.svelte';
import { fold, quiet, type Live } from './live';
import type { Pace } from './now.svelte';
import { toasts } from './toasts.svelte';

/** For so long a deleted session can be had back; a little shorter than its message stands. */
const UNDO_MS = 10_000;

/** Between two pieces of a reply, milliseconds. */
const REPLY_EVERY_MS = 300;

/** Phases in which painting costs what is measured, or what is taken off it. */
const STILL: PhaseView['kind'][] = ['warming-up', 'measuring-idle', 'measuring'];

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
  // Sessions that are deleted in a moment.
  #going: Record<string, ReturnType<typeof setTimeout>> = {};
  // What is being read now, and whether to read it once more; nothing on the screen shows them.
  #reading: Record<string, boolean> = {};
  #again: Record<string, boolean> = {};

  /** A measuring window is open somewhere: the screen keeps still. */
  measuring = $derived(Object.values(this.#live).some((one) => one.phase?.kind === 'measuring'));

  /** Something runs somewhere that closing the window would spoil; a download goes on later. */
  working = $derived(
    Object.values(this.#live).some(
      ({ phase }) => phase !== null && phase.kind !== 'idle' && phase.kind !== 'downloading',
    ),
  );

  /** How often the screen is painted. */
  pace: Pace = $derived.by(() => {
    const all = [...Object.values(this.#live).map((one) => one.phase), this.open?.phase ?? null];
    if (all.some((phase) => phase && STILL.includes(phase.kind))) return 'measuring';
    return all.some((phase) => phase && phase.kind !== 'idle') ? 'working' : 'resting';
  });

  constructor(readonly backend: Backend) {}

  async start(): Promise<void> {
    void this.#readTheme();
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

  /** Shows colours at once and keeps them with the settings. */
  async chooseTheme(choice: Choice): Promise<void> {
    theme.choose(choice);
    try {
      const { chosen, problem } = await this.backend.settings();
      // A file that cannot be read is not touched for the sake of a colour.
      if (!problem) await this.backend.saveSettings({ ...chosen, theme: choice });
    } catch (cause) {
      toasts.error(cause);
    }
  }

  /** The colours that the settings hold; those of the window's own storage where they cannot be read. */
  async #readTheme(): Promise<void> {
    try {
      const { chosen, problem } = await this.backend.settings();
      if (problem) toasts.error(new Error(problem));
      if (chosen.theme && chosen.theme !== theme.choice) theme.choose(chosen.theme);
    } catch {
      // The page of settings says why.
    }
  }

  live(id: string): Live {
    return this.#live[id] ?? quiet();
  }

  /**
   * One live event. Power and progress wait for the next beat, so that chart, progress and clock are
   * painted together once a second: painting costs energy, and what is measured besides. A reply is
   * shown in pieces that can be read, for the same reason: the model that writes it may be here. An answer
   * that comes while a window is open waits for the beat.
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
    if (event.event === 'answer' && this.measuring) return;
    if (event.event === 'reply' || event.event === 'answer')
      this.#soon ??= setTimeout(() => this.beat(), REPLY_EVERY_MS);
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
    const all = await this.backend.sessions();
    this.sessions = all.filter((session) => !(session.id in this.#going));
  }

  /**
   * Takes a session out of sight, and deletes it when the person had time to take that back. Whoever closes
   * the window meanwhile still has it.
   */
  async remove(id: string, name: string): Promise<void> {
    const timer = setTimeout(() => {
      this.backend.deleteSession(id).catch((cause) => {
        delete this.#going[id];
        toasts.error(cause);
        void this.readSessions();
      });
    }, UNDO_MS);
    this.#going[id] = timer;
    toasts.done(`“${name}” is deleted.`, {
      label: 'Undo',
      run: () => {
        clearTimeout(this.#going[id]);
        delete this.#going[id];
        void this.readSessions();
      },
    });
    await this.readSessions();
  }

  /** Takes the example in, or finds it, also where it was about to go. */
  async example(): Promise<string> {
    const id = await this.backend.exampleSession();
    clearTimeout(this.#going[id]);
    delete this.#going[id];
    await this.readSessions();
    return id;
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
