// What a pretended session has come to, in the words of the core.

import type {
  BestView,
  ConfirmationItem,
  OutcomeView,
  SessionSummary,
  TrialItem,
} from '../bindings';
import { commandLine, DEFAULTS, diff } from './engine';
import { complete, trials, type Kept } from './session';

export function best(s: Kept): BestView | null {
  const found = complete(s)
    .filter((t) => t.verdict.kind === 'better' && !t.stale)
    .sort((a, b) => (a.joulesPerUnit?.mean ?? 9) - (b.joulesPerUnit?.mean ?? 9))[0];
  if (!found) return null;
  const config = s.configs.get(found.id) ?? DEFAULTS;
  const confirmed = s.story.some(
    (i) => i.item === 'confirmation' && i.trialNumber === found.number && i.below,
  );
  return {
    trialId: found.id,
    number: found.number,
    knobs: diff(DEFAULTS, config),
    commandLine: commandLine(config),
    verdict: { ...found.verdict, text: outcomeText(found, confirmed) },
    confirmed,
  };
}

const outcomeText = (found: TrialItem, confirmed: boolean) => {
  const less = `${(found.verdict.savingPercent ?? 0).toFixed(1)} % less than the default`;
  return confirmed
    ? `confirmed: ${less}`
    : `not confirmed: ${less} in the search, outside the noise`;
};

/** What it has come to, in the words of the core. */
export function outcome(s: Kept): OutcomeView {
  const lead = best(s);
  const judged = s.story.findLast((i) => i.item === 'confirmation' && i.decided);
  if (
    lead &&
    !lead.confirmed &&
    judged?.item === 'confirmation' &&
    judged.trialNumber === lead.number
  )
    return {
      word: 'not decided',
      seen: judged.text.replace(/^Not decided: |\.$/g, ''),
      text: judged.text.replace(/^Not/, 'not').replace(/\.$/, ''),
      why: 'Fresh repeats of it and of the default did not confirm the goal.',
      verdict: 'not-decided',
      confirmed: false,
      trialNumber: lead.number,
    };
  if (lead) {
    const [word = '', seen = ''] = lead.verdict.text.split(': ');
    return {
      word,
      seen,
      text: lead.verdict.text,
      why: lead.confirmed
        ? 'Fresh repeats of it and of the default have confirmed that it is below the goal.'
        : 'No fresh repeats confirmed it, and the best of several trials always looks somewhat better than it is.',
      verdict: lead.confirmed ? 'better' : 'not-decided',
      confirmed: lead.confirmed,
      trialNumber: lead.number,
    };
  }
  const word =
    trials(s).length === 0
      ? 'nothing measured yet'
      : trials(s).length === 1
        ? 'only the default measured'
        : 'nothing better yet';
  const verdict = trials(s).length === 0 ? 'none' : 'reference';
  return { word, seen: '', text: word, why: '', verdict, confirmed: false, trialNumber: 0 };
}

export function summary(s: Kept): SessionSummary {
  const lead = best(s);
  const { word, verdict } = outcome(s);
  const said =
    lead?.confirmed && lead.verdict.savingPercent
      ? `\u2212${lead.verdict.savingPercent.toFixed(1)}\u202f%`
      : trials(s).length === 0
        ? 'new'
        : verdict === 'reference'
          ? `default ${trials(s).length === 1 ? 'only' : 'best'}`
          : word;
  return {
    id: s.id,
    name: s.name,
    engine: 'llama-server',
    createdAt: s.createdAt,
    running: s.phase.kind !== 'idle',
    example: s.example ?? false,
    imported: s.importedAt !== undefined,
    outcome: s.phase.kind !== 'idle' && !trials(s).some((t) => t.state === 'complete') ? '' : said,
    verdict,
    estimated: !s.machine.measured,
    ending: s.ending,
  };
}

/** What a confirmation says once it is over. */
export function judge(
  item: Pick<ConfirmationItem, 'pairs' | 'trialNumber'>,
  ratio: number,
  below: boolean,
): Partial<ConfirmationItem> {
  const less = `${((1 - ratio) * 100).toFixed(1)} % less`;
  return {
    decided: true,
    below,
    word: below ? 'confirmed' : 'not decided',
    text: below
      ? `Confirmed: trial ${item.trialNumber} is below the goal. It uses ${less} energy per token than the default.`
      : `Not decided: ${item.pairs} fresh pairs showed ${less} than the default.`,
  };
}
