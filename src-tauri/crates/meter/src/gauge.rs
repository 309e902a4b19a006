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
//! and their variance is taken instead. Only the unseen part 1 − w/h counts, with w a quarter of h
//! where it is not known.
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

/// Share of the time that a gauge is taken to look where nobody says: 25 of every 100 ms is the least
/// that was found of any (arXiv 2312.02741).
const LEAST_SEEN: f64 = 0.25;

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
    let seen = looks
        .averaging
        .map_or(LEAST_SEEN, |stretch| stretch.as_secs_f64() / step);
    let unseen = (1.0 - seen).max(0.0);
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

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: Duration = Duration::from_millis(500);

    fn at(seconds: f64) -> MonotonicNs {
        MonotonicNs((seconds * 1e9) as u64)
    }

    fn looks(update_ms: u64, averaging_ms: Option<u64>) -> Looks {
        Looks {
            period: Duration::from_millis(update_ms / 4),
            update: Some(Duration::from_millis(update_ms)),
            averaging: averaging_ms.map(Duration::from_millis),
        }
    }

    /// A gauge renewed every 100 ms that tells power at that moment, read every 25 ms.
    fn gauge(power: impl Fn(f64) -> f64) -> Series {
        let mut series = Series::default();
        for reading in 0..560 {
            let when = f64::from(reading) * 0.025 + 0.0125;
            series.push(at(when), power((when * 10.0).floor() / 10.0));
        }
        series
    }

    #[test]
    fn a_ramp_is_not_read_late() {
        let series = gauge(|t| 100.0 + 20.0 * t);
        let one = integrated(&series, at(1.0), at(11.0), looks(100, None), MOST).unwrap();
        let truth = 1000.0 + 10.0 * (121.0 - 1.0);
        // Unshifted it would be 10 J short.
        assert!((one.joules - truth).abs() < 1.0, "{one:?} {truth}");
    }

    #[test]
    fn the_faster_the_load_the_less_is_known() {
        let square = |period: f64| {
            move |t: f64| {
                if (t / period).fract() < 0.5 {
                    300.0
                } else {
                    100.0
                }
            }
        };
        let error = |power: &dyn Fn(f64) -> f64| {
            let one = integrated(&gauge(power), at(1.0), at(11.0), looks(100, None), MOST);
            one.unwrap().variance.sqrt()
        };
        assert_eq!(error(&|_| 200.0), 0.0);
        let slow = error(&square(4.1));
        // Golden-ratio noise: independent from value to value.
        let noise = error(&|t: f64| 100.0 + 200.0 * (t * 10.0 * 0.618_034).fract().powi(2).fract());
        assert!(slow > 0.0 && slow < 20.0, "{slow}");
        assert!(noise > 0.0, "{noise}");
        let random =
            error(&|t: f64| 100.0 + 200.0 * ((t * 12.9898).sin() * 43_758.545).fract().abs());
        // s = 58 W, n = 100, a quarter seen: 58 · √100 · 0.1 · √0.75 = 50 J.
        assert!(random > 25.0 && random < 75.0, "{random}");
    }

    #[test]
    fn what_is_seen_all_the_time_leaves_only_the_edges() {
        let random = |t: f64| 100.0 + 200.0 * ((t * 12.9898).sin() * 43_758.545).fract().abs();
        let error = |averaging| {
            let one = integrated(
                &gauge(random),
                at(1.0),
                at(11.0),
                looks(100, averaging),
                MOST,
            );
            one.unwrap().variance
        };
        assert!(error(Some(100)) < error(Some(25)) / 4.0);
        assert!((error(Some(25)) / error(None) - 1.0).abs() < 0.2);
    }

    #[test]
    fn a_few_values_say_nothing_of_what_was_between_them() {
        let series = gauge(|_| 100.0);
        let one = integrated(&series, at(1.0), at(1.2), looks(100, None), MOST).unwrap();
        assert!((one.relative_error() - UNKNOWN).abs() < 1e-9);
    }

    #[test]
    fn the_sampling_factor_runs_from_slow_to_independent() {
        assert_eq!(langevin(-0.3), 1.0);
        assert_eq!(langevin(f64::NAN), 1.0);
        // ε/6 for slow loads, continuous where the series takes over.
        assert!((langevin((-0.06_f64).exp()) - 0.01).abs() < 1e-5);
        assert!(
            (langevin((-0.001_999_f64).exp()) / langevin((-0.002_001_f64).exp()) - 1.0).abs()
                < 0.01
        );
    }
}
