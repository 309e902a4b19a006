//! How the 5 % of false stops allowed to a session are spent over looks.
//!
//! A confirmation is judged after every pair from [`Spending::first`] on. Each look may spend a share of the
//! confirmation's ration that grows with a power of the pairs (alpha spending: Lan & DeMets, *Biometrika*
//! 70, 1983; the family of Kim & DeMets, *Biometrika* 74, 1987). The level of each look follows from the
//! joint distribution of the sums seen so far, by the recursion of Armitage, McPherson & Rowe (*J. R. Stat.
//! Soc. A* 132, 1969), and is then used as a tail of Student's t (Jennison & Turnbull, *Group Sequential
//! Methods*, 2000, ch. 4). Over confirmations the rations shrink by a fixed factor, so that by Bonferroni's
//! inequality they suffice however many there are.
//!
//! [`Rule::with_prior`] and [`Rule::with_wide_prior`] are for confirmations that know, before their first pair,
//! how much pairs vary: t then has more degrees of freedom, and looks begin earlier. [`Rule::without_prior`] is
//! for those of older records, which go on as they began. `benches/certainty` plays all on the same draws,
//! and holds the figures that the constants were chosen by.
//!
//! Chosen by simulation: at the same chance of a false stop, always-valid t-tests by mixtures
//! (Robbins, *Ann. Math. Stat.* 41, 1970) needed about two pairs more of the twelve, since they also
//! guard against looks that are never taken.

use crate::quantile::{LEAST_TAIL, normal_tail};
use std::sync::LazyLock;
use wattsmith_domain::Confirmation;

/// Confirmations with a ration of their own at the most. Later ones can decide nothing: their levels would
/// lie beyond the digits that the quantiles have.
const RATIONED: usize = 12;

/// Cells of the grid on which the sums' density is followed; more change no level by 0.1 %.
const CELLS: usize = 160;
/// The grid begins so many standard deviations below nought: what lies lower never comes back up.
const REACH: f64 = 6.0;

/// How a session's error is spent, and how long a confirmation goes on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spending {
    /// Pairs of fresh repeats (one of the best, one of the default) at the first look.
    pub first: u32,
    /// Pairs to which a confirmation goes as long as its chance is not hopeless.
    pub usual: u32,
    /// With so many pairs it ends, decided or not; beyond the usual ones only while the chance is good.
    pub most: u32,
    /// Pairs from which on it may be given up.
    pub give_up_from: u32,
    /// Below this chance, 0 to 1, to confirm within the usual pairs it is given up.
    pub least_chance: f64,
    /// Below this chance, 0 to 1, to confirm within the most pairs the usual ones are all it gets.
    pub good_chance: f64,
    /// False stops allowed to a session, nominally.
    pub session: f64,
    /// Share of what is left of them that each confirmation may spend, above 0 and below 1.
    pub share: f64,
    /// With n pairs, (n / most) to this power of the ration may have been spent.
    pub power: f64,
    /// Windows that a prior for the spread of pairs counts for at the most; 0 where none is used.
    pub prior_windows: f64,
    /// A prior is taken to be so many times what it says: one that is too small is the worse mistake.
    pub doubt: f64,
}

impl Spending {
    /// Pairs that a confirmation with so many may come to as things stand.
    #[must_use]
    pub fn budget(&self, pairs: u32) -> u32 {
        match pairs < self.usual {
            true => self.usual,
            false => self.most,
        }
    }
}

/// As it was before priors: looks from the 5th pair to the 20th.
///
/// 4.4 % is 5 % less what the use of normal levels as tails of t costs while there are few pairs: 2.5 % so
/// spent were 2.8 % in a simulation of 40,000 sessions.
pub const WITHOUT_PRIOR: Spending = Spending {
    first: 5,
    usual: 20,
    most: 20,
    give_up_from: 5,
    least_chance: 0.1,
    good_chance: 1.0,
    session: 0.044,
    share: 0.5,
    power: 1.0,
    prior_windows: 0.0,
    doubt: 1.0,
};

/// Chosen on seeds of `benches/certainty` other than those that docs/figures.md reports.
pub const WITH_PRIOR: Spending = Spending {
    first: 2,
    usual: 60,
    most: 90,
    give_up_from: 5,
    least_chance: 0.1,
    good_chance: 0.4,
    session: 0.05,
    share: 0.8,
    power: 0.2,
    prior_windows: 8.0,
    doubt: 1.05,
};

/// The same where pairs are known to vary much: few pairs decide nothing there, so that less is spent on them.
pub const WITH_WIDE_PRIOR: Spending = Spending {
    power: 0.7,
    ..WITH_PRIOR
};
/// Pairs vary much from this standard deviation of their log ratio on.
const WIDE: f64 = 0.06;

static RULE_WIDE: LazyLock<Rule> = LazyLock::new(|| Rule::new(WITH_WIDE_PRIOR));
static RULE_WITH: LazyLock<Rule> = LazyLock::new(|| Rule::new(WITH_PRIOR));
static RULE_WITHOUT: LazyLock<Rule> = LazyLock::new(|| Rule::new(WITHOUT_PRIOR));

/// A way of spending with the levels that follow from it.
#[derive(Debug)]
pub struct Rule {
    /// Its constants.
    pub spending: Spending,
    /// By confirmation, then by look.
    levels: Vec<Vec<f64>>,
}

impl Rule {
    /// Works out the levels, which takes some milliseconds.
    #[must_use]
    pub fn new(spending: Spending) -> Self {
        let rations = (0..RATIONED as i32)
            .map(|before| spending.session * spending.share * (1.0 - spending.share).powi(before));
        Self {
            levels: rations
                .map(|alpha| levels(&spending, alpha))
                .take_while(|levels| levels.first().is_some_and(|first| *first > LEAST_TAIL))
                .collect(),
            spending,
        }
    }

