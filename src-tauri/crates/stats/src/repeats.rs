//! How many windows a trial of the search is worth.
//!
//! Repeats are spent where they can still change which settings look best: none on what is clearly
//! worse, a few more on what cannot be told from the best yet. Stopping on what was seen favours what
//! was lucky, so a figure of the search makes no claim: that is for a confirmation's fresh repeats
//! ([`look`](crate::look())).

use crate::compare::{Side, clear_side, common_scope, gross, repeats_more};
use crate::{Analysis, Basis, Pooled};
use wattsmith_domain::{Purpose, Repeat, SessionRecord, Threshold, TrialId};

/// Windows beyond the usual number that one trial may take.
pub const MOST_EXTRA_REPEATS: u32 = 2;
/// Windows before a trial may end early for anything else than being clearly worse.
const LEAST_REPEATS: usize = 2;
/// An early end needs more certainty than an interval that is shown, since there are several looks.
const CLEARLY: f64 = 0.99;

/// Why a trial needs no further window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enough {
    /// It has the number that was planned.
    Planned,
    /// It clearly needs more energy than the default.
    WorseThanDefault,
    /// It clearly needs more energy than the best settings so far.
    WorseThanBest,
    /// It is clearly below the threshold: fresh repeats decide, and more of these would not count.
    BelowThreshold,
    /// The few that are left would hardly tell it from the best.
    NotWorthMore,
}

/// Whether a trial has enough windows; none while another one is worth measuring. `record` holds the
/// trial with the windows it has.
#[must_use]
pub fn enough(record: &SessionRecord, trial: &TrialId) -> Option<Enough> {
    let session = &record.session;
    let trial = record.trial(trial)?;
    let (have, planned) = (trial.repeats.len(), session.repeats as usize);
    if have == 0 {
        return None;
    }
    let fixed = !session.adaptive || trial.purpose == Purpose::Default || planned < 2;
    let most = planned + MOST_EXTRA_REPEATS as usize;
    if have >= most || (fixed && have >= planned) {
        return Some(Enough::Planned);
    }
    if fixed {
        return None;
    }
    let analysis = Analysis::of(record);
    let basis = Basis::of(record);
    let default = basis.default();
    // Without a default or a known noise there is nothing to hold it against.
    let Some(pooled) = analysis.pooled.filter(|_| !default.is_empty()) else {
        return (have >= planned).then_some(Enough::Planned);
    };
    let own = &trial.repeats;
    if clearly(own, &default, pooled) == Some(Side::More) {
        return Some(Enough::WorseThanDefault);
    }
    if have < LEAST_REPEATS {
        return None;
    }
    let best = analysis
        .best
        .as_ref()
        .filter(|best| **best != trial.id)
        .and_then(|best| record.trial(best))
        .map_or(default.clone(), |best| basis.windows(best));
    if clearly(own, &best, pooled) == Some(Side::More) {
        return Some(Enough::WorseThanBest);
    }
    if below(own, &default, session.objective.threshold, pooled) {
        return Some(Enough::BelowThreshold);
    }
    if have < planned {
        return None;
    }
    let left = u32::try_from(most - have).unwrap_or(0);
    match repeats_more(own, &best, pooled, left) {
        // Decided already, or never within what is left.
        Some(0) | None => Some(Enough::NotWorthMore),
        Some(_) => None,
    }
}

/// The side on which the trial clearly lies, at both ends of an estimate's coefficients.
fn clearly(own: &[Repeat], other: &[Repeat], pooled: Pooled) -> Option<Side> {
    common_scope(own.iter().chain(other))?;
    clear_side(own, other, pooled, CLEARLY)
}

fn below(own: &[Repeat], default: &[Repeat], threshold: Threshold, pooled: Pooled) -> bool {
    let at_most = |interval: Option<wattsmith_domain::Interval>, limit: f64| {
        interval.is_some_and(|interval| interval.high <= limit)
    };
    let (own, default) = (gross(own), gross(default));
    match threshold {
        Threshold::Joules { joules } => {
            at_most(crate::interval(&own, Some(pooled), CLEARLY), joules)
        }
        Threshold::PercentBelowDefault { percent } => at_most(
            crate::ratio(&own, &default, Some(pooled), CLEARLY),
            1.0 - percent / 100.0,
        ),
    }
}
