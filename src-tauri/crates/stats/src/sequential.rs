//! How the 5 % of false stops allowed to a session are spent over looks.
//!
//! A confirmation is judged after every pair from [`LEAST_PAIRS`] to [`MOST_PAIRS`]. Each look may
//! spend a share of the confirmation's ration in proportion to the pairs (alpha spending: Lan &
//! DeMets, *Biometrika* 70, 1983; the linear member of the family of Kim & DeMets, *Biometrika* 74,
//! 1987). The level of each look follows from the joint distribution of the sums seen so far, by the
//! recursion of Armitage, McPherson & Rowe (*J. R. Stat. Soc. A* 132, 1969), and is then used as a
//! tail of Student's t (Jennison & Turnbull, *Group Sequential Methods*, 2000, ch. 4). Over
//! confirmations the ration is halved each time, so that by Bonferroni's inequality it suffices
//! however many there are.
//!
//! Chosen by simulation: at the same chance of a false stop, always-valid t-tests by mixtures
//! (Robbins, *Ann. Math. Stat.* 41, 1970) needed about two pairs more of the twelve, since they also
//! guard against looks that are never taken.

use crate::quantile::normal_tail;
use std::sync::LazyLock;

/// Pairs of fresh repeats (one of the best, one of the default) before a confirmation is judged.
pub const LEAST_PAIRS: u32 = 5;
/// The budget of a confirmation: with so many pairs it ends, decided or not.
pub const MOST_PAIRS: u32 = 20;

/// False stops allowed to a session. It is 5 %, less what the use of normal levels as tails of t
/// costs while there are few pairs: 2.5 % so spent were 2.8 % in a simulation of 40,000 sessions.
const SESSION_ALPHA: f64 = 0.044;
/// Confirmations with a ration of their own. Later ones can decide nothing: their levels would lie
/// beyond the digits that the quantiles have.
const RATIONED: u32 = 12;
const LOOKS: usize = (MOST_PAIRS - LEAST_PAIRS + 1) as usize;

/// Cells of the grid on which the sums' density is followed; more change no level by 0.1 %.
const CELLS: usize = 160;
/// The grid begins so many standard deviations below nought: what lies lower never comes back up.
const REACH: f64 = 6.0;

static LEVELS: LazyLock<Vec<[f64; LOOKS]>> = LazyLock::new(|| {
    (1..=RATIONED)
        .map(|number| levels(SESSION_ALPHA * 0.5_f64.powi(number as i32)))
        .collect()
});

/// One-sided level at which confirmation `number` (from 1) is judged with `pairs` pairs. 0 where it
/// is not judged: too few pairs or too many, or a number that has no ration left.
#[must_use]
pub fn confirmation_alpha(number: u32, pairs: u32) -> f64 {
    let levels = number
        .checked_sub(1)
        .and_then(|index| LEVELS.get(index as usize));
    let look = pairs.checked_sub(LEAST_PAIRS);
    levels
        .zip(look)
        .and_then(|(levels, look)| levels.get(look as usize))
        .copied()
        .unwrap_or(0.0)
}

/// A point of the grid: the sum, its weight in an integral, the density of getting there.
struct Cell {
    sum: f64,
    weight: f64,
    density: f64,
}

/// Levels of all looks so that, together, they cross with chance `alpha` when nothing is there.
fn levels(alpha: f64) -> [f64; LOOKS] {
    let mut levels = [0.0; LOOKS];
    let mut pairs_before = 0.0_f64;
    let mut grid = vec![Cell {
        sum: 0.0,
        weight: 1.0,
        density: 1.0,
    }];
    for (look, level) in levels.iter_mut().enumerate() {
        let pairs = (LEAST_PAIRS as usize + look) as f64;
        let step = (pairs - pairs_before).sqrt();
        let spend = alpha * (pairs - pairs_before) / f64::from(MOST_PAIRS);
        let bound = bound(&grid, step, spend, pairs);
        *level = normal_tail(bound / pairs.sqrt());
        grid = onwards(&grid, step, -REACH * pairs.sqrt(), bound);
        pairs_before = pairs;
    }
    levels
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
        let levels = levels(0.025);
        assert!((levels[0] - 0.025 / 4.0).abs() < 1e-6, "{levels:?}");
        // Looks are correlated, so each level is above what it adds and below what is spent so far.
        for (look, pair) in levels.windows(2).enumerate() {
            let spent = 0.025 * (LEAST_PAIRS as usize + look + 1) as f64 / f64::from(MOST_PAIRS);
            assert!(pair[1] > 0.025 / 20.0 && pair[1] < spent, "{levels:?}");
        }
        assert!(levels[LOOKS - 1] > levels[1]);
    }

    #[test]
    fn what_is_not_judged_has_no_level() {
        for (number, pairs) in [(0, 5), (1, 4), (1, 21), (RATIONED + 1, 5), (u32::MAX, 5)] {
            assert_eq!(confirmation_alpha(number, pairs), 0.0, "{number} {pairs}");
        }
        assert!(confirmation_alpha(RATIONED, 5) > crate::quantile::LEAST_TAIL);
        assert!(confirmation_alpha(2, 9) < confirmation_alpha(1, 9));
    }
}
