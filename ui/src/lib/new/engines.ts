// Servers that can be chosen for a session.

import type { EngineView, NewSessionOptions } from '$lib/backend';

/** Such as "Run by llama-server." */
export const engineLine = (options: NewSessionOptions): string =>
  options.engineProblem ? `${options.engine} is not here.` : `Run by ${options.engine}.`;

/** What its joules are counted by. */
export const countsBy = (engine: EngineView): string =>
  engine.unit === 'image' ? 'makes pictures: joules per image' : 'joules per token';
