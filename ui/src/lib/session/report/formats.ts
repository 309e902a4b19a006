// What a report can be written as.

import type { ReportFormat } from '$lib/backend';

export interface FormatChoice {
  format: ReportFormat;
  label: string;
  hint: string;
  suffix: string;
}

export const FORMATS: FormatChoice[] = [
  {
    format: 'html',
    label: 'Web page',
    hint: 'everything, with charts, in one file',
    suffix: 'html',
  },
  { format: 'pdf', label: 'PDF', hint: 'the same on paper, to send or print', suffix: 'pdf' },
  { format: 'markdown', label: 'Markdown', hint: 'short, for notes and issues', suffix: 'md' },
  { format: 'csv', label: 'CSV', hint: 'one row per repeat', suffix: 'csv' },
  { format: 'json', label: 'JSON', hint: 'everything, for programs', suffix: 'json' },
  { format: 'svg', label: 'Charts', hint: 'each chart as an SVG picture', suffix: 'svg' },
  {
    format: 'bundle',
    label: 'Bundle',
    hint: 'with every sample, and a program that checks the joules',
    suffix: 'tar',
  },
];

/** The settings that were found, in forms that other programs read. */
export const SETTINGS: FormatChoice[] = [
  { format: 'command', label: 'Shell command', hint: 'the settings alone', suffix: 'sh' },
  { format: 'systemd', label: 'systemd unit', hint: 'a service of yours', suffix: 'service' },
  { format: 'compose', label: 'Compose file', hint: 'a container', suffix: 'compose.yaml' },
  { format: 'preset', label: 'Preset', hint: 'for llama-server', suffix: 'ini' },
  { format: 'modelfile', label: 'Modelfile', hint: 'for Ollama', suffix: 'Modelfile' },
  { format: 'vllm', label: 'vLLM file', hint: 'for vllm serve --config', suffix: 'vllm.yaml' },
];

/** The format that a file's name asks for. */
export const formatOf = (path: string): ReportFormat | undefined =>
  FORMATS.find((one) => one.suffix === path.split('.').at(-1)?.toLowerCase())?.format;

export const SUFFIXES = FORMATS.map((one) => `.${one.suffix}`).join(', ');
