// Free talk, mounted as the window mounts it.

import { fireEvent, render, screen } from '@testing-library/svelte';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import Harness from '../../test/Harness.svelte';
import type { Backend, SessionView } from '$lib/backend';
import { mockBackend } from '$lib/backend/mock';
import { quiet } from '$lib/state/live';
import { Store } from '$lib/state/store.svelte';
import Exchange from './exchange/Exchange.svelte';
import Story from './Story.svelte';
import Talk from './Talk.svelte';

let backend: Backend;
let store: Store;
let view: SessionView;

async function open(scenario: string) {
  backend = mockBackend(new URLSearchParams({ scenario, pace: '0.01' }));
  store = new Store(backend);
  await store.start();
  await store.show('s-chat');
  if (!store.open) throw new Error(store.trouble);
  view = store.open;
}

const story = () =>
  render(Harness, {
    store,
    of: Story as never,
    given: { view, live: quiet(), mode: 'read', back: () => undefined },
  });
beforeEach(() => open('lively'));

const talk = () =>
  render(Harness, {
    store,
    of: Talk as never,
    given: { view, asked: () => undefined },
  });

describe('free talk', () => {
  it('sends the question to the session’s chat model and empties the field', async () => {
    const say = vi.spyOn(backend, 'say');
    talk();
    const field = screen.getByTestId<HTMLTextAreaElement>('talk-text');
    expect(screen.getByTestId<HTMLButtonElement>('talk-ask').disabled).toBe(true);
    await fireEvent.input(field, { target: { value: ' Why is it slower? ' } });
    await fireEvent.click(screen.getByTestId('talk-ask'));
    expect(say).toHaveBeenCalledWith('s-chat', 'Why is it slower?');
    await vi.waitFor(() => expect(field.value).toBe(''));
  });
  it('shows question and answer, and what could not be offered', () => {
    const item = view.story.find((one) => one.item === 'exchange');
    if (item?.item !== 'exchange') throw new Error('the scene has no exchange');
    render(Exchange, {
      item: {
        ...item,
        question: 'Why?',
        reply: 'Because of **slots**.',
        answer: 'Because of **slots** [not so: it is threads].',
        outcome: 'answered',
        note: 'threads must be at most 16',
        cost: 0.0123,
        costEstimated: true,
      },
    });
    expect(screen.getByTestId('question').textContent).toBe('Why?');
    expect(screen.getByTestId('answer').querySelector('strong')?.textContent).toBe('slots');
    expect(screen.getByTestId('answer').textContent).toContain('[not so: it is threads]');
    expect(screen.getByTestId('exchange').textContent).toContain('Not offered: threads must be');
    expect(screen.getByTestId('exchange').textContent).toContain('cost about 0.0123');
  });
  it('asks first where the question would leave this machine', async () => {
    await open('consent');
    const say = vi.spyOn(backend, 'say');
    talk();
    await fireEvent.input(screen.getByTestId('talk-text'), { target: { value: 'Why?' } });
    await fireEvent.click(screen.getByTestId('talk-ask'));
    await fireEvent.click(await screen.findByTestId('agree'));
    await vi.waitFor(() => expect(say).toHaveBeenCalledTimes(2));
  });
  it('shows a question that waits with its reason, and takes it back', async () => {
    await open('running');
    await backend.say('s-chat', 'Why?');
    view = await backend.session('s-chat');
    const takeBack = vi.spyOn(backend, 'takeBack');
    story();
    expect(screen.getByTestId('question').textContent).toBe('Why?');
    expect(screen.getByTestId('reading').textContent).toContain('part of what is measured');
    await fireEvent.click(screen.getByTestId('take-back'));
    expect(takeBack).toHaveBeenCalledWith('s-chat', expect.any(String));
  });
  it('shows an answer while it comes, below its question', async () => {
    await open('beside');
    await backend.say('s-chat', 'Why?');
    view = await backend.session('s-chat');
    const asked = view.story.findLast((one) => one.item === 'exchange');
    const id = asked?.item === 'exchange' ? asked.id : '';
    render(Harness, {
      store,
      of: Story as never,
      given: {
        view,
        live: { ...quiet(), answers: { [id]: 'Both **cores**' } },
        mode: 'read',
        back: () => undefined,
      },
    });
    expect(screen.getByTestId('live-reply').querySelector('strong')?.textContent).toBe('cores');
  });
});
