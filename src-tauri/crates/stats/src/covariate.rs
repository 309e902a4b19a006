//! What was so before a window and cannot have been caused by its settings: it may explain a part of what varies.
//!
//! A clock that falls, heat that rises and CPU time that the host takes away *within* a window may be the settings'
//! own work: more threads draw more, heat more, and are stolen from more. Taking that out takes out a part of the
//! effect itself (a mediator is no covariate; Rosenbaum, *J. R. Stat. Soc. A* 147, 1984). So [`Before`] has no place
//! for it: only for what was read before the engine started.
//!
//! By how much each of these matters is taken from earlier windows of the same configurations, never from those
//! that are compared ([`Slopes`]), and only what certainly matters there is used. Windows that others disturbed
//! belong in neither: they are discarded, not adjusted.

use crate::gaussian::Gram;
use crate::interval::{Logs, Pooled, bounded};
use crate::quantile::two_sided;
use wattsmith_domain::Interval;

/// How many there are.
const KINDS: usize = 4;
/// A slope is used where its interval at this confidence has no 0 in it.
const SURELY: f64 = 0.95;
/// Degrees of freedom that slopes need.
const LEAST_DF: f64 = 6.0;

/// What was read before a window's engine was started.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Before {
    /// Share of the CPU that other programs used, 0 to 1.
    pub others: f64,
    /// Temperature of the device, degrees Celsius.
    pub heat_c: f64,
    /// Its clock, GHz.
    pub clock_ghz: f64,
    /// Hours since the session began.
    pub hours: f64,
}

impl Before {
    fn all(&self) -> [f64; KINDS] {
        [self.others, self.heat_c, self.clock_ghz, self.hours]
    }
}

/// A window's figure beside what was so before it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Observed {
    /// ln of J/unit.
    pub log: f64,
    /// Before it.
    pub before: Before,
}

/// By how much ln J/unit changes with each covariate.
#[derive(Debug, Clone, PartialEq)]
pub struct Slopes {
    /// Which covariates are used, by their place.
    used: Vec<usize>,
    slopes: Vec<f64>,
    /// Of the slopes, in the same order.
    covariance: Vec<Vec<f64>>,
    df: f64,
}

impl Slopes {
    /// From earlier windows, one group for each configuration: within groups only, so that what differs between
    /// configurations is no part of it. `None` where nothing certainly matters, or windows are too few to say.
    #[must_use]
    pub fn of(groups: &[Vec<Observed>]) -> Option<Self> {
        let mut rows: Vec<([f64; KINDS], f64)> = Vec::new();
        let mut kept = 0.0;
        for group in groups.iter().filter(|group| group.len() >= 2) {
            let n = group.len() as f64;
            let mean = group.iter().map(|one| one.log).sum::<f64>() / n;
            let mut means = [0.0; KINDS];
            for one in group {
                for (sum, value) in means.iter_mut().zip(one.before.all()) {
                    *sum += value / n;
                }
            }
            for one in group {
                let mut row = one.before.all();
                for (value, mean) in row.iter_mut().zip(means) {
                    *value -= mean;
                }
                rows.push((row, one.log - mean));
            }
            kept += n - 1.0;
        }
        let varies = |at: &usize| rows.iter().any(|(row, _)| row[*at].abs() > 1e-9);
        let mut used: Vec<usize> = (0..KINDS).filter(varies).collect();
        // The least certain goes first, until all that are left certainly matter.
        while !used.is_empty() {
            let fitted = fit(&rows, kept, &used)?;
            let weakest = fitted.weakest()?;
            match weakest {
                (_, true) => return Some(fitted),
                (at, false) => used.remove(at),
            };
        }
        None
    }

    /// The place of the least certain slope, and whether it is certain enough.
    fn weakest(&self) -> Option<(usize, bool)> {
        let t = two_sided(SURELY, self.df)?;
        let certain = |at: usize| self.slopes[at].abs() / self.covariance[at][at].sqrt();
        let at = (0..self.used.len()).min_by(|a, b| certain(*a).total_cmp(&certain(*b)))?;
        Some((at, certain(at) > t))
    }

