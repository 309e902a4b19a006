// The store for every component below the window.

import { createContext } from 'svelte';
import type { Store } from './store.svelte';

export const [getStore, setStore] = createContext<Store>();
