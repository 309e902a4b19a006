// The core inside the app: commands by name, live events over one channel.

import { Channel, invoke, type InvokeArgs } from '@tauri-apps/api/core';
import { backendError } from './error';
import type { Backend } from './index';
import type { LiveEvent } from './types';

async function call<T>(command: string, args?: InvokeArgs): Promise<T> {
  try {
    return await invoke<T>(command, args);
  } catch (cause) {
    throw backendError(cause);
  }
}

/** The gateway to the Rust side. */
export function tauriBackend(): Backend {
  return {
    machine: () => call('machine'),
    firstLook: () => call('first_look'),
    newSessionOptions: () => call('new_session_options'),
    createSession: (draft) => call('create_session', { draft }),
    sessions: () => call('sessions'),
    session: (id) => call('session', { id }),
    renameSession: (id, name) => call('rename_session', { id, name }),
    deleteSession: (id) => call('delete_session', { id }),
    follow: (listener) => {
      const channel = new Channel<LiveEvent>();
      channel.onmessage = listener;
      return call('follow', { channel });
    },
    measureDefault: (id) => call('measure_default', { id }),
    ask: (id) => call('ask', { id }),
    runProposal: (id, proposalId) => call('run_proposal', { id, proposalId }),
    confirm: (id) => call('confirm', { id }),
    numericProposal: (id) => call('numeric_proposal', { id }),
    giveReply: (id, exchangeId, reply) => call('give_reply', { id, exchangeId, reply }),
    editProposal: (id, proposalId, settings) => call('edit_proposal', { id, proposalId, settings }),
    dismissProposal: (id, proposalId) => call('dismiss_proposal', { id, proposalId }),
    proposeByHand: (id, settings) => call('propose_by_hand', { id, settings }),
    saveFeedback: (id, trialId, text) => call('save_feedback', { id, trialId, text }),
    agree: (id) => call('agree', { id }),
    autopilot: (id, on) => call('autopilot', { id, on }),
    cancel: (id) => call('cancel', { id }),
    stop: (id) => call('stop', { id }),
    resume: (id) => call('resume', { id }),
    promptPreview: (id) => call('prompt_preview', { id }),
    templates: () => call('templates'),
    saveTemplate: (name, text) => call('save_template', { name, text }),
    restoreTemplate: (name) => call('restore_template', { name }),
    previewTemplate: (id, text) => call('preview_template', { id, text }),
    setApiKey: (baseUrl, key) => call('set_api_key', { baseUrl, key }),
    testConnection: (connection) => call('test_connection', { connection }),
    overview: () => call('overview'),
    exportReport: (id, format) => call('export_report', { id, format }),
    openPath: (path) => call('open_path', { path }),
    powerSeries: (trialId, repeatIndex, maxPoints) =>
      call('power_series', { trialId, repeatIndex, maxPoints }),
  };
}
