// What the pretended window can do with the machine around it: keep files, be closed, take what is
// dropped on it. A test plays the machine through events of the page.

import type { Backend } from '../index';

export function desk(): Pick<
  Backend,
  'keepFile' | 'openPath' | 'showInFolder' | 'beforeClose' | 'onDrop'
> {
  const closing: (() => Promise<boolean>)[] = [];
  globalThis.addEventListener?.('wattsmith-close', () => {
    void closing
      .at(-1)?.()
      .then((close) => {
        document.documentElement.dataset.closed = String(close);
      });
  });
  return {
    keepFile: async (name) => `/home/you/Documents/Wattsmith/${name}`,
    openPath: async () => undefined,
    showInFolder: async () => undefined,
    beforeClose: (ask) => void closing.push(ask),
    onDrop: (listener) => {
      const dropped = (event: Event) => listener((event as CustomEvent<string[]>).detail);
      globalThis.addEventListener('wattsmith-drop', dropped);
      return () => globalThis.removeEventListener('wattsmith-drop', dropped);
    },
  };
}
