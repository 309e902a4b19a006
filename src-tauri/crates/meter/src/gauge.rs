//! Joules from a power gauge, and how well looking now and then tells them.
//!
//! A gauge takes a new value every u milliseconds and holds it; the value is the mean over the w
//! before it (25 of every 100 ms on some boards). Read over and over, the held values make a
//! staircase that lags by u/2 + w/2, so the trapezoids are laid over a window that is shifted by as
//! much.
//!
//! What is not looked at is not known. With n values a distance h apart, variance s² and correlation
//! ρ between neighbours, the energy of a load whose correlation falls off exponentially has the
//! sampling variance
//!
//! T·h·s²·(coth(ε/2) − 2/ε), ε = −ln ρ
//!
//! which is h²·Σd²/12 for one that changes slowly (d the difference of neighbours) and T·h·s² for one
//! that is independent from value to value. A regular load that is faster than the gauge is known
//! better than that, since the values walk through its phases; then the means of ten batches agree,
//! and their variance is taken instead. Where w is known only the unseen part 1 − w/h counts.
//! Limits: a load in step with the gauge looks constant, and no estimate from these values can tell.

use crate::cut::Cut;
use crate::series::{Hole, Series};
use std::time::Duration;
use wattsmith_domain::{MonotonicNs, Seconds};

/// Batches that the values are split into.
const BATCHES: usize = 10;
/// Values that a batch must have.
const LEAST_IN_BATCH: usize = 2;
/// A variance from ten batches is itself uncertain: (t₉ / z)² at 95 %, 2.262 over 1.960.
const BATCH_SURCHARGE: f64 = 1.332;
/// Values below which their spread says nothing.
const LEAST_VALUES: usize = 4;
/// One standard deviation, as a fraction of the joules, where the values are too few.
const UNKNOWN: f64 = 0.5;

/// What is known of a gauge's way of looking.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Looks {
    /// Between two readings.
    pub(crate) period: Duration,
    /// Between two new values, where known.
    pub(crate) update: Option<Duration>,
    /// What each value is the mean over, where known.
    pub(crate) averaging: Option<Duration>,
}

impl Looks {
    /// How long after the fact the staircase tells it, on average.
    pub(crate) fn lag(&self) -> Seconds {
        let all = self.update.unwrap_or_default() + self.averaging.unwrap_or_default();
        Seconds(all.as_secs_f64() / 2.0)
    }

    /// Distance of values that say something new, seconds.
    fn distance(&self) -> f64 {
        self.update
            .unwrap_or_default()
            .max(self.period)
            .as_secs_f64()
    }
}

/// Joules of `series` (watts) from `from` to `to`.
pub(crate) fn integrated(
    series: &Series,
    from: MonotonicNs,
    to: MonotonicNs,
    looks: Looks,
    most: Duration,
) -> Result<Cut, Hole> {
    series.at(from, most)?;
    series.at(to, most)?;
    let (begin, end) = (from.plus(looks.lag()), to.plus(looks.lag()));
    let joules = held_integral(series, begin, end, most)?;
    let span = to.since(from).0;
    let step = looks.distance();
    let values = values(series, begin, end, step);
    let averaging = looks.averaging.unwrap_or_default().as_secs_f64();
    let unseen = (1.0 - averaging / step).max(0.0);
    let variance = match Spread::of(&values) {
        Some(spread) => {
            let gaps = longer_gaps(series, begin, end, 2.0 * step);
            spread.sampling(&values, span, step) * unseen
                + spread.square * gaps
                // Where exactly the staircase begins and ends.
                + 2.0 * step * step * spread.steps / 12.0
        }
        None => (UNKNOWN * joules).powi(2),
    };
    Ok(Cut { joules, variance })
}

/// The trapezoids, the last value held where the window ends after it.
fn held_integral(
    series: &Series,
    begin: MonotonicNs,
    end: MonotonicNs,
    most: Duration,
) -> Result<f64, Hole> {
    let (last, held) = series.last().ok_or(Hole::NotCovered)?;
    let read = |to: MonotonicNs| match to > begin {
        true => series.integral(begin, to, most),
        false => Ok(0.0),
    };
    let beyond = end.since(last.max(begin)).0;
    Ok(read(end.min(last))? + beyond * held)
}

/// What the staircase shows every `step` seconds.
fn values(series: &Series, begin: MonotonicNs, end: MonotonicNs, step: f64) -> Vec<f64> {
    let count = (end.since(begin).0 / step) as usize;
    (0..=count)
        .filter_map(|index| {
            let when = begin.plus(Seconds(index as f64 * step));
            let after = series.first_at(MonotonicNs(when.0 + 1));
            Some(series.get(after.checked_sub(1)?)?.1)
        })
        .collect()
}

/// Sum of the squares of readings' distances that are longer than `usual` seconds.
fn longer_gaps(series: &Series, begin: MonotonicNs, end: MonotonicNs, usual: f64) -> f64 {
    let mut before: Option<MonotonicNs> = None;
    let mut squares = 0.0;
    for (at, _) in series.between(begin, end) {
        let gap = before.map_or(0.0, |before| at.since(before).0);
        if gap > usual {
            squares += gap * gap;
        }
        before = Some(at);
    }
    squares
}

/// How values spread.
#[derive(Debug, Clone, Copy)]
struct Spread {
    /// Variance, s².
    square: f64,
    /// Mean square difference of neighbours, d².
    steps: f64,
}

impl Spread {
    fn of(values: &[f64]) -> Option<Self> {
        if values.len() < LEAST_VALUES {
            return None;
        }
        let differences = values.windows(2).map(|pair| (pair[1] - pair[0]).powi(2));
        Some(Self {
            square: variance(values),
            steps: differences.sum::<f64>() / (values.len() - 1) as f64,
        })
    }

    /// Variance of the energy over `span` seconds from `values` `step` seconds apart that see
    /// nothing in between, square joules.
    fn sampling(&self, values: &[f64], span: f64, step: f64) -> f64 {
        let correlation = 1.0 - self.steps / (2.0 * self.square);
        let exponential = span * step * self.square * langevin(correlation);
        let size = values.len() / BATCHES;
        if size < LEAST_IN_BATCH {
            return exponential;
        }
        let means: Vec<f64> = values
            .chunks_exact(size)
            .take(BATCHES)
            .map(|batch| batch.iter().sum::<f64>() / size as f64)
            .collect();
        let batched = span * span * variance(&means) / BATCHES as f64 * BATCH_SURCHARGE;
        exponential.min(batched)
    }
}

fn variance(values: &[f64]) -> f64 {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let squares = values.iter().map(|value| (value - mean).powi(2));
    squares.sum::<f64>() / (count - 1.0)
}

/// coth(ε/2) − 2/ε for ε = −ln ρ: from 0 at ρ = 1 to 1 at ρ = 0 and below.
fn langevin(correlation: f64) -> f64 {
    // Constant values have no correlation, and no variance for it to matter.
    if correlation.is_nan() || correlation <= 0.0 {
        return 1.0;
    }
    let half = -correlation.ln() / 2.0;
    // The difference of two large numbers; its series begins with half/3.
    if half < 1e-3 {
        return half / 3.0;
    }
    1.0 / half.tanh() - 1.0 / half
}
