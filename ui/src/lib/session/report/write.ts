// Writes a report, says where it lies, and offers to open it.

import type { Backend, ReportFormat } from '$lib/backend';
import { toasts } from '$lib/state/toasts.svelte';

const attempt = (call: Promise<unknown>) => void call.catch((cause) => toasts.error(cause));

/** To `out`, or into the reports folder where that is null. */
export async function write(
  backend: Backend,
  id: string,
  format: ReportFormat,
  out: string | null,
  withPaths: boolean,
): Promise<void> {
  const files = await backend.exportReport(id, format, out, withPaths);
  const [first] = files;
  if (first === undefined) return;
  const open = { label: 'Open', run: () => attempt(backend.openPath(first)) };
  const said =
    files.length === 1
      ? `Report written to ${first}`
      : `${files.length} charts written, the first to ${first}`;
  // The system's programs open what lies in Wattsmith's own folder only.
  toasts.done(said, ...(out === null ? [open] : []), {
    label: 'Show in folder',
    run: () => attempt(backend.showInFolder(first)),
  });
}
