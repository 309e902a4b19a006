// The simulation plays the whole loop, so that what is tested against it means something.

import { describe, expect, it } from 'vitest';
import type { Backend, LiveEvent, NextStep } from '../index';
import { mockBackend } from './index';

const play = (scenario: string) => {
  const backend = mockBackend(new URLSearchParams({ scenario, pace: '0.002' }));
  const events: LiveEvent[] = [];
  void backend.follow((event) => events.push(event));
  return { backend, events };
};

async function settled(backend: Backend, id: string): Promise<NextStep> {
  for (let n = 0; n < 2000; n++) {
    const { next } = await backend.session(id);
    if (next.step !== 'busy') return next;
    await new Promise((done) => setTimeout(done, 2));
  }
  throw new Error('the simulation never settled');
}

describe('the simulation', () => {
  it('goes from nothing to a confirmed saving by itself', async () => {
    const { backend, events } = play('first-run');
    const { draft } = await backend.newSessionOptions('');
    const id = await backend.createSession(draft);
    expect((await backend.session(id)).next.step).toBe('measure-default');
    await backend.autopilot(id, true);
    for (let n = 0; n < 3000; n++) {
      if ((await backend.session(id)).next.step === 'ended') break;
      await new Promise((done) => setTimeout(done, 3));
    }
    const view = await backend.session(id);
    expect(view.next).toEqual({ step: 'ended', ending: 'threshold reached' });
    expect(view.best?.confirmed).toBe(true);
    expect(view.best?.verdict.kind).toBe('better');
    expect(new Set(events.map((event) => event.event))).toEqual(
      new Set(['phase', 'power', 'reply', 'changed']),
    );
  });
  it('refuses a second job while one runs', async () => {
    const { backend } = play('lively');
    await backend.ask('s-chat');
    await expect(backend.ask('s-chat')).rejects.toMatchObject({ code: 'busy' });
    expect((await settled(backend, 's-chat')).step).toBe('decide');
  });
  it('asks for consent before a server is asked', async () => {
    const { backend } = play('consent');
    await expect(backend.ask('s-chat')).rejects.toMatchObject({ code: 'consent-needed' });
    await backend.agree('s-chat');
    await backend.ask('s-chat');
    expect((await settled(backend, 's-chat')).step).toBe('decide');
  });
  it('keeps a refused pasted reply with its reason, then takes a good one', async () => {
    const { backend } = play('paste');
    await backend.ask('s-chat');
    const next = await settled(backend, 's-chat');
    if (next.step !== 'paste') throw new Error(`expected paste, got ${next.step}`);
    const give = (reply: string) => backend.giveReply('s-chat', next.exchangeId, reply);
    for (const [reply, reason] of [
      ['I cannot say.', 'no JSON'],
      ['{"threads": "1"}', 'measured already'],
      ['{"parallel": 99}', 'whole number, 1 to 16'],
    ]) {
      await give(reply!);
      const { story } = await backend.session('s-chat');
      const kept = story.find((one) => one.item === 'exchange' && one.id === next.exchangeId);
      expect(kept).toMatchObject({
        outcome: 'refused',
        reply,
        note: expect.stringContaining(reason!),
      });
    }
    await give('Sure! {"parallel": "8", "threads": 2, "reason": "more per pass"}');
    expect((await backend.session('s-chat')).next.step).toBe('decide');
  });
  it('takes back a cancelled trial and leaves nothing running', async () => {
    const backend = mockBackend(new URLSearchParams({ scenario: 'empty', pace: '0.02' }));
    await backend.measureDefault('s-chat');
    await backend.cancel('s-chat');
    expect((await settled(backend, 's-chat')).step).toBe('measure-default');
    const trial = (await backend.session('s-chat')).story.find((item) => item.item === 'trial');
    expect(trial).toMatchObject({ state: 'discarded', joulesPerUnit: null });
  });
  it('never puts estimated and measured figures on one line', async () => {
    const { backend } = play('measured-gpu');
    const lines = await backend.overview();
    expect(new Set(lines.map((line) => line.estimated))).toEqual(new Set([true, false]));
    for (const line of lines) {
      const found = await Promise.all(line.points.map((point) => backend.session(point.sessionId)));
      expect(found.every((view) => view.estimated === line.estimated)).toBe(true);
    }
  });
});
