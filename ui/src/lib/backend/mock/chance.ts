// Chance with a seed: the same scenario always looks the same.

/** Numbers from 0 to 1. */
export type Chance = () => number;

/** A small seeded generator; good enough to scatter points on a screen. */
export function chance(seed: number): Chance {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** About normal, mean 0, deviation 1. */
export const gauss = (next: Chance) => (next() + next() + next() + next() - 2) * Math.sqrt(3);
