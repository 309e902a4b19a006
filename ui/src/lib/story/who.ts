// Who a trial or a proposal comes from, in words that fit behind its title.

/** Whether an origin means the default settings. */
export const isDefault = (origin: string) => /^(the )?default$/i.test(origin);

/** "proposed by …", and what is shorter where a person or the default is behind it. */
export function proposedBy(origin: string): string {
  if (!origin) return '';
  if (isDefault(origin)) return 'the default settings';
  if (/^(you|set by hand)$/i.test(origin)) return 'set by hand';
  return `proposed by ${origin === 'Sobol sequence' ? 'the Sobol sequence' : origin}`;
}
