// Servers of the pretended machine: two are here, one of them makes pictures.

import { BackendError } from '../error';
import type { EngineView, NewSessionOptions, ParameterView } from '../bindings';

export const ENGINES: EngineView[] = [
  { name: 'llama-server', unit: 'token', problem: '' },
  { name: 'diffusers', unit: 'image', problem: '' },
  {
    name: 'stable-diffusion',
    unit: 'image',
    problem: 'sd-server was not found. Build it, and name it in WATTSMITH_SD_SERVER.',
  },
];

const BATCH: ParameterView = {
  name: 'batch-size',
  range: 'whole number, 1 to 16',
  levels: ['1', '2', '4', '8', '16'],
  default: '1',
  effect: 'Pictures that are made together.',
  danger: 'Takes as many times the memory.',
  changesOutput: false,
};

/** What can be chosen with that engine. */
export function withEngine(engine: string, usual: NewSessionOptions): NewSessionOptions {
  const chosen = ENGINES.find((one) => one.name === (engine || usual.engine));
  if (!chosen) throw new BackendError('other', `There is no server called ${engine}.`);
  if (chosen.unit === 'token') return usual;
  const tiny = {
    name: 'tiny: random weights, made at every start',
    path: 'tiny',
    quantisation: '',
    weights: '',
    megabytes: 0,
    parts: 1,
    contextLimit: null,
    chats: true,
  };
  return {
    ...usual,
    engine: chosen.name,
    engineProblem: chosen.problem,
    unit: chosen.unit,
    modelLabel: 'Folder of the pipeline (with model_index.json)',
    fetchesModels: false,
    models: [tiny],
    unfitModels: [],
    workloads: [
      {
        name: 'pictures-small',
        summary: '16 images · one prompt at a time · 64 × 64, 8 steps out',
        quickSummary: '8 images · one prompt at a time · 64 × 64, 8 steps out',
      },
    ],
    parameters: [BATCH],
    gpuParameters: [],
    draft: {
      ...usual.draft,
      engine: chosen.name,
      modelPath: tiny.path,
      workload: 'pictures-small',
      tuned: [BATCH.name],
    },
  };
}
