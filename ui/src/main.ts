import { mount } from 'svelte';
import App from './App.svelte';
import { openBackend } from '$lib/backend';
import '$lib/design/fonts';
import '$lib/design/tokens.css';
import '$lib/design/base.css';
import '$lib/design/floating.css';
import { theme } from '$lib/design/theme.svelte';
import { router } from '$lib/state/route.svelte';

const target = document.getElementById('app');
if (!target) throw new Error('index.html has no #app');
theme.start();
router.start();
mount(App, { target, props: { backend: await openBackend() } });
