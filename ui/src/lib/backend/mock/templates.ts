// The pretended prompt templates, and a renderer that knows only `{{ name }}`.

import type { TemplateView } from '../bindings';

const ENHANCED = `You tune an inference server so that each generated token costs less energy.

Machine: {{ machine }}
Engine: {{ engine }}
Model: {{ model }}
Workload: {{ workload }}
Goal: {{ goal }}

Measured so far:
{{ trials }}

What the person says about the last trial:
{{ feedback }}

Choose the next settings. Answer with JSON: {"choice": n, "reason": "...", "predicted": J per token}.
`;
const BASELINE = `Settings tried and their energy per token:
{{ trials }}

Propose the next settings as JSON.
`;

const TALK = `Answer the person from these facts only.

Machine: {{ machine }}
Measured so far:
{{ trials }}

The person asks: {{ question }}
`;

export const BUILT_IN: Record<string, string> = {
  enhanced: ENHANCED,
  baseline: BASELINE,
  talk: TALK,
};

/** What a template may name. */
export const PLACEHOLDERS = [
  'machine',
  'engine',
  'model',
  'workload',
  'goal',
  'trials',
  'feedback',
  'question',
];

/** Fills the placeholders; throws on an unknown one, with the line. */
export function render(text: string, values: Record<string, string>): string {
  return text
    .split('\n')
    .map((line, index) =>
      line.replace(/\{\{\s*([\w.]+)\s*\}\}/g, (_, name: string) => {
        const value = values[name];
        if (value === undefined)
          throw new Error(
            `Line ${index + 1}: there is nothing called “${name}” to fill in. Known are ${PLACEHOLDERS.join(', ')}.`,
          );
        return value;
      }),
    )
    .join('\n');
}

/** The list as the screen shows it. */
export function templateViews(texts: Record<string, string>): TemplateView[] {
  return Object.entries(texts).map(([name, text]) => ({
    name,
    text,
    hash: [...text]
      .reduce((sum, c) => (Math.imul(sum, 31) + c.charCodeAt(0)) >>> 0, 7)
      .toString(16)
      .padEnd(64, '5'),
    edited: text !== BUILT_IN[name],
  }));
}
