//! Comparing methods run by run: every seed gives one figure for each of two methods.
//!
//! Signed ranks and not means, since a few runs that never find anything would decide a t-test.

use crate::quantile::{normal_tail, two_sided};

/// A mean with its spread and two-sided t interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// Values.
    pub n: usize,
    /// Arithmetic mean.
    pub mean: f64,
    /// Standard deviation, n − 1 in the denominator; 0 for a single value.
    pub sd: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// Mean, standard deviation and interval at `confidence`; `None` without a finite value. One value
/// has an interval of no width.
#[must_use]
pub fn spread(values: &[f64], confidence: f64) -> Option<Spread> {
    let n = values.len();
    if n == 0 || values.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let mean = values.iter().sum::<f64>() / n as f64;
    if n == 1 {
        return Some(Spread {
            n,
            mean,
            sd: 0.0,
            low: mean,
            high: mean,
        });
    }
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let sd = (squares / (n - 1) as f64).sqrt();
    let half = two_sided(confidence, (n - 1) as f64)? * sd / (n as f64).sqrt();
    Some(Spread {
        n,
        mean,
        sd,
        low: mean - half,
        high: mean + half,
    })
}

/// A Wilcoxon signed-rank test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SignedRank {
    /// Pairs that differ.
    pub n: usize,
    /// Sum of the ranks of positive differences.
    pub positive: f64,
    /// Two-sided p.
    pub p: f64,
    /// Matched-pairs rank-biserial correlation, −1 (all negative) to 1 (all positive): Kerby, 2014.
    pub effect: f64,
}

/// Pairs up to which p is exact; beyond, the normal approximation with the correction for ties
/// serves.
const EXACT: usize = 50;

/// Wilcoxon's signed-rank test of paired `differences` (Wilcoxon, 1945; Pratt's zeros are left out).
/// Ties share their ranks, and the exact distribution is that of the ranks as they are. Where no
/// pair differs, p is 1. `None` where a difference is no number.
#[must_use]
pub fn signed_rank(differences: &[f64]) -> Option<SignedRank> {
    if differences.iter().any(|one| !one.is_finite()) {
        return None;
    }
    let mut sizes: Vec<(f64, bool)> = differences
        .iter()
        .filter(|one| **one != 0.0)
        .map(|one| (one.abs(), *one > 0.0))
        .collect();
    sizes.sort_by(|one, other| one.0.total_cmp(&other.0));
    let n = sizes.len();
    if n == 0 {
        return Some(SignedRank {
            n,
            positive: 0.0,
            p: 1.0,
            effect: 0.0,
        });
    }
    // Twice the rank is whole, also where ties share one.
    let mut ranks = vec![0_usize; n];
    let mut ties = 0.0;
    let mut from = 0;
    while from < n {
        let to = (from..n)
            .take_while(|index| sizes[*index].0 == sizes[from].0)
            .count()
            + from;
        ranks[from..to].fill(from + 1 + to);
        let tied = (to - from) as f64;
        ties += tied.powi(3) - tied;
        from = to;
    }
    let doubled: usize = ranks
        .iter()
        .zip(&sizes)
        .filter(|(_, (_, positive))| *positive)
        .map(|(rank, _)| rank)
        .sum();
    let all: usize = ranks.iter().sum();
    let p = if n <= EXACT {
        exact(&ranks, doubled.min(all - doubled))
    } else {
        let n = n as f64;
        let variance = (n * (n + 1.0) * (2.0 * n + 1.0) - ties / 2.0) / 24.0;
        let off = (doubled as f64 - all as f64 / 2.0).abs() / 2.0;
        2.0 * normal_tail((off - 0.5).max(0.0) / variance.sqrt())
    };
    Some(SignedRank {
        n,
        positive: doubled as f64 / 2.0,
        p: p.min(1.0),
        effect: 2.0 * doubled as f64 / all as f64 - 1.0,
    })
}

/// Twice the chance that the signs fall so that the smaller sum is at most `smaller`.
fn exact(ranks: &[usize], smaller: usize) -> f64 {
    let mut chances = vec![0.0; smaller + 1];
    chances[0] = 1.0;
    for rank in ranks {
        for sum in (0..=smaller).rev() {
            let with = if sum >= *rank {
                chances[sum - rank]
            } else {
                0.0
            };
            chances[sum] = 0.5 * (chances[sum] + with);
        }
    }
    2.0 * chances.iter().sum::<f64>()
}

/// Holm's adjusted p values (Holm, 1979), in the order given: each may be held against the level of
/// the whole family.
#[must_use]
pub fn holm(p: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|one, other| p[*one].total_cmp(&p[*other]));
    let mut adjusted = vec![1.0; p.len()];
    let mut most: f64 = 0.0;
    for (rank, index) in order.into_iter().enumerate() {
        most = most.max((p[index] * (p.len() - rank) as f64).min(1.0));
        adjusted[index] = most;
    }
    adjusted
}

