//! Means, spreads and intervals of positive figures on the log scale.
//!
//! With y = ln x, the geometric mean is exp(ȳ) and its interval exp(ȳ ± t·s/√n), where s is the
//! pooled standard deviation s² = Σᵢ Σⱼ (yᵢⱼ − ȳᵢ)² / Σᵢ (nᵢ − 1) over all configurations i. Pooling
//! is the usual one-way analysis of variance (Box, Hunter & Hunter, *Statistics for Experimenters*,
//! ch. 4): three repeats alone would leave 2 degrees of freedom and t = 4.3.

use crate::quantile::two_sided;
use wattsmith_domain::Interval;

/// How much repeats of one configuration vary, as learned from all of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pooled {
    /// Standard deviation of the natural logarithm: 0.06 is about 6 %. At least 0.
    pub sd: f64,
    /// Degrees of freedom behind it, at least 1.
    pub df: f64,
}

/// The pooled standard deviation of ln x within `groups` (one group per configuration). `None`
/// where no group has two usable values; a group with a value that is no positive number is left
/// out whole.
#[must_use]
pub fn pooled_log_sd(groups: &[Vec<f64>]) -> Option<Pooled> {
    let (squares, df) = groups
        .iter()
        .filter_map(|group| Logs::of(group))
        .fold((0.0, 0.0), |(squares, df), logs| {
            (squares + logs.squares, df + logs.n - 1.0)
        });
    (df >= 1.0).then(|| Pooled {
        sd: (squares / df).sqrt(),
        df,
    })
}

/// The geometric mean. `None` for no values, or where one is no positive number.
#[must_use]
pub fn geometric_mean(values: &[f64]) -> Option<f64> {
    Logs::of(values).map(|logs| logs.mean.exp())
}

/// The geometric mean of `values` with its two-sided interval at `confidence` (0 to 1, exclusive).
///
/// `pooled` gives the spread where the session already knows it; then even one value has an
/// interval. Without it the values' own spread serves, with t(n − 1), which needs two of them.
/// `None` where neither is there, or where a value is no positive number.
#[must_use]
pub fn interval(values: &[f64], pooled: Option<Pooled>, confidence: f64) -> Option<Interval> {
    let logs = Logs::of(values)?;
    let spread = match pooled {
        Some(pooled) => pooled,
        None => logs.own_spread()?,
    };
    bounded(logs.mean, spread, 1.0 / logs.n, values.len(), confidence)
}

/// The ratio of two geometric means, `candidate` over `reference`, with its two-sided interval.
///
/// The variance of ln of the ratio is s²·(1/n₁ + 1/n₂). `pooled` as in [`interval`]; without it the
/// two groups are pooled with each other, which needs three values in all. The interval's `n` is the
/// smaller of the two counts.
#[must_use]
pub fn ratio(
    candidate: &[f64],
    reference: &[f64],
    pooled: Option<Pooled>,
    confidence: f64,
) -> Option<Interval> {
    let (top, bottom) = (Logs::of(candidate)?, Logs::of(reference)?);
    let spread = match pooled {
        Some(pooled) => pooled,
        None => {
            let df = top.n + bottom.n - 2.0;
            if df < 1.0 {
                return None;
            }
            Pooled {
                sd: ((top.squares + bottom.squares) / df).sqrt(),
                df,
            }
        }
    };
    bounded(
        top.mean - bottom.mean,
        spread,
        1.0 / top.n + 1.0 / bottom.n,
        candidate.len().min(reference.len()),
        confidence,
    )
}

/// exp(centre ± t·sd·√share), or nothing where that leaves the finite positive numbers.
pub(crate) fn bounded(
    centre: f64,
    spread: Pooled,
    share: f64,
    n: usize,
    confidence: f64,
) -> Option<Interval> {
    if !(spread.sd.is_finite() && spread.sd >= 0.0) {
        return None;
    }
    let half = two_sided(confidence, spread.df)? * spread.sd * share.sqrt();
    let mean = centre.exp();
    // Rounding may push a bound of zero width past the mean.
    let low = (centre - half).exp().min(mean);
    let high = (centre + half).exp().max(mean);
    (low > 0.0 && high.is_finite()).then(|| Interval {
        mean,
        low,
        high,
        n: u32::try_from(n).unwrap_or(u32::MAX),
    })
}

/// Natural logarithms of one group: their number, mean, and sum of squares about the mean.
pub(crate) struct Logs {
    pub(crate) n: f64,
    pub(crate) mean: f64,
    pub(crate) squares: f64,
}

impl Logs {
    pub(crate) fn of(values: &[f64]) -> Option<Self> {
        let usable = |value: &f64| value.is_finite() && *value > 0.0;
        if values.is_empty() || !values.iter().all(usable) {
            return None;
        }
        let n = values.len() as f64;
        let mean = values.iter().map(|value| value.ln()).sum::<f64>() / n;
        let squares = values.iter().map(|value| (value.ln() - mean).powi(2)).sum();
        Some(Self { n, mean, squares })
    }

    pub(crate) fn own_spread(&self) -> Option<Pooled> {
        let df = self.n - 1.0;
        (df >= 1.0).then(|| Pooled {
            sd: (self.squares / df).sqrt(),
            df,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pooled_spread_is_that_of_an_analysis_of_variance() {
        // ln: group one −1, 0, 1 (squares 2, df 2); group two 0, 2 (squares 2, df 1).
        let e = std::f64::consts::E;
        let groups = [vec![1.0 / e, 1.0, e], vec![1.0, e * e], vec![7.0]];
        let pooled = pooled_log_sd(&groups).unwrap();
        assert!((pooled.sd - (4.0_f64 / 3.0).sqrt()).abs() < 1e-12);
        assert_eq!(pooled.df, 3.0);
    }

    #[test]
    fn a_worked_example_gives_the_textbook_interval() {
        let pooled = Some(Pooled { sd: 0.06, df: 20.0 });
        let one = interval(&[0.3, 0.3, 0.3], pooled, 0.95).unwrap();
        let factor = (2.085_963_4_f64 * 0.06 / 3.0_f64.sqrt()).exp();
        assert!((one.high - 0.3 * factor).abs() < 1e-7);
        assert!((one.low - 0.3 / factor).abs() < 1e-7);
        assert_eq!(one.n, 3);
    }

    #[test]
    fn one_value_has_an_interval_only_once_the_session_knows_its_noise() {
        assert_eq!(interval(&[0.3], None, 0.95), None);
        assert!(interval(&[0.3], Some(Pooled { sd: 0.05, df: 2.0 }), 0.95).is_some());
        assert!(interval(&[0.3, 0.31], None, 0.95).is_some());
        assert_eq!(ratio(&[0.3], &[0.4], None, 0.95), None);
        assert!(ratio(&[0.3], &[0.4, 0.41], None, 0.95).is_some());
    }

    #[test]
    fn what_is_no_positive_number_gives_no_interval() {
        let pooled = Some(Pooled { sd: 0.05, df: 9.0 });
        for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(interval(&[0.3, bad], pooled, 0.95), None, "{bad}");
            assert_eq!(ratio(&[0.3], &[bad], pooled, 0.95), None, "{bad}");
        }
        assert_eq!(interval(&[], pooled, 0.95), None);
        assert_eq!(interval(&[0.3], pooled, 1.0), None);
    }
}
