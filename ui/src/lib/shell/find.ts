// Finding a session: every word has to stand somewhere in what the list shows of it.

import type { SessionSummary } from '$lib/backend';

const plain = (text: string) => text.toLocaleLowerCase().normalize('NFKD');

export function matching(sessions: SessionSummary[], wanted: string): SessionSummary[] {
  const words = plain(wanted).split(/\s+/).filter(Boolean);
  if (words.length === 0) return sessions;
  return sessions.filter((session) => {
    const text = plain(
      [session.name, session.engine, session.outcome, session.ending ?? ''].join(' '),
    );
    return words.every((word) => text.includes(word));
  });
}
