// Both twins offer the same calls, and the real one speaks the names that the core listens to.

import { afterEach, describe, expect, it, vi } from 'vitest';
import { clearMocks, mockIPC } from '@tauri-apps/api/mocks';
import { insideApp, openBackend } from './index';
import { mockBackend } from './mock';
import { tauriBackend } from './tauri';

afterEach(() => clearMocks());

describe('the gateway', () => {
  it('has two twins with the same calls', () => {
    expect(Object.keys(tauriBackend()).sort()).toEqual(
      Object.keys(mockBackend(new URLSearchParams())).sort(),
    );
  });
  it('is the simulation in a plain browser', async () => {
    expect(insideApp()).toBe(false);
    expect((await (await openBackend()).sessions()).length).toBeGreaterThan(0);
  });
  it('calls the core by snake case, with camel case arguments', async () => {
    const heard: [string, unknown][] = [];
    mockIPC((command, args) => void heard.push([command, args]));
    const backend = tauriBackend();
    await backend.runProposal('s', 'p');
    await backend.saveFeedback('s', 't', null);
    await backend.newSessionOptions('');
    expect(heard.map(([command]) => command)).toEqual([
      'run_proposal',
      'save_feedback',
      'new_session_options',
    ]);
    expect(heard[0]?.[1]).toEqual({ id: 's', proposalId: 'p' });
    expect(heard[1]?.[1]).toEqual({ id: 's', trialId: 't', text: null });
  });
  it('rejects with the code and the text of the core', async () => {
    mockIPC(() => {
      throw { code: 'consent-needed', message: 'Prompts would go to a server.' };
    });
    await expect(tauriBackend().ask('s')).rejects.toMatchObject({
      name: 'BackendError',
      code: 'consent-needed',
      message: 'Prompts would go to a server.',
    });
  });
  it('hands live events on as they come', async () => {
    const listener = vi.fn();
    mockIPC((_, args) => {
      const { channel } = args as { channel: { onmessage: (event: unknown) => void } };
      channel.onmessage({ event: 'changed', sessionId: 's' });
    });
    await tauriBackend().follow(listener);
    expect(listener).toHaveBeenCalledWith({ event: 'changed', sessionId: 's' });
  });
});
