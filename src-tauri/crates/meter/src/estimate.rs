//! The estimate: joules from seconds, where no sensor answers.
//!
//! joules = idle watts × wall seconds + watts per busy core × CPU seconds of the engine.
//!
//! Nobody measured these coefficients on the machine at hand. So the same seconds are also priced at
//! two ends of what is plausible, a machine that idles frugally and one that idles greedily, and a
//! verdict counts only where it holds at both. All coefficients are in this file.

use wattsmith_domain::{EstimateSpread, Joules, MonotonicNs, PowerSample, Watts};

use crate::series::Series;

/// One way to price the seconds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Price {
    pub(crate) idle: Watts,
    pub(crate) busy_core: Watts,
}

/// The price of the seconds, and how far it may be from the truth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Prices {
    /// The figure that is shown.
    pub(crate) centre: Price,
    /// Favours settings that keep few cores busy.
    pub(crate) low_idle: Price,
    /// Favours settings that finish soon.
    pub(crate) high_idle: Price,
    /// The stated error is never smaller than this fraction, whatever the two ends say.
    pub(crate) least_error: f64,
}
/// [`Prices::least_error`] where nothing was calibrated.
pub(crate) const LEAST_ERROR: f64 = 0.5;

impl Price {
    fn joules(&self, wall_s: f64, cpu_s: f64) -> Joules {
        Joules(self.idle.0 * wall_s + self.busy_core.0 * cpu_s)
    }
}

/// What a window is estimated to have used.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Estimated {
    pub(crate) joules: Joules,
    pub(crate) spread: EstimateSpread,
    /// Half of the range between the ends over the figure, at least [`LEAST_ERROR`].
    pub(crate) error: f64,
}

impl Prices {
    /// Where nothing is known of the machine.
    pub(crate) const PLAUSIBLE: Self = Self {
        centre: Price {
            idle: Watts(10.0),
            busy_core: Watts(8.0),
        },
        low_idle: Price {
            idle: Watts(3.0),
            busy_core: Watts(10.0),
        },
        high_idle: Price {
            idle: Watts(30.0),
            busy_core: Watts(4.0),
        },
        least_error: LEAST_ERROR,
    };

    /// Prices a window of `wall_s` seconds in which the engine used `cpu_s` CPU seconds.
    pub(crate) fn estimate(&self, wall_s: f64, cpu_s: f64) -> Estimated {
        let joules = self.centre.joules(wall_s, cpu_s);
        let spread = EstimateSpread {
            low_idle: self.low_idle.joules(wall_s, cpu_s),
            high_idle: self.high_idle.joules(wall_s, cpu_s),
        };
        let half_range = (spread.high_idle.0 - spread.low_idle.0).abs() / 2.0;
        Estimated {
            joules,
            spread,
            error: (half_range / joules.0).max(self.least_error),
        }
    }

    /// The estimate as power over time, for the chart: one value per pair of readings.
    pub(crate) fn power(&self, engine_seconds: &Series) -> Vec<PowerSample> {
        let later = engine_seconds.points().skip(1);
        engine_seconds
            .points()
            .zip(later)
            .filter_map(|(before, after)| self.power_between(before, after))
            .collect()
    }

    /// Estimated power between two readings of the engine's CPU seconds.
    pub(crate) fn power_between(
        &self,
        (from, before): (MonotonicNs, f64),
        (to, after): (MonotonicNs, f64),
    ) -> Option<PowerSample> {
        let wall = to.since(from).0;
        (wall > 0.0).then(|| PowerSample {
            at: to,
            power: Watts(self.centre.joules(wall, after - before).0 / wall),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seconds_are_priced_at_the_centre_and_at_both_ends() {
        let one = Prices::PLAUSIBLE.estimate(10.0, 20.0);
        assert_eq!(one.joules, Joules(260.0));
        assert_eq!(one.spread.low_idle, Joules(230.0));
        assert_eq!(one.spread.high_idle, Joules(380.0));
        assert_eq!(one.error, 0.5);
        // An idle machine shows how little is known: 3 W or 30 W?
        assert_eq!(Prices::PLAUSIBLE.estimate(10.0, 0.0).error, 1.35);
    }

    #[test]
    fn the_order_of_two_settings_can_flip_between_the_ends() {
        let (slow, fast) = (
            Prices::PLAUSIBLE.estimate(10.0, 10.0),
            Prices::PLAUSIBLE.estimate(7.0, 13.0),
        );
        assert!(slow.spread.low_idle < fast.spread.low_idle);
        assert!(slow.spread.high_idle > fast.spread.high_idle);
    }
}
