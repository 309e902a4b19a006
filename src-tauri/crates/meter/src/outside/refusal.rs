//! Why a meter's value is not taken: in words, and as a code.

use super::http::HttpError;
use crate::sensor::ReadError;
use wattsmith_domain::SensorFault;

/// Why a meter of the person's gives no figure; says what it told and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct MeterRefusal {
    /// In words.
    pub what: String,
    /// As a code.
    pub fault: SensorFault,
}

impl MeterRefusal {
    pub(super) fn new(fault: SensorFault, what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            fault,
        }
    }

    /// It cannot be read, or tells no number.
    pub(super) fn unreadable(what: impl Into<String>) -> Self {
        Self::new(SensorFault::Unreadable, what)
    }
}

impl From<MeterRefusal> for ReadError {
    fn from(refusal: MeterRefusal) -> Self {
        Self {
            reason: refusal.what,
            fault: refusal.fault,
        }
    }
}

impl From<HttpError> for MeterRefusal {
    fn from(error: HttpError) -> Self {
        Self::unreadable(error.to_string())
    }
}

/// One of the things that a device measures.
#[derive(Debug, Clone, PartialEq)]
pub struct MeterOffer {
    /// What `component` is to say for it, such as `em1:0`.
    pub component: String,
    /// What it tells at the moment, W; none where it tells none.
    pub watts: Option<f64>,
}

/// Some of them as words: `em1:0 (118.4 W), em1:1 (3.0 W)`.
pub(super) fn listed(offers: &[MeterOffer]) -> String {
    let words = offers.iter().map(|offer| match offer.watts {
        Some(watts) => format!("{} ({watts} W)", offer.component),
        None => format!("{} (no power)", offer.component),
    });
    words.collect::<Vec<_>>().join(", ")
}
