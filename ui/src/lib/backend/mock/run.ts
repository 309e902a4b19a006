// The simulation's jobs, in time: phases with clocks, live power, streamed replies.

import { BackendError } from '../error';
import type { LiveEvent, PhaseKind } from '../bindings';
import { confirm } from './confirm';
import { costOf, exchange, idea, offer, replyText } from './advisor';
import { DEFAULTS, key, PARAMETERS, type Config } from './engine';
import { idle, trials, view, type Kept } from './session';
import { isRemote } from './machine';
import { answerHere, waiting } from './talk';
import { addRepeat, begin, finish, trialIn, watts } from './trial';

class Cancelled extends Error {}

/** Who proposes without a chat model, by the session's advisor. */
const NUMERIC: Record<string, string> = {
  guided: 'surrogate',
  surrogate: 'surrogate',
  gp: 'gp',
  tpe: 'tpe',
  rule: 'rule',
  random: 'random',
};

/** Runs jobs of one window; `pace` stretches or shrinks all waits. */
export class Jobs {
  private running = new Map<string, { cancelled: boolean }>();
  constructor(
    readonly emit: (event: LiveEvent) => void,
    readonly templates: () => Record<string, string>,
    private pace: number,
  ) {}

  /** Starts a job and returns; refuses a second one on this machine. */
  start(s: Kept, job: (s: Kept) => Promise<void>): void {
    if (this.running.size > 0)
      throw new BackendError(
        'busy',
        'Another trial is being measured on this machine. Wait until it is done, or cancel it.',
      );
    const handle = { cancelled: false };
    this.running.set(s.id, handle);
    s.stuck = null;
    void job(s)
      .catch((cause: unknown) => {
        if (!(cause instanceof Cancelled))
          this.emit({ event: 'failed', sessionId: s.id, message: String(cause) });
        for (const trial of trials(s))
          if (trial.state === 'running')
            Object.assign(trial, { state: 'discarded', message: 'cancelled by you' });
        s.story = s.story.filter(
          (i) =>
            !(
              i.item === 'exchange' &&
              i.outcome === 'waiting' &&
              s.draft.connection.kind !== 'paste' &&
              // What waits for the end of this, or is answered beside it, goes on.
              !(i.question && (i.waits || isRemote(s.draft.connection.kind)))
            ),
        );
        s.autopilot = false;
      })
      .finally(() => {
        this.running.delete(s.id);
        s.phase = idle();
        if (s.pausing) Object.assign(s, { autopilot: false, pausing: false });
        this.emit({ event: 'phase', sessionId: s.id, phase: s.phase });
        this.changed(s);
        const asked = waiting(s);
        if (asked?.item === 'exchange' && asked.waits)
          this.start(s, (one) => answerHere(this, one));
        else if (s.autopilot) this.goOn(s);
      });
  }

  /** Whether something runs on this machine. */
  get isBusy(): boolean {
    return this.running.size > 0;
  }

  cancel(s: Kept): void {
    const handle = this.running.get(s.id);
    if (handle) handle.cancelled = true;
  }

  changed(s: Kept): void {
    this.emit({ event: 'changed', sessionId: s.id });
  }

  /** What autopilot does next. */
  goOn(s: Kept): void {
    const next = view(s).next;
    if (next.step === 'measure-default')
      this.start(s, (one) => this.measure(one, DEFAULTS, 'default', null));
    else if (next.step === 'ask') this.start(s, (one) => this.ask(one));
    else if (next.step === 'decide') this.start(s, (one) => this.take(one, next.proposalId));
    else if (next.step === 'confirm') this.start(s, (one) => confirm(this, one));
    else s.autopilot = false;
  }

  async sleep(seconds: number): Promise<void> {
    await new Promise((done) => setTimeout(done, seconds * 1000 * this.pace));
  }

  async wait(s: Kept, seconds: number): Promise<void> {
    await this.sleep(seconds);
    if (this.running.get(s.id)?.cancelled) throw new Cancelled();
  }

  phase(s: Kept, kind: PhaseKind, label: string, detail: string, expected: number | null): void {
    s.phase = {
      kind,
      label,
      detail,
      startedAtMs: Date.now(),
      expectedS: expected === null ? null : expected * this.pace,
      progress: expected === null ? null : 0,
    };
    this.emit({ event: 'phase', sessionId: s.id, phase: { ...s.phase } });
    this.changed(s);
  }

