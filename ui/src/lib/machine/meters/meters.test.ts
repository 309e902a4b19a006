// Adding, testing, changing and removing meters, mounted as the window mounts them.

import { fireEvent, render, screen, waitFor } from '@testing-library/svelte';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import Harness from '../../../test/Harness.svelte';
import type { Backend, OutsideMeterView } from '$lib/backend';
import { mockBackend } from '$lib/backend/mock';
import { Store } from '$lib/state/store.svelte';
import { fresh, problemsOf } from './kinds';
import Meters from './Meters.svelte';

let backend: Backend;
const changed = vi.fn();

async function open(scenario: string) {
  changed.mockReset();
  backend = mockBackend(new URLSearchParams({ scenario, pace: '0.01' }));
  const store = new Store(backend);
  await store.start();
  render(Harness, { store, of: Meters as never, given: { changed } });
  await screen.findByTestId('add-meter');
}
const field = (testid: string) => screen.getByTestId<HTMLInputElement>(testid);
const type = (testid: string, value: string) =>
  fireEvent.input(field(testid), { target: { value } });
const press = (testid: string) => fireEvent.click(screen.getByTestId(testid));

describe('a new meter', () => {
  beforeEach(() => open('lively'));

  it('is refused where something is missing, and the field has the focus', async () => {
    const put = vi.spyOn(backend, 'putOutsideMeter');
    await press('add-meter');
    await press('save-meter');
    await waitFor(() => expect(document.activeElement).toBe(field('meter-name')));
    expect(put).not.toHaveBeenCalled();
    expect(screen.getByTestId('meter-form').textContent).toContain('http://192.168.1.20');
  });

  it('is tested, then added, and the sensors are looked for anew', async () => {
    await press('add-meter');
    await type('meter-name', 'rack');
    await type('meter-url', 'http://192.168.1.7');
    await press('try-meter');
    expect((await screen.findByText(/It answers/)).textContent).toContain('61.3 W');
    await press('save-meter');
    expect((await screen.findByTestId('meter')).dataset.name).toBe('rack');
    expect(changed).toHaveBeenCalledOnce();
    const [kept] = await backend.outsideMeters();
    expect(kept).toMatchObject({ kind: 'shelly2', scope: 'wall', errorPercent: 3, main: false });
  });

  it('says why it does not answer', async () => {
    await press('add-meter');
    await type('meter-name', 'rack');
    await type('meter-url', 'http://192.168.1.99');
    await press('try-meter');
    expect((await screen.findByText(/No answer from/)).classList.contains('wrong')).toBe(true);
  });

  it('with several things to measure is asked which, and reads that one', async () => {
    const put = vi.spyOn(backend, 'putOutsideMeter');
    await press('add-meter');
    await type('meter-name', 'clamps');
    await type('meter-url', 'http://192.168.1.98');
    await press('try-meter');
    const offers = await screen.findByTestId('offers');
    expect(screen.getByTestId('form-said').textContent).toContain('It measures 2 things');
    const second = [...offers.querySelectorAll('input')].find((one) => one.value === 'em1:1');
    await fireEvent.click(second!);
    expect(field('meter-part').value).toBe('em1:1');
    await press('try-meter');
    expect((await screen.findByText(/It answers/)).textContent).toContain('4.10 W');
    await press('save-meter');
    await waitFor(() => expect(put).toHaveBeenCalledOnce());
    expect(put.mock.calls[0]?.[0]).toMatchObject({ part: 'em1:1' });
  });

  it('names no sum over series as an example that would count one GPU twice', async () => {
    await press('add-meter');
    await press('kind-prometheus');
    expect(screen.getByTestId('meter-form').textContent).toContain('sum(max by (UUID) (');
  });

  it.each([
    ['command', 'meter-command'],
    ['csv', 'meter-path'],
    ['prometheus', 'meter-query'],
  ])('of the kind %s asks for what that kind needs', async (kind, testid) => {
    await press('add-meter');
    await press(`kind-${kind}`);
    expect(field(testid)).toBeTruthy();
    expect(field('meter-unit')).toBeTruthy();
  });
});

describe('a kept meter', () => {
  beforeEach(() => open('plug'));

  it('shows what it is and whether it makes the figure', () => {
    const line = screen.getByTestId('meter').textContent ?? '';
    expect(line).toMatch(/Shelly plug, newer · the whole machine at the wall · ±\s3\s%/);
    expect(line).toContain('makes the figure');
  });
  it('is changed under its old name', async () => {
    const put = vi.spyOn(backend, 'putOutsideMeter');
    await press('edit-meter');
    await type('meter-name', 'plug under the desk');
    await press('save-meter');
    await waitFor(() => expect(put).toHaveBeenCalledOnce());
    expect(put.mock.calls[0]?.[1]).toBe('desk plug');
    await waitFor(() =>
      expect(screen.getByTestId('meter').dataset.name).toBe('plug under the desk'),
    );
  });
  it('is removed only after a question', async () => {
    await press('remove-meter');
    expect(await backend.outsideMeters()).toHaveLength(1);
    await fireEvent.click(await screen.findByTestId('remove-for-good'));
    await waitFor(async () => expect(await backend.outsideMeters()).toHaveLength(0));
  });
});

describe('what cannot be', () => {
  const plug: OutsideMeterView = { ...fresh('tasmota'), name: 'a', url: 'http://a' };
  it('is told by field', () => {
    expect(problemsOf(plug, [])).toEqual({});
    expect(problemsOf({ ...plug, url: 'https://a' }, []).url).toContain('http://');
    expect(problemsOf(plug, ['a']).name).toContain('Another');
    expect(problemsOf({ ...plug, errorPercent: 0 }, []).errorPercent).toBeTruthy();
    expect(problemsOf({ ...plug, periodS: 0.01 }, []).periodS).toBeTruthy();
    expect(problemsOf({ ...plug, averagingS: 0 }, []).averagingS).toBeTruthy();
    const program: OutsideMeterView = { ...fresh('command'), name: 'p', command: 'x' };
    expect(problemsOf({ ...program, part: 'sum' }, [])).toEqual({});
    expect(problemsOf({ ...program, part: 'em1:0' }, []).part).toBeTruthy();
    expect(problemsOf({ ...fresh('csv'), name: 'c', path: 'x' }, [])).toMatchObject({
      path: expect.any(String),
      column: expect.any(String),
    });
  });
});
