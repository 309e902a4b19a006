// The pretended machines: two bare cores whose joules are estimated, one with an NVIDIA GPU, and a
// laptop whose counters are closed, with and without a plug.

import type { ConnectionDraft, MachineView, NewSessionOptions, SensorView } from '../bindings';
import { GPU_PARAMETERS, PARAMETERS } from './engine';

/** Nobody to ask, at no price. */
export const NO_CONNECTION: ConnectionDraft = {
  kind: 'none',
  model: '',
  baseUrl: '',
  priceIn: null,
  priceOut: null,
  spendingCap: null,
};

/** Ways to a chat model, as a session shows them. */
export const CONNECTIONS: Record<string, string> = {
  local: 'local Qwen 1.5B',
  paste: 'copy and paste',
  none: 'no chat model',
};

/** Whether prompts would leave this machine. */
export const isRemote = (kind: string) => ['openai', 'anthropic', 'gemini'].includes(kind);

export const missing = (
  name: string,
  device: string,
  scope: string,
  reason: string,
  remedy: string,
): SensorView => ({
  name,
  device,
  scope,
  available: false,
  error: 0.05,
  periodMs: null,
  step: '',
  averagingMs: null,
  fault: '',
  reason,
  remedy,
});
export const found = (
  name: string,
  device: string,
  scope: string,
  periodMs: number,
  more: Partial<SensorView> = {},
): SensorView => ({
  name,
  device,
  scope,
  available: true,
  error: 0.05,
  periodMs,
  step: '',
  averagingMs: null,
  fault: '',
  reason: '',
  remedy: '',
  ...more,
});

const ESTIMATE = found(
  'Estimate from CPU time',
  '',
  'whole machine, estimated from CPU time',
  100,
  { error: 0.5 },
);
const NO_NVML = missing(
  'NVML',
  'GPU',
  'GPU board',
  'libnvidia-ml.so.1 is not installed: there is no NVIDIA driver here.',
  'With an NVIDIA card: install its driver, then start Wattsmith again.',
);

export const ESTIMATED: MachineView = {
  os: 'Debian GNU/Linux 12',
  kernel: '6.1.0-28-amd64',
  cpu: 'Intel Xeon Processor (Sapphire Rapids)',
  physicalCores: 2,
  logicalCores: 2,
  usableCores: null,
  memoryGib: 7.7,
  gpus: [],
  virtualMachine: 'KVM',
  sensors: [
    ESTIMATE,
    NO_NVML,
    missing(
      'RAPL',
      'CPU package',
      'CPU package',
      '/sys/class/powercap is empty: the virtual machine (KVM) hides the counter.',
      'Run Wattsmith on the host, or ask its administrator to pass the counter through.',
    ),
    missing(
      'hwmon',
      'board',
      'board',
      'No chip under /sys/class/hwmon reports power.',
      'A wall plug that speaks HTTP can measure the whole machine.',
    ),
    missing('Battery', 'battery', 'whole machine', 'There is no battery.', ''),
  ],
  measured: false,
  scope: 'whole machine, estimated from CPU time',
  sensorError: 0.5,
  sentence: 'No power sensor answers here, so joules are estimated from CPU time.',
};

export const WITH_GPU: MachineView = {
  os: 'Ubuntu 24.04',
  kernel: '6.8.0-48-generic',
  cpu: 'AMD Ryzen 9 7950X',
  physicalCores: 16,
  logicalCores: 32,
  usableCores: null,
  memoryGib: 62.6,
  gpus: ['NVIDIA GeForce RTX 4090, 24 GiB'],
  virtualMachine: null,
  sensors: [
    found('NVIDIA GPU energy counter', 'GPU 0: NVIDIA GeForce RTX 4090', 'GPU board', 20, {
      step: '0.001 J',
    }),
    found('NVIDIA GPU power, instant', 'GPU 0: NVIDIA GeForce RTX 4090', 'GPU board', 100, {
      step: '0.001 W',
      averagingMs: 0,
    }),
    ESTIMATE,
    missing(
      'RAPL',
      'CPU package',
      'CPU package',
      'Permission denied: /sys/class/powercap/intel-rapl:0/energy_uj can be read by root only.',
      'sudo chmod o+r /sys/class/powercap/intel-rapl:0/energy_uj',
    ),
    missing('Battery', 'battery', 'whole machine', 'There is no battery.', ''),
  ],
  measured: true,
  scope: 'GPU board',
  sensorError: 0.05,
  sentence: 'The GPU’s own energy counter is read; the CPU is not in the figure.',
};

/** A laptop whose counters only root may read. */
export const DENIED: MachineView = {
  os: 'Debian GNU/Linux 13',
  kernel: '6.12.48-amd64',
  cpu: 'Intel Core i7-1260P',
  physicalCores: 12,
  logicalCores: 16,
  usableCores: '16 of 16 cores: only cores 0-7 are fast ones, the others slower',
  memoryGib: 31.1,
  gpus: [],
  virtualMachine: null,
  sensors: [
    ESTIMATE,
    missing(
      'CPU energy counter (RAPL)',
      'package-0',
      'CPU package',
      'only root may read /sys/class/powercap/intel-rapl:0/energy_uj',
      '',
    ),
    missing(
      'NVIDIA GPU energy counter',
      '',
      'GPU board',
      'the NVIDIA driver’s library could not be loaded',
      '',
    ),
  ],
  measured: false,
  scope: 'whole machine, estimated from CPU time',
  sensorError: 0.5,
  sentence: 'No power sensor answers here, so joules are estimated from CPU time.',
};

/** The same, behind a plug that tells its watts. */
export const WITH_PLUG: MachineView = {
  ...DENIED,
  sensors: [
    found('Plug at the wall', 'desk plug', 'whole machine at the wall', 1000, {
      error: 0.03,
      step: '0.1 W',
    }),
    ...DENIED.sensors,
  ],
  measured: true,
  scope: 'whole machine at the wall',
  sensorError: 0.03,
  sentence: 'Measured: whole machine at the wall (wall-plug).',
};

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
    engine: 'llama-server 86a2835',
    engineProblem: '',
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
    example: true,
    draft: {
      name: '',
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
