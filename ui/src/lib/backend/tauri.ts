// The core inside the app, through the generated commands; live events come over one channel.

import { Channel } from '@tauri-apps/api/core';
import { getCurrentWebview } from '@tauri-apps/api/webview';
import { getCurrentWindow } from '@tauri-apps/api/window';
import { commands, type LiveEvent, type WireError } from './bindings';
import { backendError } from './error';
import type { Backend } from './index';

type Answer = { status: 'ok'; data: unknown } | { status: 'error'; error: WireError };
type Command = (...args: never[]) => Promise<Answer>;
type Data<A> = A extends { status: 'ok'; data: infer T } ? ([T] extends [null] ? void : T) : never;
type Opened<C> = {
  [Name in keyof C]: C[Name] extends (...args: infer A) => Promise<infer R>
    ? (...args: A) => Promise<Data<R>>
    : never;
};

/** Makes of each command one that gives its data or rejects with a `BackendError`. */
function opened<C extends Record<string, Command>>(commands: C): Opened<C> {
  const open =
    (command: Command) =>
    async (...args: never[]) => {
      let answer: Answer;
      try {
        answer = await command(...args);
      } catch (cause) {
        throw backendError(cause);
      }
      if (answer.status === 'error') throw backendError(answer.error);
      return answer.data;
    };
  const pairs = Object.entries(commands).map(([name, command]) => [name, open(command)]);
  return Object.fromEntries(pairs) as Opened<C>;
}

/** The gateway to the Rust side. */
export function tauriBackend(): Backend {
  const core = opened(commands);
  return {
    ...core,
    follow: (listener) => {
      const channel = new Channel<LiveEvent>();
      channel.onmessage = listener;
      return core.follow(channel);
    },
    onDrop: (listener) => {
      const following = getCurrentWebview().onDragDropEvent(({ payload }) => {
        if (payload.type === 'drop') listener(payload.paths);
      });
      return () => void following.then((end) => end());
    },
    beforeClose: (ask) => {
      void getCurrentWindow().onCloseRequested(async (event) => {
        if (!(await ask())) event.preventDefault();
      });
    },
  };
}
