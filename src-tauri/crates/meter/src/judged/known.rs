//! A mean power with what is known of its error.

use crate::cut::Cut;
use crate::device_log::DeviceLog;
use std::iter::Sum;
use std::ops::Add;
use wattsmith_domain::{MonotonicNs, Seconds};

/// A mean power over some span.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Known {
    pub(super) watts: f64,
    /// Variance of the window's error, square watts.
    pub(super) variance: f64,
    /// The most that the sensors may be off, always in the same direction, watts.
    pub(super) limit: f64,
}

impl Known {
    /// Of one sensor over a span, from when it has caught up with it; none where the span is too
    /// short for that, or not covered.
    pub(super) fn of(log: &DeviceLog, from: MonotonicNs, to: MonotonicNs) -> Option<Self> {
        Self::since(log, from.plus(log.info.settled()), to)
    }

    /// The same from an instant at which it has caught up already.
    pub(super) fn since(log: &DeviceLog, from: MonotonicNs, to: MonotonicNs) -> Option<Self> {
        Some(Self::from_cut(
            log.cut(from, to)?,
            to.since(from),
            log.info.error,
        ))
        .filter(|_| to > from)
    }

    pub(super) fn from_cut(cut: Cut, span: Seconds, error: f64) -> Self {
        let watts = cut.joules / span.0;
        Self {
            watts,
            variance: cut.variance.max(0.0) / (span.0 * span.0),
            limit: watts.abs() * error,
        }
    }

    /// What it is more than `other`, of the same sensor: an error in proportion is one of the
    /// difference.
    pub(super) fn more_than(&self, other: &Self) -> Self {
        Self {
            watts: self.watts - other.watts,
            variance: self.variance + other.variance,
            limit: (self.limit - other.limit).abs(),
        }
    }

    /// One standard deviation.
    pub(super) fn sd(&self) -> f64 {
        self.variance.sqrt()
    }
}

/// Two sensors together: windows err independently, sensors may err alike.
impl Add for Known {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            watts: self.watts + other.watts,
            variance: self.variance + other.variance,
            limit: self.limit + other.limit,
        }
    }
}

impl Sum for Known {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), Add::add)
    }
}

/// The smallest step that a value seems to be told in: its last decimal, whole watts at the most.
pub(super) fn resolution(value: f64) -> f64 {
    [1.0, 0.1, 0.01]
        .into_iter()
        .find(|step| {
            let steps = value / step;
            (steps - steps.round()).abs() < 1e-6
        })
        .unwrap_or(0.001)
}
