// Which keys do what. Single keys count only where nothing is being written.

export type Shortcut = 'new' | 'help' | 'search';

export const SHORTCUTS = [
  { keys: 'Ctrl N', what: 'a new session' },
  { keys: '/', what: 'find a session' },
  {
    keys: 'Ctrl Enter',
    what: 'the next sensible step of the open session; at the first start, its start',
  },
  { keys: 'Tab', what: 'from one control to the next; the first stop leads to the next step' },
  { keys: 'Enter', what: 'in a new session: keep the answer and go to the next question' },
  { keys: 'Esc', what: 'close a dialog or a menu' },
  { keys: '← →', what: 'in a chart: from trial to trial' },
  { keys: '?', what: 'this list, and what the words mean' },
];

const isWriting = (target: EventTarget | null) =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName));

/** What a key press asks for, of all the window; null where it is somebody else's. */
export function meant(event: KeyboardEvent): Shortcut | null {
  if (event.altKey || event.defaultPrevented || event.isComposing) return null;
  if (event.ctrlKey || event.metaKey)
    return !event.shiftKey && event.key.toLowerCase() === 'n' ? 'new' : null;
  if (isWriting(event.target)) return null;
  if (event.key === '?') return 'help';
  return event.key === '/' ? 'search' : null;
}