    /// What the covariates explain of the difference between two windows.
    fn explained(&self, from: &Before, to: &Before) -> f64 {
        let (from, to) = (from.all(), to.all());
        let parts = self.used.iter().zip(&self.slopes);
        parts.map(|(at, slope)| slope * (to[*at] - from[*at])).sum()
    }
}

fn fit(rows: &[([f64; KINDS], f64)], kept: f64, used: &[usize]) -> Option<Slopes> {
    let df = kept - used.len() as f64;
    if df < LEAST_DF {
        return None;
    }
    let scale: Vec<f64> = used
        .iter()
        .map(|at| {
            rows.iter()
                .map(|(row, _)| row[*at].powi(2))
                .sum::<f64>()
                .sqrt()
        })
        .collect();
    let term = |row: &[f64; KINDS], one: usize| row[used[one]] / scale[one];
    let normal = || {
        Gram::of(used.len(), |one, other| {
            rows.iter()
                .map(|(row, _)| term(row, one) * term(row, other))
                .sum()
        })
    };
    let wanted = |one: usize| rows.iter().map(|(row, log)| term(row, one) * log).sum();
    let scaled = normal().solve((0..used.len()).map(wanted).collect())?;
    let residual: f64 = rows
        .iter()
        .map(|(row, log)| {
            let parts = scaled.iter().enumerate();
            let told: f64 = parts.map(|(one, slope)| slope * term(row, one)).sum();
            (log - told).powi(2)
        })
        .sum();
    let variance = residual / df;
    let covariance = (0..used.len())
        .map(|one| {
            let mut unit = vec![0.0; used.len()];
            unit[one] = 1.0;
            let column = normal().solve(unit)?;
            let cells = column.iter().zip(&scale);
            Some(
                cells
                    .map(|(cell, other)| variance * cell / (scale[one] * other))
                    .collect(),
            )
        })
        .collect::<Option<Vec<Vec<f64>>>>()?;
    Some(Slopes {
        used: used.to_vec(),
        slopes: scaled
            .iter()
            .zip(&scale)
            .map(|(slope, scale)| slope / scale)
            .collect(),
        covariance,
        df,
    })
}

/// The ratio of best to default from pairs, two-sided at `confidence`, without what the covariates explain; the
/// slopes' own error is part of the interval (Welch and Satterthwaite's degrees of freedom). Without slopes it is
/// that of the pairs as they are. `None` for fewer than two pairs, or a figure that is no number.
#[must_use]
pub fn adjusted_ratio(
    pairs: &[(Observed, Observed)],
    slopes: Option<&Slopes>,
    confidence: f64,
) -> Option<Interval> {
    let explained = |best: &Observed, default: &Observed| {
        slopes.map_or(0.0, |slopes| {
            slopes.explained(&default.before, &best.before)
        })
    };
    let ratios: Vec<f64> = pairs
        .iter()
        .map(|(best, default)| (best.log - default.log - explained(best, default)).exp())
        .collect();
    let logs = Logs::of(&ratios)?;
    let spread = logs.own_spread()?;
    let own = spread.sd.powi(2) / logs.n;
    let (slopes_own, slopes_df) = slopes.map_or((0.0, 1.0), |slopes| {
        let apart: Vec<f64> = slopes
            .used
            .iter()
            .map(|at| {
                let each = pairs
                    .iter()
                    .map(|(best, default)| best.before.all()[*at] - default.before.all()[*at]);
                each.sum::<f64>() / logs.n
            })
            .collect();
        let rows = apart.iter().zip(&slopes.covariance);
        let variance = rows
            .map(|(one, row)| {
                one * row
                    .iter()
                    .zip(&apart)
                    .map(|(cell, other)| cell * other)
                    .sum::<f64>()
            })
            .sum::<f64>();
        (variance.max(0.0), slopes.df)
    });
    let all = own + slopes_own;
    let doubt = own * own / spread.df + slopes_own * slopes_own / slopes_df;
    let joined = Pooled {
        sd: all.sqrt(),
        df: if doubt > 0.0 {
            (all * all / doubt).max(1.0)
        } else {
            spread.df
        },
    };
    bounded(logs.mean, joined, 1.0, pairs.len(), confidence)
}
