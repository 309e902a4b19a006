import { expect, it } from 'vitest';
import { mockBackend } from '$lib/backend/mock';
import type { StoryItem } from '$lib/backend';
import { entriesOf } from './entries';

const story = async (scenario: string, id = 's-chat') =>
  (await mockBackend(new URLSearchParams({ scenario })).session(id)).story;
const kinds = (items: StoryItem[]) => entriesOf(items).map((entry) => entry.kind);

it('tells a proposal and its trial as one', async () => {
  const entries = entriesOf(await story('lively'));
  // What led to a finished trial and what was said of it is in its card; the last feedback stands alone.
  expect(entries.map((e) => e.kind)).toEqual(['trial', 'trial', 'trial', 'feedback']);
  const [first, second] = entries.filter((e) => e.kind === 'trial');
  expect(first?.kind === 'trial' && first.proposal).toBeNull();
  expect(second?.kind === 'trial' && second.proposal?.status).toBe('taken');
  expect(second?.kind === 'trial' && second.led).toHaveLength(1);
  expect(second?.kind === 'trial' && second.told?.sent).toBe(true);
});
it('keeps a taken proposal whose trial is not there yet', async () => {
  const items = await story('lively');
  const cut = items.slice(0, items.findIndex((item) => item.item === 'proposal') + 1);
  expect(kinds(cut)).toEqual(['trial', 'feedback', 'exchange', 'proposal']);
});
it('does not lend a proposal to a later trial', async () => {
  const items = await story('failed');
  const last = entriesOf(items).findLast((e) => e.kind === 'trial');
  expect(last?.kind === 'trial' && last.proposal).toBeNull();
});
it('gives every entry a key of its own', async () => {
  const keys = entriesOf(await story('ended')).map((entry) => entry.key);
  expect(new Set(keys).size).toBe(keys.length);
});
it('keeps a proposal with its trial, whatever was asked between them', async () => {
  const items = await story('lively');
  const at = items.findIndex((item) => item.item === 'proposal') + 1;
  const asked = items.find((item) => item.item === 'exchange');
  if (asked?.item !== 'exchange') throw new Error('the scene has no exchange');
  const question: StoryItem = { ...asked, id: 'asked', question: 'Why?', outcome: 'answered' };
  const entries = entriesOf([...items.slice(0, at), question, ...items.slice(at)]);
  const trial = entries.find((e) => e.kind === 'trial' && e.proposal !== null);
  expect(trial?.kind).toBe('trial');
  expect(entries.filter((e) => e.kind === 'proposal')).toEqual([]);
  expect(entries.filter((e) => e.kind === 'exchange').map((e) => e.key)).toEqual(['asked']);
});
