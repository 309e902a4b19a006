//! Why a window has no joules.

use crate::sensor::ReadError;
use wattsmith_domain::{Seconds, SensorFault};

/// Why a window has no figure. There is never a partial sum instead.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum MeterError {
    /// The window has no length.
    #[error("the window is empty: it ends where it begins; measure again")]
    EmptyWindow,
    /// The window reaches beyond what was recorded.
    #[error(
        "{device} was not recorded over the whole window; begin recording before the first request \
         and finish after the last token"
    )]
    NotCovered {
        /// Which sensor.
        device: String,
    },
    /// Samples are missing inside the window.
    #[error(
        "{device} gave no sample for {:.2} s inside the window (at most {:.2} s may be missing); \
         the machine was suspended or too busy to read it: measure again", .gap.0, .most.0
    )]
    Gap {
        /// Which sensor.
        device: String,
        /// How long.
        gap: Seconds,
        /// How long is tolerated.
        most: Seconds,
    },
    /// The sensor stopped answering.
    #[error("{device} stopped answering while it was measured: {failure}")]
    Lost {
        /// Which sensor.
        device: String,
        /// What it said last.
        failure: ReadError,
    },
    /// The counter did not move.
    #[error(
        "the energy counter of {device} did not move during the window; restart Wattsmith, which \
         probes it anew, and the driver if that does not help"
    )]
    Frozen {
        /// Which sensor.
        device: String,
    },
    /// It told the same all through rest and work, or its own total stood still.
    #[error(
        "{device} is frozen: {what}. It gives no figure. Restart it, or whatever passes its values \
         on, and measure again; or let another sensor make the figure"
    )]
    Stuck {
        /// Which sensor.
        device: String,
        /// What was seen.
        what: String,
    },
    /// The counter went back or leapt.
    #[error(
        "the energy counter of {device} leapt or began anew during the window; measure again, and \
         restart the machine if it goes on"
    )]
    Leapt {
        /// Which sensor.
        device: String,
    },
    /// There is not even CPU time.
    #[error("nothing can be measured here: {reason}")]
    NoSensor {
        /// Why.
        reason: String,
    },
}

impl MeterError {
    /// What is wrong with the sensor, where it is the sensor's fault.
    #[must_use]
    pub fn fault(&self) -> Option<SensorFault> {
        match self {
            Self::Frozen { .. } | Self::Stuck { .. } => Some(SensorFault::Frozen),
            Self::Lost { failure, .. } => Some(failure.fault),
            _ => None,
        }
    }
}
