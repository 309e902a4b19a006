//! A window's joules with what the way of cutting them out leaves open.

use wattsmith_domain::MonotonicNs;

/// Joules of a window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Cut {
    pub(crate) joules: f64,
    /// Variance of the random error, square joules.
    pub(crate) variance: f64,
}

impl Cut {
    /// One standard deviation as a fraction of the joules; 0 where there are none.
    pub(crate) fn relative_error(&self) -> f64 {
        if self.joules > 0.0 {
            self.variance.max(0.0).sqrt() / self.joules
        } else {
            0.0
        }
    }
}

/// Seconds from `origin` to `at`, negative before it.
pub(crate) fn seconds(at: MonotonicNs, origin: MonotonicNs) -> f64 {
    at.since(origin).0 - origin.since(at).0
}

/// Variance of an energy curve at a point `part` seconds into a stretch of `whole` seconds whose two
/// ends are known, when it is read linearly in between: that of a bridge, part·(whole − part)·q, with
/// q = D²·whole/2 from the mean square difference D² (square watts) of the mean powers of neighbouring
/// stretches. Power that varies faster than the stretches is taken, which is the worse case.
pub(crate) fn bridge(part: f64, whole: f64, wobble: f64) -> f64 {
    wobble / 2.0 * part.max(0.0) * (whole - part).max(0.0)
}
