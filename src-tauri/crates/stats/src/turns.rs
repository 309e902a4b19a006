//! Two settings that take turns in short slices while both are loaded.
//!
//! Windows one after the other are as far apart as a window and a launch take; what drifts in that time is in their
//! ratio. Slices in the order *best, default, default, best* are nearer, and what drifts evenly cancels within each
//! four of them. What a launch brings and keeps does not: more slices of the same launches tell nothing of it. So
//! the figure of one launch of both is a single ratio, and the interval takes launches as clusters, that is, the
//! means of the highest level only (Kalibera & Jones, *Rigorous benchmarking in reasonable time*, ISMM 2013): it
//! is never narrower than launches vary, over the root of their number.
//!
//! Such slices give the ratio only. The idle watts of the engine that waits are in both sides and pull the ratio
//! towards 1; [`Loaded`] says whether that matters.

use crate::interval::{Logs, Pooled, bounded};
use crate::noise::known_spread;
use crate::quantile::two_sided;
use wattsmith_domain::{Interval, PairSpread};

/// Launches of each side at the least.
pub const LEAST_LAUNCHES: usize = 3;
/// By so much a setting may differ from itself with the other engine loaded before that is corrected.
const LOADED_ALIKE: f64 = 0.01;

/// A whole pass over a fixed share of the work.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Turn {
    /// Whether it is of the best, not of the default.
    pub best: bool,
    /// Gross joules.
    pub joules: f64,
    /// Units of work.
    pub units: f64,
}

/// The order in which both take turns, four for each of `fours`: whoever begins changes from four to four, and from
/// launch to launch, so that what drifts as a parabola favours neither in the long run.
#[must_use]
pub fn turn_order(fours: usize, best_begins: bool) -> Vec<bool> {
    (0..fours)
        .flat_map(|four| {
            let first = best_begins == (four % 2 == 0);
            [first, !first, !first, first]
        })
        .collect()
}

/// ln of best over default by the turns of one launch of both. A last four that is not whole is left out. `None`
/// where there is no whole four, one is not balanced, or a figure is no positive number.
#[must_use]
pub fn launch_log_ratio(turns: &[Turn]) -> Option<f64> {
    let fours = turns.chunks_exact(4).map(|four| {
        let best = four.iter().filter(|turn| turn.best).count();
        let signed = four.iter().map(|turn| {
            let log = (turn.joules / turn.units).ln();
            if turn.best { log } else { -log }
        });
        let ratio = signed.sum::<f64>() / 2.0;
        (best == 2 && ratio.is_finite()).then_some(ratio)
    });
    let ratios = fours.collect::<Option<Vec<f64>>>()?;
    (!ratios.is_empty()).then(|| ratios.iter().sum::<f64>() / ratios.len() as f64)
}

/// What a setting costs with the other engine loaded and idle, over what it costs without.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Loaded {
    /// ln of that ratio.
    pub log_ratio: f64,
    /// Its standard error.
    pub error: f64,
    /// Degrees of freedom behind the error.
    pub df: f64,
}

impl Loaded {
    /// From windows with the other engine loaded and without it, in pairs that follow each other. `None` for fewer
    /// than two pairs, or figures that are no positive numbers.
    #[must_use]
    pub fn of(with: &[f64], without: &[f64]) -> Option<Self> {
        let pairs = with.iter().zip(without);
        let ratios: Vec<f64> = pairs.map(|(with, without)| with / without).collect();
        let logs = Logs::of(&ratios)?;
        let spread = logs.own_spread()?;
        Some(Self {
            log_ratio: logs.mean,
            error: spread.sd / logs.n.sqrt(),
            df: spread.df,
        })
    }

    /// Whether it certainly (95 %) differs by less than 1 %, so that nothing need be corrected.
    #[must_use]
    pub fn is_alike(&self) -> bool {
        let half = two_sided(0.95, self.df).map_or(f64::INFINITY, |t| t * self.error);
        self.log_ratio.abs() + half < LOADED_ALIKE
    }
}

/// The ratio of best to default by launches, two-sided at `confidence`.
///
/// - `launches` are [`launch_log_ratio`]s; `known` is what was known of their spread beforehand.
/// - `loaded` are probes of the best and of the default where they are to be corrected; their errors add to that of
///   the ratio (Welch and Satterthwaite's degrees of freedom).
///
/// `None` with fewer than [`LEAST_LAUNCHES`].
#[must_use]
pub fn turns_ratio(
    launches: &[f64],
    known: Option<&PairSpread>,
    loaded: Option<[Loaded; 2]>,
    confidence: f64,
) -> Option<Interval> {
    if launches.len() < LEAST_LAUNCHES {
        return None;
    }
    let ratios: Vec<f64> = launches.iter().map(|log| log.exp()).collect();
    let logs = Logs::of(&ratios)?;
    let spread = known_spread(logs.own_spread(), known)?;
    let variance = spread.sd.powi(2) / logs.n;
    let mut parts = vec![(variance, spread.df)];
    let mut mean = logs.mean;
    if let Some([best, default]) = loaded {
        mean -= best.log_ratio - default.log_ratio;
        parts.extend([best, default].map(|one| (one.error.powi(2), one.df)));
    }
    let all: f64 = parts.iter().map(|(variance, _)| variance).sum();
    let doubt: f64 = parts
        .iter()
        .map(|(variance, df)| variance.powi(2) / df)
        .sum();
    let df = if doubt > 0.0 {
        all * all / doubt
    } else {
        spread.df
    };
    let joined = Pooled {
        sd: all.sqrt(),
        df: df.max(1.0),
    };
    bounded(mean, joined, 1.0, launches.len(), confidence)
}
