// The pretended report: as much of a page as the window needs to show one.

import type { ReportFormat } from '../bindings';
import type { Kept } from './session';
import { view } from './session';

const escaped = (text: string) =>
  text.replace(/[&<>]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[sign] ?? sign);

/** A page with the headline, the first section and a line for each trial. */
export function page(s: Kept, withPaths: boolean): string {
  const { answer, trend } = view(s);
  const home = withPaths ? '/home/you' : '~';
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escaped(s.name)}</title>
<style>:root{color-scheme:light dark}body{font:15px/1.55 Inter,system-ui,sans-serif;max-width:1040px;margin:0 auto;padding:48px 32px}</style></head>
<body><main><h1>${escaped(s.name)}</h1><h2>${escaped(answer.headline)}</h2><h2>In plain words</h2>
<p>1,000 answers of 64 tokens take 3.24 Wh instead of 4.05 Wh.</p>
<p>Not shown, since nobody entered it: money (price of a kWh and its currency). Enter it under Settings in the window.</p>
<h2>Every trial</h2><ul>${trend.map((one) => `<li>Trial ${one.number}</li>`).join('')}</ul>
<pre>${home}/.local/share/wattsmith/assets/llama-server --threads 2</pre></main></body></html>`;
}

/** Those that are not called as their format is. */
const suffixes: Partial<Record<ReportFormat, string>> = {
  markdown: 'md',
  command: 'sh',
  systemd: 'service',
  compose: 'compose.yaml',
  preset: 'ini',
  modelfile: 'Modelfile',
  vllm: 'vllm.yaml',
  bundle: 'tar',
};

/** Where a report would be written. */
export function files(s: Kept, format: ReportFormat, out: string | null): string[] {
  const suffix = suffixes[format] ?? format;
  const stem = `/home/you/Documents/Wattsmith/${s.name.replace(/\W+/g, '-')}`;
  const path = out?.replace(/^~/, '/home/you') ?? `${stem}.${suffix}`;
  if (format !== 'svg') return [path];
  return ['energy-by-trial', 'energy-and-throughput'].map((chart) =>
    path.replace(/\.svg$/, `-${chart}.svg`),
  );
}
