//! Joules from a power that is told only as a mean over a long stretch W, such as the second before.
//!
//! Means of stretches that lie end to end are exact: with y(t) the mean over (t − W, t) the energy from
//! b − k·W to b is W·Σ y(b − j·W), j = 0 … k−1. So the window is tiled from its end backwards. The
//! last tile reaches over the window's beginning by W − r; that part is taken off at y(a), the mean
//! over the stretch before the window, which is exact where power was steady there. No lag is left,
//! and no seconds need to be dropped.

use crate::cut::{Cut, bridge};
use crate::gauge::Looks;
use crate::series::{Hole, Series};
use std::time::Duration;
use wattsmith_domain::{MonotonicNs, Seconds};

/// Joules of `series` (watts, each the mean over `stretch` before it) from `from` to `to`.
pub(crate) fn tiled(
    series: &Series,
    from: MonotonicNs,
    to: MonotonicNs,
    stretch: Duration,
    looks: Looks,
    most: Duration,
) -> Result<Cut, Hole> {
    // A gap anywhere is an error, as for every gauge.
    series.integral(from, to, most)?;
    let update = looks.update.unwrap_or(looks.period).as_secs_f64();
    let period = looks.period.as_secs_f64();
    // A held value is half an update old on average.
    let mean = |when: MonotonicNs| {
        let told = when.plus(Seconds(update / 2.0));
        match series.last() {
            Some((last, held)) if last < told => Ok(held),
            _ => series.at(told, most),
        }
    };
    let (whole, span) = (stretch.as_secs_f64(), to.since(from).0);
    let tiles = (span / whole).floor();
    let rest = span - tiles * whole;
    let before = mean(from)?;
    let mut sum = 0.0;
    let mut changes = 0.0;
    let mut newer: Option<f64> = None;
    for tile in 0..=tiles as u64 {
        let back = ((tile as f64) * whole * 1e9) as u64;
        let value = mean(MonotonicNs(to.0.saturating_sub(back)))?;
        changes += newer.map_or(0.0, |newer| (value - newer).powi(2));
        newer = Some(value);
        sum += value;
    }
    let count = tiles + 1.0;
    let wobble = if tiles > 0.0 { changes / tiles } else { 0.0 };
    // Each value is known to a reading's time, at the slope that tiles show of each other.
    let slope = wobble / (whole * whole);
    Ok(Cut {
        joules: whole * sum - (whole - rest) * before,
        variance: bridge(rest, whole, wobble)
            + whole * whole * count * slope * period * period / 12.0
            + wobble * update * update / 12.0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: Duration = Duration::from_millis(500);

    fn at(seconds: f64) -> MonotonicNs {
        MonotonicNs((seconds * 1e9) as u64)
    }

    /// The mean of the last second, renewed every 100 ms and read every 25 ms.
    fn averaged(energy: impl Fn(f64) -> f64) -> Series {
        let mut series = Series::default();
        for reading in 0..3200 {
            let when = f64::from(reading) * 0.025 + 2.0;
            let told = (when * 10.0 + 1e-6).floor() / 10.0;
            series.push(at(when), energy(told) - energy(told - 1.0));
        }
        series
    }

    fn cut(series: &Series, from: f64, to: f64) -> Cut {
        let looks = Looks {
            period: Duration::from_millis(25),
            update: Some(Duration::from_millis(100)),
            averaging: Some(Duration::from_secs(1)),
        };
        tiled(
            series,
            at(from),
            at(to),
            Duration::from_secs(1),
            looks,
            MOST,
        )
        .unwrap()
    }

    #[test]
    fn work_between_two_rests_is_counted_whole() {
        // 80 W at rest, 300 W from 5 s to 65 s: read plainly, the average lags by 110 J at each edge.
        let energy = |t: f64| 80.0 * t + 220.0 * (t.clamp(5.0, 65.0) - 5.0);
        for to in [65.0, 65.37, 65.9] {
            let truth = energy(to) - energy(5.0);
            let one = cut(&averaged(energy), 5.0, to);
            assert!(
                (one.joules - truth).abs() < 0.003 * truth,
                "{to}: {one:?} {truth}"
            );
            assert!(one.variance.is_finite() && one.variance >= 0.0);
        }
    }

    #[test]
    fn steady_power_has_no_error_to_state() {
        let one = cut(&averaged(|t| 150.0 * t), 4.2, 64.7);
        assert!((one.joules - 150.0 * 60.5).abs() < 1e-3, "{one:?}");
        assert!(one.variance < 1e-6);
    }
}
