// A session goes out as one file and comes in as one; what is none says so and changes nothing.

import { fireEvent, render, screen } from '@testing-library/svelte';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import Harness from '../../test/Harness.svelte';
import { mockBackend } from '$lib/backend/mock';
import { Store } from '$lib/state/store.svelte';
import { router } from '$lib/state/route.svelte';
import { toasts } from '$lib/state/toasts.svelte';
import ExportSession from './ExportSession.svelte';
import ImportSession from './ImportSession.svelte';
import { dropped, importing } from './importing.svelte';

const backend = () => mockBackend(new URLSearchParams('pace=0.01'));
async function opened(of: unknown, props: (store: Store) => Record<string, unknown>) {
  const store = new Store(backend());
  await store.start();
  await store.show('s-chat');
  render(Harness, { store, of: of as never, given: props(store) as never });
  return store;
}
const typed = (id: string, value: string) =>
  fireEvent.input(screen.getByTestId(id), { target: { value } });

beforeEach(() => {
  toasts.list = [];
  Object.assign(importing, { open: false, path: '' });
});
afterEach(() => delete document.documentElement.dataset.chosen);

describe('the export', () => {
  const dialog = () => opened(ExportSession, (store) => ({ open: true, view: store.open }));
  it('offers a name made of the session’s, and says where the file lies', async () => {
    await dialog();
    const field = await screen.findByTestId<HTMLInputElement>('export-path');
    expect(field.value).toMatch(/^~\/[\w-]+\.wattsmith\.json$/);
    await fireEvent.click(screen.getByTestId('export-now'));
    await vi.waitFor(() =>
      expect(toasts.list[0]?.text).toMatch(/^Session written to \/home\/you\/.*\.json$/),
    );
    expect(toasts.list[0]?.actions?.map((one) => one.label)).toEqual(['Show in folder']);
  });
  it('writes over no file unless the system’s dialog has asked about it', async () => {
    const store = await dialog();
    const spy = vi.spyOn(store.backend, 'exportSession');
    await screen.findByTestId('export-path');
    await typed('export-path', '~/there.wattsmith.json');
    await fireEvent.click(screen.getByTestId('export-now'));
    await screen.findByText(/There is a file .* already\. Choose another name\./);
    expect(toasts.list).toEqual([]);
    document.documentElement.dataset.chosen = '/home/you/there.wattsmith.json';
    await fireEvent.click(screen.getByTestId('export-path-choose'));
    await vi.waitFor(() =>
      expect(screen.getByTestId<HTMLInputElement>('export-path').value).toBe(
        '/home/you/there.wattsmith.json',
      ),
    );
    await fireEvent.click(screen.getByTestId('export-now'));
    await vi.waitFor(() => expect(toasts.list).toHaveLength(1));
    expect(spy.mock.calls.map(([, , replace]) => replace)).toEqual([false, true]);
  });
});

describe('the import', () => {
  const dialog = async () => {
    const store = await opened(ImportSession, () => ({}));
    importing.ask();
    await screen.findByTestId('import-path');
    return store;
  };
  it('takes a session in, marks it, and shows it', async () => {
    const store = await dialog();
    await typed('import-path', '/home/you/laptop.wattsmith.json');
    await fireEvent.click(screen.getByTestId('import-now'));
    await vi.waitFor(() => expect(importing.open).toBe(false));
    expect(router.now).toEqual({ page: 'session', id: 's-brought' });
    expect(store.sessions?.find((one) => one.id === 's-brought')?.imported).toBe(true);
    expect((await store.backend.session('s-brought')).imported).toContain('Imported from a file');
    const lines = await store.backend.overview();
    expect(lines.flatMap((one) => one.points).filter((one) => one.imported)).toHaveLength(1);
  });
  it.each([
    ['damaged.json', /damaged or cut off: .* line 1 column .*Copy it again/],
    ['newer.json', /a newer Wattsmith wrote.*Take that version/],
    ['other.json', /no session written by Wattsmith.*“Export…”/],
    ['', /Say which file/],
  ])('says of %s what is wrong and changes nothing', async (path, said) => {
    const store = await dialog();
    const before = store.sessions?.length;
    await typed('import-path', path);
    await fireEvent.keyDown(screen.getByTestId('import-path'), { key: 'Enter' });
    await screen.findByText(said);
    expect(importing.open).toBe(true);
    await store.readSessions();
    expect(store.sessions?.length).toBe(before);
  });
  it('tells that a session is here already', async () => {
    const store = await dialog();
    await store.backend.importSession('/home/you/laptop.wattsmith.json');
    await typed('import-path', '/home/you/laptop.wattsmith.json');
    await fireEvent.click(screen.getByTestId('import-now'));
    await screen.findByText(/is here already, as “SmolLM2 · laptop”: nothing was changed/);
  });
  it('is asked for by a session’s file that is dropped, and by no other', () => {
    const [session, model] = ['/a/b.Wattsmith.JSON', '/a/model.gguf'];
    expect(dropped([model, session], false)).toBe(session);
    expect(dropped([model], false)).toBeUndefined();
    // While a file is asked for, what is dropped is meant, whatever its name.
    expect(dropped(['/a/renamed.txt'], true)).toBe('/a/renamed.txt');
  });
});