/// Upper bounds of the means of the columns of `runs` that hold for all of them together at
/// `confidence`: mean + c × standard error, where c is the bootstrap quantile of the greatest
/// studentised deviation (max-t: Romano & Wolf, 2005). `draw(n)` gives a random index below n.
/// Columns without spread have their mean as bound. `None` for fewer than two runs or ragged ones.
#[must_use]
pub fn simultaneous_upper(
    runs: &[Vec<f64>],
    confidence: f64,
    resamples: usize,
    mut draw: impl FnMut(usize) -> usize,
) -> Option<Vec<f64>> {
    let n = runs.len();
    let columns = runs.first()?.len();
    if n < 2 || runs.iter().any(|run| run.len() != columns) || resamples == 0 {
        return None;
    }
    let mean = |column: usize| runs.iter().map(|run| run[column]).sum::<f64>() / n as f64;
    let means: Vec<f64> = (0..columns).map(mean).collect();
    let errors: Vec<f64> = (0..columns)
        .map(|column| {
            let squares: f64 = runs
                .iter()
                .map(|run| (run[column] - means[column]).powi(2))
                .sum();
            (squares / ((n - 1) * n) as f64).sqrt()
        })
        .collect();
    let mut greatest: Vec<f64> = (0..resamples)
        .map(|_| {
            let mut sums = vec![0.0; columns];
            for _ in 0..n {
                let run = &runs[draw(n).min(n - 1)];
                sums.iter_mut().zip(run).for_each(|(sum, one)| *sum += one);
            }
            (0..columns)
                .filter(|column| errors[*column] > 0.0)
                .map(|column| (means[column] - sums[column] / n as f64) / errors[column])
                .fold(0.0, f64::max)
        })
        .collect();
    greatest.sort_by(f64::total_cmp);
    let at = ((resamples as f64 * confidence).ceil() as usize).clamp(1, resamples) - 1;
    let factor = greatest[at];
    let bounds = means.iter().zip(&errors);
    Some(bounds.map(|(mean, error)| mean + factor * error).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signed_ranks_agree_with_printed_tables_and_by_hand() {
        // All of five positive: 2/32.
        let test = signed_rank(&[1.0, 2.0, 3.0, 4.0, 5.0]).unwrap();
        assert!((test.p - 0.0625).abs() < 1e-12);
        assert_eq!((test.effect, test.positive), (1.0, 15.0));
        // n = 10 with a smaller sum of 8 is the table's two-sided 5 % point: p = 0.0488.
        let ten = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, -8.0, 9.0, 10.0];
        assert!((signed_rank(&ten).unwrap().p - 50.0 / 1024.0).abs() < 1e-9);
        // Two that tie share rank 1.5; signs differ: every split is as likely, p = 1.
        assert_eq!(signed_rank(&[1.0, -1.0]).unwrap().p, 1.0);
        assert_eq!(signed_rank(&[0.0, 0.0]).unwrap().n, 0);
        assert_eq!(signed_rank(&[f64::NAN]), None);
    }

    #[test]
    fn the_approximation_meets_the_exact_value_where_they_change_over() {
        let fifty: Vec<f64> = (1..=50)
            .map(|k| f64::from(k) * if k % 3 == 0 { -1.0 } else { 1.0 })
            .collect();
        let one_more = [fifty.clone(), vec![0.5]].concat();
        let (exact, near) = (
            signed_rank(&fifty).unwrap(),
            signed_rank(&one_more).unwrap(),
        );
        assert!((exact.p - near.p).abs() < 0.01, "{} {}", exact.p, near.p);
    }

    #[test]
    fn holm_steps_down_as_in_his_paper() {
        let adjusted = holm(&[0.01, 0.04, 0.03, 0.005]);
        for (found, wanted) in adjusted.iter().zip([0.03, 0.06, 0.06, 0.02]) {
            assert!((found - wanted).abs() < 1e-12, "{adjusted:?}");
        }
        assert_eq!(holm(&[]), Vec::<f64>::new());
    }

    #[test]
    fn a_spread_is_the_textbook_t_interval() {
        let one = spread(&[1.0, 2.0, 3.0, 4.0, 5.0], 0.95).unwrap();
        assert!((one.sd - 2.5_f64.sqrt()).abs() < 1e-12);
        assert!((one.high - (3.0 + 2.776_445 * (0.5_f64).sqrt())).abs() < 1e-5);
        assert_eq!(spread(&[], 0.95), None);
    }

    /// A plain generator, good enough to draw rows.
    fn dice() -> impl FnMut(usize) -> usize {
        let mut state = 12_345_u64;
        move |n| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            ((state >> 33) as usize) % n
        }
    }

    #[test]
    fn simultaneous_bounds_hold_about_as_often_as_they_say() {
        let mut draw = dice();
        let mut held = 0;
        for _ in 0..300 {
            let mut noise = || (0..12).map(|_| draw(1000) as f64 / 1000.0).sum::<f64>() - 6.0;
            let runs: Vec<Vec<f64>> = (0..40).map(|_| (0..8).map(|_| noise()).collect()).collect();
            let bounds = simultaneous_upper(&runs, 0.95, 300, &mut draw).unwrap();
            // Sums of twelve numbers from 0 to 0.999: the true mean is 12 × 0.4995 − 6.
            held += u32::from(bounds.iter().all(|bound| *bound >= -0.006));
        }
        // 95 % of 300 is 285; five standard errors are 19. The bootstrap runs a little short.
        assert!((260..=300).contains(&held), "{held}");
    }

    #[test]
    fn columns_without_spread_are_bounded_by_their_mean() {
        let runs = vec![vec![1.0, 0.0], vec![1.0, 2.0]];
        let bounds = simultaneous_upper(&runs, 0.95, 100, dice()).unwrap();
        assert_eq!(bounds[0], 1.0);
        assert!(bounds[1] >= 1.0);
        assert_eq!(simultaneous_upper(&runs[..1], 0.95, 100, dice()), None);
    }
}
