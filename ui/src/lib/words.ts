// The words of the screen that more than one place says: one name for one thing. What depends on a
// record (verdicts, figures, causes) comes from the core in words; this is what stands around it.

import type {
  ConnectionDraft,
  EnergyUnit,
  ExchangeKind,
  ThemeChoice,
  UndoneKind,
  UndoOfferView,
  VerdictKind,
} from '$lib/backend';

/** How the core calls carrying a prompt by hand. It is a way, and nobody who could be asked. */
export const PASTE = 'copy and paste';

/** Whom a question goes to. */
export function whom(draft: ConnectionDraft, connection: string): string {
  return draft.kind === 'paste' ? 'a chat of your own' : connection;
}

/** What a question's button does. */
export const askVerb = (draft: ConnectionDraft) =>
  draft.kind === 'paste' ? 'Make a prompt' : 'Ask';

const ASKED: Record<ExchangeKind, string> = {
  waiting: 'Asked',
  accepted: 'Asked',
  answered: 'Answered by',
  cancelled: 'Taken back, asked',
  refused: 'Reply refused:',
  failed: 'No reply from',
};
const CARRIED: Record<ExchangeKind, string> = {
  waiting: 'Prompt to carry to a chat',
  accepted: 'Reply pasted',
  answered: 'Answer pasted',
  cancelled: 'Prompt taken back before a reply was pasted',
  refused: 'Pasted reply refused',
  failed: 'No reply pasted',
};

/** A line about a prompt and its reply. */
export const exchangeLine = (outcome: ExchangeKind, connection: string) =>
  connection === PASTE ? CARRIED[outcome] : `${ASKED[outcome]} ${connection}`;

/** How the next proposal comes: read by a chat model, carried by hand, or from numbers. */
export function askNext(draft: ConnectionDraft, numeric: boolean): string {
  if (numeric) return 'Get the next proposal';
  return draft.kind === 'paste' ? 'Make the next prompt' : 'Ask for the next proposal';
}

/** What stands before feedback that is over: only who reads prompts can be told. */
export function feedbackLine(sent: boolean, asks: boolean): string {
  if (!asks) return 'Noted';
  return sent ? 'The advisor was told' : 'Feedback, not sent';
}

/** Verdicts where there is room for a few letters. */
export const SHORT: Record<VerdictKind, string> = {
  reference: 'the default',
  better: 'less, outside the noise',
  worse: 'more, outside the noise',
  'not-decided': 'not decided',
  'depends-on-estimate': 'depends on the estimate',
  none: 'not compared',
};

/** What came from a file, and what brings it. */
export const IMPORTED = 'imported';
export const IMPORT = 'Import a session…';

/** Changes that are undone by themselves, as a sentence begins. */
export const undoChanges = ({ changes, begun }: UndoOfferView) =>
  `${changes} ${begun ? 'more ' : ''}${changes === 1 ? 'change' : 'changes'}`;

/** What the button after a confirmed winner does. */
export function undoVerb({ changes, begun }: UndoOfferView): string {
  if (changes === 0) return 'Confirm the simpler settings';
  return begun ? 'Go on undoing changes…' : 'Undo each change by itself…';
}

/** What may be done with a change, in few words and a tone. */
export const UNDONE: Record<UndoneKind, { word: string; tone: 'good' | 'open' | 'info' }> = {
  open: { word: 'not decided yet', tone: 'open' },
  dropped: { word: 'may be dropped', tone: 'info' },
  earns: { word: 'earns its place', tone: 'good' },
  kept: { word: 'not decided, kept', tone: 'open' },
  refused: { word: 'kept', tone: 'open' },
};

/** Units of amounts of energy, and colours, as the settings offer them. */
export const ENERGY_UNITS: Choice<EnergyUnit>[] = [
  { value: 'watt-hours', title: 'Watt hours', about: 'mWh, Wh, kWh, as on a bill', test: 'wh' },
  { value: 'joules', title: 'Joules', about: 'J, kJ, MJ, as sensors tell them', test: 'j' },
];
export const THEMES: Choice<ThemeChoice>[] = [
  { value: 'system', title: 'As the system', about: 'light or dark with it', test: 'system' },
  { value: 'light', title: 'Light', about: 'dark on light', test: 'light' },
  { value: 'dark', title: 'Dark', about: 'light on dark', test: 'dark' },
];

interface Choice<T> {
  value: T;
  title: string;
  about: string;
  test: string;
}

/** The field's words, for who does not know them: shown on hover, and listed by `?`. */
export const GLOSSARY = {
  token: 'A piece of text, about four letters: what a language model writes one after the other.',
  joule: 'An amount of energy: one watt for one second. A kilowatt hour is 3.6 million of them.',
  default: 'All settings as the server comes: what everything else is compared with.',
  trial: 'The model at work with other settings, measured in several windows.',
  window: 'One measurement: the same requests, from the first sent to the last word received.',
  advisor: 'Whoever proposes the next trial: a chat model, or arithmetic.',
  batch: 'What the model works on in one step: parts of one prompt, or of several.',
  slot: 'A place for one request that is worked on; as many run at once as there are slots.',
  estimated: 'Worked out from how long the processor worked, where no power sensor answers.',
  'not decided': 'The difference is smaller than what varies by itself; nobody can say yet.',
} as const;
