// Downloads on the pretended machine: a list with invented models, one of which leaves half of itself where it is
// cancelled.

import { BackendError } from '../error';
import type {
  DownloadEndView,
  DownloadsView,
  FetchableView,
  LiveEvent,
  ModelView,
  NewSessionOptions,
  PhaseView,
} from '../bindings';

const FOLDER = '/home/you/.local/share/wattsmith/models';
const STEPS = 20;

const IDLE: PhaseView = {
  kind: 'idle',
  label: 'Idle',
  detail: '',
  startedAtMs: 0,
  expectedS: null,
  progress: null,
};

const model = (name: string, megabytes: number, noRoom = ''): FetchableView => ({
  name,
  title: `${name}-Instruct, Q4_K_M, by nobody`,
  licence: 'Apache-2.0',
  megabytes,
  noRoom,
  begunMegabytes: null,
  path: '',
});

export class Downloads {
  #fetched: ModelView[] = [];
  #models = [
    model('Pretend-3B', 1929),
    model(
      'Pretend-70B',
      42_520,
      'does not fit into memory now: its weights alone take 42.5 GB, and 6.1 GB are free',
    ),
  ];
  #phase = IDLE;
  #ended: DownloadEndView | null = null;
  #cancelled = false;

  constructor(
    readonly pace: number,
    readonly emit: (event: LiveEvent) => void,
  ) {}

  /** Its part of the backend. */
  calls() {
    return {
      downloads: async (): Promise<DownloadsView> =>
        structuredClone({
          models: this.#models,
          folder: FOLDER,
          phase: this.#phase,
          ended: this.#ended,
        }),
      startDownload: async (what: string, sha256: string | null) => this.start(what.trim(), sha256),
      cancelDownload: async () => void (this.#cancelled = true),
    };
  }

  /** What can be chosen, with the models that were fetched. */
  beside(options: NewSessionOptions): NewSessionOptions {
    return structuredClone({ ...options, models: [...options.models, ...this.#fetched] });
  }

  start(what: string, sha256: string | null): void {
    if (this.#phase.kind !== 'idle')
      throw new BackendError('busy', 'A download runs already. Wait for it, or cancel it first.');
    const listed = this.#models.find((one) => one.name.toLowerCase() === what.toLowerCase());
    if (!listed && !/^[\w.-]+\/[\w.-]+\/.+\.gguf$|^https?:\/\/\S+\.gguf/i.test(what))
      throw new BackendError(
        'other',
        `There is no model called ${what} to fetch. Name one of the list, a file of the hub as OWNER/REPOSITORY/FILE.gguf, or an address.`,
      );
    this.#cancelled = false;
    this.#ended = null;
    const entry =
      listed ??
      model(
        what
          .split('/')
          .at(-1)
          ?.replace(/\.gguf.*/i, '') ?? '',
        640,
      );
    const verified = listed !== undefined || sha256 !== null || !what.includes('://');
    void this.#run(entry, verified);
  }

  async #run(entry: FetchableView, verified: boolean): Promise<void> {
    const all = entry.megabytes;
    const from = Math.round(((entry.begunMegabytes ?? 0) / all) * STEPS);
    const startedAtMs = Date.now();
    for (let step = from; step <= STEPS; step++) {
      const here = Math.round((all * step) / STEPS);
      const left = Math.max(1, Math.round((all - here) / 96));
      this.#tell({
        ...IDLE,
        kind: 'downloading',
        label: 'Fetching a model',
        startedAtMs,
        detail: `${entry.name.toLowerCase()}.gguf: ${here} of ${Math.round(all)} MB, 96.5 MB/s, about ${left} s left`,
        progress: step / STEPS,
      });
      await new Promise((done) => setTimeout(done, 600 * this.pace));
      if (this.#cancelled) {
        entry.begunMegabytes = here;
        return this.#tell(IDLE);
      }
    }
    const path = `${FOLDER}/${entry.name.toLowerCase()}.gguf`;
    entry.path = path;
    entry.begunMegabytes = null;
    this.#fetched.push({
      name: `${entry.name}-Instruct`,
      path,
      quantisation: 'Q4_K_M',
      weights: 'Q4_K_M, 4.85 bits per weight',
      megabytes: all,
      parts: 1,
      contextLimit: 32768,
      chats: true,
    });
    const size = `${(all / 1000).toFixed(1)} GB`;
    this.#ended = {
      what: entry.name,
      path,
      words: verified
        ? `It is here: ${path}, ${size}, checked by its SHA-256.`
        : `It is here: ${path}, ${size}. Nobody told its SHA-256 beforehand, so it is not verified; it is ${'8a7b3c'.repeat(11).slice(0, 64)}.`,
    };
    this.#tell(IDLE);
  }

  #tell(phase: PhaseView): void {
    this.#phase = phase;
    this.emit({ event: 'phase', sessionId: 'download', phase: { ...phase } });
  }
}
