// Replies are Markdown from a stranger: rendered first, sanitised after that.

import DOMPurify, { type Config } from 'dompurify';
import { marked } from 'marked';

const ALLOWED: Config = {
  ALLOWED_TAGS: [
    'p',
    'br',
    'hr',
    'strong',
    'em',
    'del',
    'code',
    'pre',
    'blockquote',
    'ul',
    'ol',
    'li',
    'h1',
    'h2',
    'h3',
    'h4',
    'h5',
    'h6',
    'table',
    'thead',
    'tbody',
    'tr',
    'th',
    'td',
  ],
  // No links, no images, no styles: nothing in a reply may fetch, navigate or cover the screen.
  ALLOWED_ATTR: [],
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
};

/** Safe HTML of a reply. */
export function renderReply(markdown: string): string {
  const html = marked.parse(markdown, { async: false, gfm: true, breaks: false });
  return DOMPurify.sanitize(html, ALLOWED);
}