  /** A phase of a trial with power samples; one event a second while a window is open. */
  async powered(
    s: Kept,
    clock: { at: number },
    config: Config,
    kind: PhaseKind,
    label: string,
    detail: string,
    seconds: number,
  ): Promise<void> {
    this.phase(s, kind, label, detail, seconds);
    const measuring = kind === 'measuring';
    const steps = Math.max(2, Math.round(measuring ? seconds : seconds * 4));
    for (let step = 1; step <= steps; step++) {
      await this.wait(s, seconds / steps);
      const span = measuring ? (5 * seconds) / steps : 0.6;
      const n = measuring ? 10 : 3;
      const atS = Array.from({ length: n }, (_, i) => clock.at + (span * (i + 1)) / n);
      clock.at += span;
      this.emit({
        event: 'power',
        sessionId: s.id,
        atS,
        watts: atS.map(() => watts(s, config, measuring)),
      });
      s.phase.progress = step / steps;
      this.emit({ event: 'phase', sessionId: s.id, phase: { ...s.phase } });
    }
  }

  async measure(
    s: Kept,
    config: Config,
    origin: string,
    predicted: number | null,
    attempt = '',
  ): Promise<void> {
    const trial = begin(s, config, origin, predicted);
    trial.attempt = attempt;
    const clock = { at: 0 };
    const name = `trial ${trial.number}`;
    await this.powered(s, clock, config, 'loading-engine', 'Loading the model', name, 0.9);
    await this.powered(s, clock, config, 'warming-up', 'Warming up', name, 1);
    for (let repeat = 1; repeat <= trial.repeatsPlanned; repeat++) {
      await this.powered(
        s,
        clock,
        config,
        'measuring',
        'Measuring',
        `${name} · repeat ${repeat} of ${trial.repeatsPlanned}`,
        4,
      );
      addRepeat(s, trialIn(s, trial.id));
      this.changed(s);
    }
    this.phase(s, 'stopping-engine', 'Stopping the engine', name, 0.2);
    await this.wait(s, 0.2);
    finish(s, trialIn(s, trial.id));
    if (trials(s).length - 1 >= s.draft.budget) s.ending = 'budget spent';
  }

  async take(s: Kept, proposalId: string): Promise<void> {
    const item = s.story.find((i) => i.item === 'proposal' && i.id === proposalId);
    if (item?.item !== 'proposal')
      throw new BackendError('not-found', 'This proposal does not exist any more.');
    item.status = 'taken';
    await this.measure(s, s.configs.get(proposalId) ?? DEFAULTS, item.advisor, item.predicted);
  }

  async ask(s: Kept): Promise<void> {
    for (const item of s.story) if (item.item === 'feedback') item.sent = true;
    const kind = s.draft.connection.kind;
    if (kind === 'none') return this.numeric(s);
    if (kind === 'paste') {
      exchange(s, this.templates(), 'waiting');
      return;
    }
    if (kind === 'local') {
      this.phase(s, 'loading-advisor', 'Loading the advisor', 'Qwen 1.5B', 0.8);
      await this.wait(s, 0.8);
    }
    const found = idea(s);
    const pending = exchange(s, this.templates(), 'waiting');
    this.phase(s, 'asking', 'Asking the advisor', view(s).connection, 4);
    const text = found
      ? replyText(found, s.gpu)
      : 'I would keep `parallel` at 8.\n\n```json\n{"parallel": 8}\n```';
    const words = text.match(/\S+\s*/g) ?? [];
    for (const word of words) {
      await this.wait(s, 3.5 / words.length);
      this.emit({ event: 'reply', sessionId: s.id, text: word });
    }
    Object.assign(pending, {
      reply: text,
      promptTokens: Math.round(pending.prompt.length / 4),
      replyTokens: Math.round(text.length / 4),
      cost: costOf(s, pending.prompt, text),
      joules: kind === 'local' ? 294 : null,
    });
    if (!found) {
      Object.assign(pending, {
        outcome: 'refused',
        note: 'These settings were measured already; the advisor was told so twice.',
      });
      s.stuck = 'The advisor repeated settings that were already measured, three times in a row.';
      return;
    }
    pending.outcome = 'accepted';
    offer(
      s,
      found.config,
      kind === 'local' ? 'Qwen 1.5B, from a list of 5' : s.draft.connection.model,
      found.reason,
      found.why,
      true,
    );
  }

  /** The next untried point of a fixed walk through the space. */
  numeric(s: Kept): Promise<void> {
    const tried = new Set(
      [...s.configs].filter(([id]) => id.includes('trial')).map(([, config]) => key(config)),
    );
    for (const parallel of ['8', '2', '16', '1'])
      for (const ubatch of ['512', '256', '128']) {
        const config = { ...DEFAULTS, parallel, ubatch };
        if (tried.has(key(config))) continue;
        offer(s, config, NUMERIC[s.draft.advisor] ?? 'Sobol sequence', '', {}, false);
        return Promise.resolve();
      }
    s.ending = 'nothing untried left';
    return Promise.resolve();
  }

  /** The knobs that a session may set by hand. */
  static known = PARAMETERS.map((p) => p.name);
}
