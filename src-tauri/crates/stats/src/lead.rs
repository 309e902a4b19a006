//! The figures that stand first in window and report: the settings that a session is about, and the
//! default beside them. Once fresh repeats decided, both are theirs; before that, the search's.

use crate::analysis::disturbed;
use crate::constraints::mean_performance;
use crate::{Analysis, Basis, CONFIDENCE, Outcome, OutcomeKind, geometric_mean, interval};
use std::borrow::Cow;
use wattsmith_domain::{Decision, Interval, Quantiles, Repeat, SessionRecord};

/// One side of the comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Side {
    /// Geometric mean of gross J/unit.
    pub mean: f64,
    /// The same with its 95 % interval, once anything is known about repeatability.
    pub joules_per_unit: Option<Interval>,
    /// Systematic error of its joules as a fraction, that of the least certain window.
    pub sensor_error: f64,
    /// Units of work per second, the mean over its windows.
    pub units_per_second: f64,
    /// From a request sent to its first token, or to its pictures, seconds, the mean over its windows.
    pub waited_s: Quantiles,
    /// Its windows.
    pub windows: u32,
}

/// What stands first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Lead {
    /// The settings that the outcome is about; none where it is about none beside the default.
    pub subject: Option<Side>,
    /// The default.
    pub default: Option<Side>,
    /// Whether both are of fresh repeats that decided.
    pub fresh: bool,
}

impl Lead {
    /// Works it out.
    #[must_use]
    pub fn of(record: &SessionRecord, analysis: &Analysis, outcome: &Outcome) -> Self {
        let decided = outcome.kind == OutcomeKind::Confirmed && outcome.ratio.is_some();
        let confirmation = record.confirmations.iter().find(|one| {
            decided
                && Some(&one.trial) == outcome.trial.as_ref()
                && one.decision == Some(Decision::Below)
        });
        let basis = Basis::of(record);
        let subject = outcome.trial.as_ref().and_then(|id| record.trial(id));
        let (best, default) = match confirmation {
            Some(one) => (
                Some(Cow::Borrowed(one.best.as_slice())),
                Cow::Borrowed(one.default.as_slice()),
            ),
            None => (subject.map(|one| basis.windows(one)), basis.default()),
        };
        Self {
            subject: best.and_then(|windows| side(&windows, analysis)),
            default: side(&default, analysis),
            fresh: confirmation.is_some(),
        }
    }
}

fn side(windows: &[Repeat], analysis: &Analysis) -> Option<Side> {
    let values: Vec<f64> = windows.iter().map(Repeat::joules_per_unit).collect();
    let performance = mean_performance(windows)?;
    let errors = windows.iter().map(|one| one.energy.sensor_error);
    Some(Side {
        mean: geometric_mean(&values)?,
        joules_per_unit: interval(&values, analysis.pooled, CONFIDENCE)
            .filter(|_| !disturbed(windows)),
        sensor_error: errors.fold(0.0, f64::max),
        units_per_second: performance.tokens_per_second,
        waited_s: performance.time_to_first_token_s,
        windows: u32::try_from(windows.len()).unwrap_or(u32::MAX),
    })
}
