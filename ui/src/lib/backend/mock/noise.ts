// A recording of the noise, pretended.

import { BackendError } from '../error';
import type { LiveEvent, MachineView, NoisePointView, NoiseView, PhaseView } from '../bindings';

const IDLE: PhaseView = {
  kind: 'idle',
  label: 'Idle',
  detail: '',
  startedAtMs: 0,
  expectedS: null,
  progress: null,
};

/** Slice length, deviation, and the degrees of freedom behind its interval, roughly. */
const CURVE: [number, number, number][] = [
  [0.5, 0.3, 300],
  [1, 0.09, 220],
  [2, 0.033, 110],
  [4, 0.022, 54],
  [7, 0.019, 30],
  [10, 0.018, 20],
  [15, 0.021, 13],
  [20, 0.027, 9],
  [30, 0.031, 6],
];

const point = ([seconds, deviation, freedom]: [number, number, number]): NoisePointView => ({
  seconds,
  deviation,
  low: deviation / (1 + 1.4 / Math.sqrt(freedom)),
  high: deviation * (1 + 2.2 / Math.sqrt(freedom)),
});

export class Noise {
  #kept: NoiseView[] = [];
  #phase = IDLE;
  #cancelled = false;

  constructor(
    readonly machine: MachineView,
    readonly pace: number,
    readonly emit: (event: LiveEvent) => void,
  ) {}

  /** Its part of the backend. */
  calls() {
    return {
      noise: async () => structuredClone(this.#kept),
      recordNoise: async () => this.record(),
      cancelNoise: async () => void (this.#cancelled = true),
      recordingNoise: async () => ({ ...this.#phase }),
    };
  }

  record(): void {
    if (this.#phase.kind !== 'idle')
      throw new BackendError(
        'busy',
        'The noise is being recorded already. Wait for it, or cancel it first.',
      );
    this.#cancelled = false;
    this.#tell({
      ...IDLE,
      kind: 'measuring',
      label: 'Measuring',
      detail: 'the noise: one run of 240 s',
      startedAtMs: Date.now(),
      expectedS: 240,
    });
    void this.#run();
  }

  async #run(): Promise<void> {
    const steps = 12;
    for (let step = 1; step <= steps; step++) {
      await new Promise((done) => setTimeout(done, 250 * this.pace));
      if (this.#cancelled) return this.#tell(IDLE);
      this.#tell({ ...this.#phase, progress: step / steps });
    }
    const estimated = !this.machine.measured;
    this.#kept.unshift({
      recordedAt: new Date().toISOString(),
      engine: 'llama-server',
      model: 'SmolLM2-135M-Instruct',
      estimated,
      seconds: 235,
      curve: CURVE.map(point),
      parts: [
        {
          name: 'white',
          share: 0.09,
          says: '1.9 % between slices of 10 s; longer windows average it out',
        },
        {
          name: 'slow drift',
          share: 0.83,
          says: '5.9 % over the run; taking turns cancels most of it',
        },
        {
          name: 'launch',
          share: 0.08,
          says: '1.8 % between launches (0.0 % to 9.6 % from 3 launches)',
        },
      ],
      drift: 'Slices of 10 s vary by 6.2 % over 4 min, 90 % of it slower than a slice.',
      said: `Windows of 6.5 s pay here, after a pause of 2 s from the start: telling 10 % less from none takes 61 s at the least${estimated ? ' (estimated)' : ''}.`,
      windowS: 6.5,
    });
    this.#tell(IDLE);
  }

  #tell(phase: PhaseView): void {
    this.#phase = phase;
    this.emit({ event: 'phase', sessionId: 'noise', phase: { ...phase } });
  }
}
