// What terminal and report say of a record is on the screen, too. The records and what both say of them
// are written by a test of the core (tests/it/said.rs).

import { render, screen } from '@testing-library/svelte';
import { describe, expect, it } from 'vitest';
import Harness from '../../test/Harness.svelte';
import written from '../../test/records.json';
import type { SessionView } from '$lib/backend';
import { mockBackend } from '$lib/backend/mock';
import { figure } from '$lib/format/number';
import { Store } from '$lib/state/store.svelte';
import { openTrials } from '$lib/story/open.svelte';
import SessionPage from './SessionPage.svelte';

interface Written {
  records: { label: string; said: string[]; view: SessionView }[];
  numbers: [number, string][];
}
const { records, numbers } = written as unknown as Written;

const plain = (text: string | null) =>
  (text ?? '')
    .replace(/[\u00a0\u202f]/g, ' ')
    .replace(/±\s*/g, '± ')
    .replace(/\s+/g, ' ');

async function draw(view: SessionView): Promise<string> {
  const backend = mockBackend(new URLSearchParams());
  backend.session = () => Promise.resolve(view);
  const store = new Store(backend);
  await store.show(view.id);
  for (const item of view.story) if (item.item === 'trial') openTrials.open(item.id);
  const { container } = render(Harness, {
    store,
    of: SessionPage as never,
    given: { id: view.id },
  });
  return plain(container.textContent);
}

describe('the window', () => {
  it.each(records)(
    'says of a session that is $label what terminal and report say',
    async ({ view, said }) => {
      const text = await draw(view);
      expect(said.length).toBeGreaterThan(2);
      for (const words of said) expect(text).toContain(plain(words));
    },
  );
  it('puts the answer of the core first, word for word', async () => {
    const view = records.find((record) => record.label === 'confirmed')?.view;
    if (!view) throw new Error('no record is confirmed');
    await draw(view);
    expect(plain(screen.getByTestId('answer-headline').textContent)).toBe(
      plain(view.answer.headline),
    );
    expect(screen.getByTestId('answer').textContent).toContain('default');
  });
  it('rounds a figure of its own as the core does', () => {
    for (const [value, text] of numbers) expect(figure(value).replace(/\u202f/g, '')).toBe(text);
  });
});
