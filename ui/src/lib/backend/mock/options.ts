// What can be chosen for a new session on the pretended machines.

import type { NewSessionOptions } from '../bindings';
import { GPU_PARAMETERS, PARAMETERS } from './engine';
import { ENGINES } from './engines';
import { NO_CONNECTION } from './machine';

/** What can be chosen, with a draft that is ready to start. */
export function options(gpu: boolean, advisorModels: boolean): NewSessionOptions {
  const smol = {
    name: 'SmolLM2-135M-Instruct',
    path: '/home/you/.local/share/wattsmith/assets/models/SmolLM2-135M-Instruct-Q4_1.gguf',
    quantisation: 'Q4_1',
    weights: 'Q4_1, 5.85 bits per weight',
    megabytes: 98,
    parts: 1,
    contextLimit: 8192,
    chats: true,
  };
  const qwen = {
    name: 'Qwen2.5-Coder-1.5B-Instruct',
    path: '/home/you/.local/share/wattsmith/assets/models/qwen2.5-coder-1.5b-instruct-q4_k_m.gguf',
    quantisation: 'Q4_K_M',
    weights: 'Q4_K_M, 5.02 bits per weight',
    megabytes: 1117,
    parts: 1,
    contextLimit: 32768,
    chats: true,
  };
  return {
    engine: 'llama-server',
    engineProblem: '',
    engines: ENGINES,
    unit: 'token',
    modelLabel: 'Model file (.gguf)',
    fetchesModels: true,
    models: [smol, qwen],
    running: gpu
      ? [
          {
            url: 'http://127.0.0.1:11434',
            version: 'Ollama 0.33.0',
            model: 'qwen3:8b',
            trouble: '',
          },
        ]
      : [],
    unfitModels: [
      {
        name: 'mmproj-model-f16',
        path: '/home/you/.local/share/wattsmith/models/mmproj-model-f16.gguf',
        megabytes: 851,
        reason:
          'This is the vision part of another model (a projector), and writes no text by itself. ' +
          'Choose the model that it belongs to.',
      },
    ],
    advisorModels: advisorModels ? [qwen, smol] : [],
    providers: [
      { kind: 'openai', baseUrl: 'https://api.openai.com/v1' },
      { kind: 'anthropic', baseUrl: 'https://api.anthropic.com/v1' },
      { kind: 'gemini', baseUrl: 'https://generativelanguage.googleapis.com/v1beta' },
      { kind: 'ollama', baseUrl: 'http://127.0.0.1:11434' },
    ],
    workloads: [
      {
        name: 'chat',
        summary: '32 requests · 8 at once · 64 tokens out',
        quickSummary: '32 requests · 8 at once · 16 tokens out',
      },
      {
        name: 'batch',
        summary: '64 requests · 16 at once · 128 tokens out',
        quickSummary: '64 requests · 16 at once · 128 tokens out',
      },
      {
        name: 'single',
        summary: '16 requests · 1 at once · 128 tokens out',
        quickSummary: '16 requests · 1 at once · 128 tokens out',
      },
    ],
    parameters: PARAMETERS,
    gpuParameters: gpu ? GPU_PARAMETERS : [],
    draft: {
      name: '',
      engine: 'llama-server',
      modelPath: gpu ? qwen.path : smol.path,
      attach: '',
      workload: 'chat',
      workFile: '',
      arrivals: 'clients',
      answerTokens: null,
      advisor: advisorModels ? 'guided' : 'surrogate',
      connection: advisorModels
        ? { ...NO_CONNECTION, kind: 'local', model: qwen.path }
        : NO_CONNECTION,
      threshold: '10%',
      minTokensPerSecond: null,
      maxTimeToFirstTokenS: null,
      qualityLock: true,
      tuned: PARAMETERS.filter((p) => !p.changesOutput).map((p) => p.name),
      tuneGpu: false,
      budget: 12,
      repeats: 3,
      adaptive: true,
      quick: false,
      memory: true,
      start: [],
    },
  };
}
