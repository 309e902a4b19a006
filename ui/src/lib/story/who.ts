// Who a trial or a proposal comes from, in words that fit behind its title.

/** Whether an origin means the default settings. */
export const isDefault = (origin: string) => /^(the )?default$/i.test(origin);

/** Numeric advisors by the core's words. */
const BY_NUMBERS: Record<string, string> = {
  'Sobol sequence': 'the Sobol sequence',
  surrogate: 'the model of the trials so far',
  gp: 'the Gaussian process',
  tpe: 'the Parzen estimator',
  rule: 'the rule of thumb',
  random: 'chance',
};

/** "proposed by …", and what is shorter where a person or the default is behind it. */
export function proposedBy(origin: string): string {
  if (!origin) return '';
  if (isDefault(origin)) return 'the default settings';
  if (/^(you|set by hand)$/i.test(origin)) return 'set by hand';
  return `proposed by ${BY_NUMBERS[origin] ?? origin}`;
}
