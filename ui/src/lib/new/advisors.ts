// Who can propose, each with one honest line. The core knows them by the same words.

export interface Advisor {
  name: string;
  /** As a choice in a list. */
  title: string;
  about: string;
  /** Whether it starts from what earlier sessions taught. */
  remembers: boolean;
}

/** How a chat model proposes. */
export const BY_CHAT: Advisor[] = [
  {
    name: 'guided',
    title: 'guided: from a short list',
    about:
      'A model of the trials so far gives a short list with what it expects; the chat model chooses and explains. A weak chat model costs nothing but words.',
    remembers: true,
  },
  {
    name: 'enhanced',
    title: 'enhanced: freely, told everything',
    about:
      'Reads about the machine, the meaning of each knob, what was measured and your feedback, and proposes what it likes.',
    remembers: true,
  },
  {
    name: 'baseline',
    title: 'baseline: freely, told only figures',
    about: 'Reads settings and figures only. Useful as a comparison.',
    remembers: false,
  },
];

/** Who proposes without a chat model. */
export const BY_NUMBERS: Advisor[] = [
  {
    name: 'surrogate',
    title: 'surrogate: a model of the trials',
    about:
      'The first entry of the list that guided offers to a chat model, with what it expects of it, and without words.',
    remembers: true,
  },
  {
    name: 'gp',
    title: 'gp: a Gaussian process',
    about: 'Smooth over all knobs; tries where the greatest improvement is to be expected.',
    remembers: true,
  },
  {
    name: 'tpe',
    title: 'tpe: a Parzen estimator',
    about: 'Prefers values that are frequent among the better trials and rare among the others.',
    remembers: true,
  },
  {
    name: 'sobol',
    title: 'sobol: an even spread',
    about: 'Spreads trials evenly over the knobs. It learns nothing and never repeats itself.',
    remembers: false,
  },
  {
    name: 'rule',
    title: 'rule: the rule of thumb',
    about:
      'As many threads as cores, as many requests at once as clients; then small steps from the best.',
    remembers: false,
  },
  {
    name: 'random',
    title: 'random: chance',
    about: 'Every untried setting is as likely as any other. What all others have to beat.',
    remembers: false,
  },
];

const find = (name: string) => [...BY_CHAT, ...BY_NUMBERS].find((one) => one.name === name);

/** Its name in a sentence, such as “a model of the trials”. */
export const shortTitle = (name: string) => find(name)?.title.split(': ')[1] ?? name;

/** Its line; empty for one that is not known. */
export const aboutAdvisor = (name: string) => find(name)?.about ?? '';

export const asksChat = (name: string) => BY_CHAT.some((one) => one.name === name);

export const remembers = (name: string) => find(name)?.remembers ?? false;

/** The advisor to go on with when a chat model is chosen, or none: the present one where it fits. */
export function advisorFor(kind: string, present: string): string {
  if (kind === 'none') return asksChat(present) ? 'surrogate' : present;
  return asksChat(present) ? present : 'guided';
}
