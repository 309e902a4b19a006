// A pretended llama-server: its knobs, and what they do to energy and speed. The numbers follow
// what was seen on two CPU cores with SmolLM2; nothing here is measured.

import type { KnobView, ParameterView, Setting } from '../bindings';
import { gauss, type Chance } from './chance';

/** Values by name, as text. */
export type Config = Record<string, string>;

const knob = (
  name: string,
  levels: string,
  standard: string,
  effect: string,
  danger = '',
  changesOutput = false,
): ParameterView => {
  const list = levels.split(' ');
  const numeric = list.every((level) => /^\d+$/.test(level));
  const range = numeric
    ? `whole number, ${list[0]} to ${list.at(-1)}`
    : `one of ${list.join(', ')}`;
  return { name, range, levels: list, default: standard, effect, danger, changesOutput };
};

export const PARAMETERS: ParameterView[] = [
  knob(
    'threads',
    '1 2',
    '2',
    'CPU threads that generate tokens.',
    'More than the physical cores makes each step slower.',
  ),
  knob('threads-batch', '1 2', '2', 'CPU threads that read the prompt.'),
  knob(
    'parallel',
    '1 2 4 8 16',
    '4',
    'Requests decoded together in one pass over the weights.',
    'Each slot keeps its own KV cache in memory.',
  ),
  knob(
    'batch',
    '128 256 512 1024 2048',
    '2048',
    'Tokens handed to the engine at once while it reads prompts.',
  ),
  knob(
    'ubatch',
    '64 128 256 512',
    '512',
    'Tokens computed in one step; at most the batch.',
    'Small values slow long prompts.',
  ),
  knob('flash-attn', 'auto on off', 'auto', 'Attention without storing the whole score matrix.'),
  knob(
    'cache-type-k',
    'f16 q8_0 q4_0',
    'f16',
    'Precision of the keys in the KV cache.',
    'Coarse keys can change answers.',
    true,
  ),
  knob(
    'cache-type-v',
    'f16 q8_0 q4_0',
    'f16',
    'Precision of the values in the KV cache.',
    'Needs flash attention; coarse values can change answers.',
    true,
  ),
  knob('poll', '0 50 100', '50', 'How eagerly idle threads spin while they wait for work.'),
  knob('load-mode', 'mmap none', 'mmap', 'Whether the model file is mapped or read into memory.'),
];

/** Knobs of the GPU itself, offered where one can be set. */
export const GPU_PARAMETERS: ParameterView[] = [
  knob(
    'gpu-power-limit',
    '150 225 300 375 450',
    '450',
    'The most watts that the GPU may draw; less often costs less energy per token.',
    'Too low a limit makes everything on this GPU slow; it is put back after the trial.',
  ),
  knob(
    'gpu-clock-lock',
    '1005 1380 1755 2130 2520',
    '2520',
    'The highest clock of the GPU, MHz; 2520 leaves it free.',
    'A low clock makes answers slow; a lock that you set yourself is lifted after the trial.',
  ),
];

export const DEFAULTS: Config = Object.fromEntries(PARAMETERS.map((p) => [p.name, p.default]));

const TABLE: Record<string, number[]> = {
  '1': [0.358, 0.353, 0.32, 0.28, 0.295],
  '2': [0.429, 0.365, 0.28, 0.228, 0.243],
};

/** What a configuration would cost without noise. */
export function truth(
  config: Config,
  gpu: boolean,
): { joules: number; watts: number; rate: number } {
  const slots = ['1', '2', '4', '8', '16'];
  const nearest = slots.filter((slot) => Number(slot) <= Number(config.parallel)).length - 1;
  let joules = (TABLE[config.threads ?? '2'] ?? TABLE['2'])?.[Math.max(0, nearest)] ?? 0.28;
  if (Number(config.ubatch) === 256) joules *= 0.965;
  if (config.poll === '0') joules *= 0.975;
  if (config['cache-type-k'] === 'q4_0') joules *= 1.14;
  if (gpu) joules *= 1.9;
  const watts = gpu ? 268 : config.threads === '1' ? 18 : 26;
  return { joules, watts, rate: watts / joules };
}

/** One window: J/token with scatter, seconds, tokens per second. */
export function window(config: Config, gpu: boolean, quick: boolean, next: Chance) {
  const { joules, watts } = truth(config, gpu);
  const joulesPerUnit = joules * Math.exp(0.026 * gauss(next));
  const tokensPerSecond = watts / joulesPerUnit;
  const tokens = quick ? 512 : 2048;
  return { joulesPerUnit, tokensPerSecond, tokens, windowS: tokens / tokensPerSecond };
}

/** A diff between two configurations, one entry per knob that differs or is named. */
export function diff(
  from: Config,
  to: Config,
  reasons: Config = {},
  keep: string[] = [],
): KnobView[] {
  return PARAMETERS.filter((p) => from[p.name] !== to[p.name] || keep.includes(p.name)).map(
    (p) => ({
      name: p.name,
      from: from[p.name] ?? p.default,
      to: to[p.name] ?? p.default,
      changed: from[p.name] !== to[p.name],
      sentence: reasons[p.name] ?? p.effect,
      danger: p.danger,
    }),
  );
}

/** Applies settings after checking them; throws with what, where and what to do. */
export function apply(base: Config, settings: Setting[]): Config {
  const result = { ...base };
  for (const { name, value } of settings) {
    const parameter = PARAMETERS.find((p) => p.name === name);
    if (!parameter) throw new Error(`There is no knob called ${name}.`);
    const numeric = parameter.range.startsWith('whole');
    const [low, high] = [Number(parameter.levels[0]), Number(parameter.levels.at(-1))];
    const fits = numeric
      ? /^\d+$/.test(value) && Number(value) >= low && Number(value) <= high
      : parameter.levels.includes(value);
    if (!fits) throw new Error(`${name} cannot be “${value}”: it takes ${parameter.range}.`);
    result[name] = value;
  }
  if (Number(result.ubatch) > Number(result.batch))
    throw new Error(`ubatch (${result.ubatch}) must be at most batch (${result.batch}).`);
  return result;
}

/** One text for equal configurations. */
export const key = (config: Config) => PARAMETERS.map((p) => config[p.name]).join('|');

export function commandLine(config: Config): string {
  const flags = PARAMETERS.filter((p) => config[p.name] !== p.default);
  const context = 1024 * Number(config.parallel);
  return [
    'llama-server --model SmolLM2-135M-Instruct-Q4_1.gguf --host 127.0.0.1 --port 8080',
    `--ctx-size ${context}`,
    ...flags.map((p) => `--${p.name} ${config[p.name]}`),
  ].join(' ');
}
