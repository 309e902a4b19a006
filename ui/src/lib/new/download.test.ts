// Models that can be fetched, mounted as the window mounts them.

import { fireEvent, render, screen, waitFor } from '@testing-library/svelte';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import Harness from '../../test/Harness.svelte';
import type { Backend } from '$lib/backend';
import { mockBackend } from '$lib/backend/mock';
import { Store } from '$lib/state/store.svelte';
import Download from './Download.svelte';
import { DOWNLOAD, fetchLine, fetchVerb } from './models';

let backend: Backend;
let store: Store;
const fetched = vi.fn();

async function open(pace = '0.01') {
  fetched.mockReset();
  backend = mockBackend(new URLSearchParams({ scenario: 'lively', pace }));
  store = new Store(backend);
  await store.start();
  render(Harness, { store, of: Download as never, given: { fetched } });
  await screen.findByTestId('fetch-Pretend-3B');
}
const press = (testid: string) => fireEvent.click(screen.getByTestId(testid));
const type = (testid: string, value: string) =>
  fireEvent.input(screen.getByTestId(testid), { target: { value } });
const plain = (text: string | null | undefined) => text?.replace(/\s+/g, ' ').trim();
const said = () => plain(screen.getByTestId('download-said').textContent);

describe('models to fetch', () => {
  beforeEach(() => open());

  it('are folded away, with size, licence and whether they find room', () => {
    const folded = screen.getByTestId('download-model');
    expect(folded.hasAttribute('open')).toBe(false);
    const text = plain(folded.textContent);
    expect(text).toContain('Nothing is fetched unless you say so.');
    expect(text).toContain('1929 MB · Apache-2.0 · fits into memory and on the disk');
    expect(text).toContain('does not fit into memory now: its weights alone take 42.5 GB');
  });

  it('are not fetched by looking', async () => {
    const { phase, ended } = await backend.downloads();
    expect([phase.kind, ended]).toEqual(['idle', null]);
  });

  it('are chosen when they are here', async () => {
    await press('fetch-Pretend-3B');
    await waitFor(() => expect(fetched).toHaveBeenCalledOnce());
    const path = fetched.mock.calls[0]?.[0] as string;
    expect(path).toMatch(/pretend-3b\.gguf$/);
    expect(said()).toContain('checked by its SHA-256');
    const options = await backend.newSessionOptions('');
    expect(options.models.map((one) => one.path)).toContain(path);
    expect(screen.getByTestId('fetch-Pretend-3B').textContent).toBe('Use it');
  });

  it('may be any other, and one that nobody vouches for says so', async () => {
    const start = vi.spyOn(backend, 'startDownload');
    await type('download-other', ' https://models.example/tiny.gguf ');
    await press('fetch-other');
    await waitFor(() => expect(fetched).toHaveBeenCalledOnce());
    expect(said()).toContain('it is not verified');
    await type('download-other', 'some-one/tiny-GGUF/tiny.gguf');
    await type('download-sha256', 'ab'.repeat(32));
    await fireEvent.keyDown(screen.getByTestId('download-sha256'), { key: 'Enter' });
    await waitFor(() => expect(start).toHaveBeenCalledTimes(2));
    expect(start.mock.calls[1]).toEqual(['some-one/tiny-GGUF/tiny.gguf', 'ab'.repeat(32)]);
  });

  it('that are none are refused with how they are named', async () => {
    await type('download-other', 'tiny');
    await press('fetch-other');
    await waitFor(() => expect(said()).toContain('OWNER/REPOSITORY/FILE.gguf'));
    expect(screen.getByTestId('download-said').classList.contains('wrong')).toBe(true);
    expect(fetched).not.toHaveBeenCalled();
  });
});

describe('a download', () => {
  beforeEach(() => open('0.2'));

  it('shows how far it is, is cancelled and goes on later', async () => {
    await press('fetch-Pretend-3B');
    const runs = await screen.findByTestId('downloading');
    expect(runs.textContent).toMatch(/MB\/s, about \d+ s left/);
    const bar = () =>
      Number(
        screen
          .getByTestId('downloading')
          .querySelector('[role=progressbar]')
          ?.getAttribute('aria-valuenow'),
      );
    await waitFor(() => {
      store.beat();
      expect(bar()).toBeGreaterThan(0);
    });
    // Closing the window then would lose nothing.
    expect(store.working).toBe(false);
    await press('cancel-download');
    await waitFor(() => expect(screen.queryByTestId('downloading')).toBeNull());
    expect(fetched).not.toHaveBeenCalled();
    const button = await screen.findByText('Go on');
    expect(plain(screen.getByTestId('download-model').textContent)).toContain('of it are here');
    await fireEvent.click(button);
    await screen.findByTestId('downloading');
    await waitFor(() => {
      store.beat();
      expect(bar()).toBeGreaterThan(0);
    });
  });

  it('that runs already is shown to whoever opens the form', async () => {
    await press('fetch-Pretend-3B');
    const { phase } = await backend.downloads();
    expect(phase.kind).toBe('downloading');
    render(Harness, { store, of: Download as never, given: { fetched } });
    await waitFor(() => expect(screen.getAllByTestId('downloading')).toHaveLength(2));
    expect(store.live(DOWNLOAD).phase?.kind).toBe('downloading');
  });
});

describe('the words beside a model', () => {
  const model = {
    name: 'A',
    title: 'A',
    licence: 'MIT',
    megabytes: 98,
    noRoom: '',
    begunMegabytes: null,
    path: '',
  };
  it('say what is here of it', () => {
    expect(plain(fetchLine({ ...model, begunMegabytes: 12 }))).toBe(
      '98 MB · MIT · fits into memory and on the disk · 12 MB of it are here',
    );
    expect(plain(fetchLine({ ...model, path: '/a.gguf' }))).toBe('98 MB · MIT · here');
    expect(
      [model, { ...model, begunMegabytes: 1 }, { ...model, path: '/a' }].map(fetchVerb),
    ).toEqual(['Fetch', 'Go on', 'Use it']);
  });
});
