// Studies, pretended: planned, run, interrupted and kept. What they find is in `studied.ts`.

import { BackendError } from '../error';
import type {
  LiveEvent,
  PhaseView,
  BegunLine,
  StudyDraft,
  StudyLine,
  StudyOptions,
  StudyView,
} from '../bindings';
import { NO_CONNECTION } from './machine';
import { options } from './options';
import { ASKING, finished, named, REMEMBERING, SPACE } from './studied';

const IDLE: PhaseView = {
  kind: 'idle',
  label: 'Idle',
  detail: '',
  startedAtMs: 0,
  expectedS: null,
  progress: null,
};

export class Studies {
  #done: StudyView[];
  #begun: { line: BegunLine; draft: StudyDraft }[] = [];
  #phase = IDLE;
  #cancelled = false;

  constructor(
    readonly withLandscapes: boolean,
    readonly pace: number,
    readonly advisorModels: boolean,
    readonly emit: (event: LiveEvent) => void,
  ) {
    const earlier = { ...this.options().draft, arms: ['surrogate', 'rule', 'random'], seeds: 40 };
    const at = new Date(Date.now() - 3 * 86_400_000).toISOString();
    this.#done = withLandscapes
      ? [finished('2026-02-21-101500-000-smollm2-chat', at, earlier)]
      : [];
  }

  /** Its part of the backend. */
  calls() {
    return {
      studyOptions: async () => this.options(),
      startStudy: async (draft: StudyDraft) => this.start(structuredClone(draft)),
      resumeStudy: async (id: string) => this.resume(id),
      removeStudy: async (id: string) => this.remove(id),
      begunStudies: async () => this.#begun.map((one) => structuredClone(one.line)),
      cancelStudy: async () => this.cancel(),
      studying: async () => this.phase(),
      studies: async () => this.list(),
      study: async (id: string) => this.one(id),
    };
  }

  options(): StudyOptions {
    const { advisorModels, models, providers, workloads } = options(false, this.advisorModels);
    const landscapes = this.withLandscapes ? structuredClone(SPACE) : [];
    const numeric = ['surrogate', 'rule', 'sobol', 'random', 'tpe', 'gp', 'guided-blind'];
    return {
      landscapes,
      folder: '/home/you/.local/share/wattsmith/landscapes',
      arms: [
        ...[...numeric, ...ASKING].map((name) => ({
          name,
          asks: ASKING.includes(name),
          remembers: REMEMBERING.includes(name),
        })),
      ],
      advisorModels,
      providers,
      live: models[0]
        ? {
            work: { modelPath: models[0].path, workload: workloads[0]?.name ?? '' },
            models,
            workloads,
            arms: ['surrogate', 'tpe', 'sobol'],
            seeds: 3,
            budget: 8,
            fresh: 4,
          }
        : null,
      draft: {
        live: null,
        landscape: landscapes[0]?.id ?? '',
        arms: numeric,
        seeds: 100,
        budget: 20,
        repeats: 3,
        belowPercent: 10,
        minTokensPerSecond: null,
        maxTimeToFirstTokenS: null,
        remember: false,
        connection: advisorModels[0]
          ? { ...NO_CONNECTION, kind: 'local', model: advisorModels[0].path }
          : { ...NO_CONNECTION, kind: 'openai' },
        agreed: false,
      },
    };
  }

  start(draft: StudyDraft): void {
    if (this.#phase.kind !== 'idle')
      throw new BackendError('busy', 'A study runs already. Wait for it, or cancel it first.');
    this.#cancelled = false;
    const all = draft.seeds * draft.arms.length * draft.budget;
    this.#tell({
      ...IDLE,
      kind: 'studying',
      label: 'Comparing advisors',
      detail: named(draft),
      startedAtMs: Date.now(),
    });
    void this.#run(draft, all);
  }

  async #run(draft: StudyDraft, all: number): Promise<void> {
    const steps = 20;
    for (let step = 1; step <= steps; step++) {
      await new Promise((done) => setTimeout(done, 200 * this.pace));
      if (this.#cancelled) return this.#interrupted(draft, step);
      const done = Math.round((all * step) / steps);
      this.#tell({
        ...this.#phase,
        detail: draft.live
          ? `seed 1 of ${draft.seeds} · trial ${step} of ${draft.budget}`
          : `${done} of ${all} trials`,
        progress: step / steps,
      });
    }
    const id = `${new Date().toISOString().slice(0, 10)}-${this.#done.length}-study`;
    this.#done.unshift(finished(id, new Date().toISOString(), draft));
    this.#tell(IDLE);
  }

  /** What a chat model has said and an engine has shown stays. */
  #interrupted(draft: StudyDraft, step: number): void {
    const asking = draft.arms.filter((name) => ASKING.includes(name));
    if (asking.length > 0 || draft.live) {
      const landscape = named(draft);
      const line = {
        id: `begun-${this.#begun.length}`,
        landscape,
        arms: draft.arms,
        replies: step * asking.length,
        figures: draft.live !== null,
      };
      this.#begun.unshift({ line, draft });
    }
    this.#tell(IDLE);
  }

  resume(id: string): void {
    const at = this.#begun.findIndex((one) => one.line.id === id);
    const [one] = at < 0 ? [] : this.#begun.splice(at, 1);
    if (!one) throw new BackendError('not-found', 'This study is not there any more.');
    this.start(one.draft);
  }

  remove(id: string): void {
    this.#begun = this.#begun.filter((one) => one.line.id !== id);
    this.#done = this.#done.filter((one) => one.line.id !== id);
  }

  #tell(phase: PhaseView): void {
    this.#phase = phase;
    this.emit({ event: 'phase', sessionId: 'study', phase: { ...phase } });
  }

  cancel(): void {
    this.#cancelled = true;
  }

  phase(): PhaseView {
    return { ...this.#phase };
  }

  list(): StudyLine[] {
    return this.#done.map((one) => structuredClone(one.line));
  }

  one(id: string): StudyView {
    const found = this.#done.find((one) => one.line.id === id);
    if (!found) throw new BackendError('not-found', 'This study is not there any more.');
    return structuredClone(found);
  }
}
