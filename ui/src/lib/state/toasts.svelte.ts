// Short messages at the edge of the window. Errors stay until they are closed.

import { backendError } from '$lib/backend/error';

export interface Toast {
  id: number;
  kind: 'done' | 'error';
  text: string;
  actions?: { label: string; run: () => void }[];
}

class Toasts {
  list = $state<Toast[]>([]);
  #next = 1;

  done(text: string, ...actions: NonNullable<Toast['actions']>): void {
    const id = this.#add({ kind: 'done', text, actions });
    setTimeout(() => this.close(id), 12_000);
  }

  error(cause: unknown): void {
    const { message } = backendError(cause);
    if (this.list.some((toast) => toast.kind === 'error' && toast.text === message)) return;
    this.#add({ kind: 'error', text: message });
  }

  close(id: number): void {
    this.list = this.list.filter((toast) => toast.id !== id);
  }

  #add(toast: Omit<Toast, 'id'>): number {
    const id = this.#next++;
    this.list = [...this.list.slice(-2), { ...toast, id }];
    return id;
  }
}

export const toasts = new Toasts();