    /// For confirmations that know how much pairs vary before their first, and that it is little.
    #[must_use]
    pub fn with_prior() -> &'static Self {
        &RULE_WITH
    }

    /// For those that know that it is much.
    #[must_use]
    pub fn with_wide_prior() -> &'static Self {
        &RULE_WIDE
    }

    /// For those that do not.
    #[must_use]
    pub fn without_prior() -> &'static Self {
        &RULE_WITHOUT
    }

    /// The rule that a confirmation began with. It follows from what was known before its first pair, so that
    /// no pair chooses it.
    #[must_use]
    pub fn of(confirmation: &Confirmation) -> &'static Self {
        match confirmation.spread {
            Some(spread) if spread.log_sd >= WIDE => Self::with_wide_prior(),
            Some(_) => Self::with_prior(),
            None => Self::without_prior(),
        }
    }

    /// One-sided level at which confirmation `number` (from 1) is judged with `pairs` pairs. 0 where it
    /// is not judged: too few pairs or too many, or a number that has no ration left.
    #[must_use]
    pub fn alpha(&self, number: u32, pairs: u32) -> f64 {
        let levels = number
            .checked_sub(1)
            .and_then(|index| self.levels.get(index as usize));
        let look = pairs.checked_sub(self.spending.first);
        levels
            .zip(look)
            .and_then(|(levels, look)| levels.get(look as usize))
            .copied()
            .unwrap_or(0.0)
    }
}

/// A point of the grid: the sum, its weight in an integral, the density of getting there.
struct Cell {
    sum: f64,
    weight: f64,
    density: f64,
}

/// Levels of all looks so that, together, they cross with chance `alpha` when nothing is there.
fn levels(spending: &Spending, alpha: f64) -> Vec<f64> {
    let mut pairs_before = 0.0_f64;
    let mut spent = 0.0;
    let mut grid = vec![Cell {
        sum: 0.0,
        weight: 1.0,
        density: 1.0,
    }];
    (spending.first..=spending.most)
        .map(|pairs| {
            let pairs = f64::from(pairs);
            let step = (pairs - pairs_before).sqrt();
            let all = alpha * (pairs / f64::from(spending.most)).powf(spending.power);
            let bound = bound(&grid, step, all - spent, pairs);
            grid = onwards(&grid, step, -REACH * pairs.sqrt(), bound);
            (pairs_before, spent) = (pairs, all);
            normal_tail(bound / pairs.sqrt())
        })
        .collect()
}

/// The sum that is exceeded for the first time at this look with chance `spend`.
fn bound(grid: &[Cell], step: f64, spend: f64, pairs: f64) -> f64 {
    let crossing = |bound: f64| -> f64 {
        grid.iter()
            .map(|cell| cell.weight * cell.density * normal_tail((bound - cell.sum) / step))
            .sum()
    };
    let (mut low, mut high) = (0.0, 8.0 * pairs.sqrt());
    for _ in 0..50 {
        let middle = 0.5 * (low + high);
        if crossing(middle) > spend {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

/// The density after one more step, of those sums that have not crossed.
fn onwards(grid: &[Cell], step: f64, from: f64, bound: f64) -> Vec<Cell> {
    let width = (bound - from) / CELLS as f64;
    (0..=CELLS)
        .map(|index| {
            let sum = from + width * index as f64;
            let density = grid
                .iter()
                .map(|cell| {
                    let off = (sum - cell.sum) / step;
                    cell.weight * cell.density * (-0.5 * off * off).exp()
                })
                .sum::<f64>()
                / (step * std::f64::consts::TAU.sqrt());
            let weight = match index {
                0 | CELLS => 0.5 * width,
                _ => width,
            };
            Cell {
                sum,
                weight,
                density,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_look_spends_a_quarter_and_later_ones_a_little_more_each() {
        let levels = levels(&WITHOUT_PRIOR, 0.025);
        assert!((levels[0] - 0.025 / 4.0).abs() < 1e-6, "{levels:?}");
        // Looks are correlated, so each level is above what it adds and below what is spent so far.
        for (look, pair) in levels.windows(2).enumerate() {
            let spent = 0.025 * (6 + look) as f64 / 20.0;
            assert!(pair[1] > 0.025 / 20.0 && pair[1] < spent, "{levels:?}");
        }
        assert!(levels[levels.len() - 1] > levels[1]);
    }

    #[test]
    fn what_is_not_judged_has_no_level() {
        for rule in [
            Rule::with_prior(),
            Rule::with_wide_prior(),
            Rule::without_prior(),
        ] {
            let Spending { first, most, .. } = rule.spending;
            let rationed = rule.levels.len() as u32;
            for (number, pairs) in [
                (0, first),
                (1, first - 1),
                (1, most + 1),
                (rationed + 1, first),
                (u32::MAX, first),
            ] {
                assert_eq!(rule.alpha(number, pairs), 0.0, "{number} {pairs}");
            }
            assert!(rule.alpha(rationed, first) > LEAST_TAIL);
            assert!(rule.alpha(2, 9) < rule.alpha(1, 9));
        }
    }

    #[test]
    fn all_rations_together_stay_within_the_sessions() {
        for spending in [WITH_PRIOR, WITH_WIDE_PRIOR, WITHOUT_PRIOR] {
            let rations = (0..40)
                .map(|before| spending.share * (1.0 - spending.share).powi(before))
                .sum::<f64>();
            assert!(rations <= 1.0 + 1e-12, "{rations}");
            let tail = levels(&spending, spending.session * spending.share);
            assert!(
                tail.iter().all(|level| *level < spending.session),
                "{tail:?}"
            );
        }
    }
}
