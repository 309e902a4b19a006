import '$lib/design/locale';
import { mount } from 'svelte';
import App from './App.svelte';
import { openBackend } from '$lib/backend';
import '$lib/design/fonts';
import '$lib/design/tokens.css';
import '$lib/design/base.css';
import '$lib/design/forms.css';
import '$lib/design/chart.css';
import '$lib/design/floating.css';
import { theme } from '$lib/design/theme.svelte';
import { router } from '$lib/state/route.svelte';

const target = document.getElementById('app');
if (!target) throw new Error('index.html has no #app');
theme.start();
router.start();

// No top-level await: a chunk that imports this one would wait for it for ever.
void openBackend().then((backend) => mount(App, { target, props: { backend } }));
