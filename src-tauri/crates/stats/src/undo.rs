//! What undoing one change of a winner costs, and which change is measured next.
//!
//! Pairs are judged as a confirmation's are ([`crate::decide()`]): by the mean log ratio of those that follow each
//! other, with what was known of their spread. A change may be looked at after each pair, so its 95 % bound is that
//! of a [`Rule`] whose looks together are wrong in at most one change of twenty, on each side. Changes are judged
//! one by one: that several single effects hold does not say that they add up.

use crate::interval::{Logs, bounded};
use crate::noise::known_spread;
use crate::sequential::{Rule, Spending, WITH_PRIOR};
use std::sync::LazyLock;
use wattsmith_domain::{Interval, PairSpread, UndoVerdict, Undoing, UndoneChange};

/// What a change may cost at the most if it is to be dropped: 1 %.
pub const WORTH_KEEPING: f64 = 1.01;
/// One side of a change's bound.
const ALPHA: f64 = 0.05;

static LOOKS: LazyLock<Rule> = LazyLock::new(|| {
    Rule::new(Spending {
        session: ALPHA,
        // All of it is for this change: each is judged once.
        share: 0.999,
        ..WITH_PRIOR
    })
});

/// What the pairs of a change say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UndoLook {
    /// J/unit with it undone over the winner's; none before the first look.
    pub cost: Option<Interval>,
    /// The outcome; none while another pair could decide it.
    pub verdict: Option<UndoVerdict>,
}

/// Looks at a change. `None` of a cost where there are too few pairs.
#[must_use]
pub fn undo_look(change: &UndoneChange, known: Option<&PairSpread>) -> UndoLook {
    let pairs = change.undone.len().min(change.winner.len());
    let cost = cost(change, known, pairs);
    let verdict = match cost {
        Some(cost) if cost.high < WORTH_KEEPING => Some(UndoVerdict::Dropped),
        Some(cost) if cost.low > WORTH_KEEPING => Some(UndoVerdict::Earns),
        _ if pairs >= LOOKS.spending.most as usize => Some(UndoVerdict::Kept),
        _ => None,
    };
    UndoLook { cost, verdict }
}

fn cost(change: &UndoneChange, known: Option<&PairSpread>, pairs: usize) -> Option<Interval> {
    let alpha = LOOKS.alpha(1, u32::try_from(pairs).ok()?);
    let both = change.undone.iter().zip(&change.winner);
    let ratios: Vec<f64> = both
        .map(|(undone, winner)| undone.joules_per_unit() / winner.joules_per_unit())
        .collect();
    let logs = Logs::of(&ratios).filter(|logs| alpha > 0.0 && logs.n >= 2.0)?;
    let spread = known_spread(logs.own_spread(), known)?;
    bounded(logs.mean, spread, 1.0 / logs.n, pairs, 1.0 - 2.0 * alpha)
}

/// The change that a pair is measured of next: of those that are open the one with the fewest pairs. `None` where
/// all are decided.
#[must_use]
pub fn next_to_undo(undoing: &Undoing) -> Option<usize> {
    let open = undoing.changes.iter().enumerate();
    open.filter(|(_, change)| change.verdict.is_none())
        .min_by_key(|(_, change)| change.undone.len().min(change.winner.len()))
        .map(|(at, _)| at)
}

/// What all changes together would cost if single effects added up; none before each has a figure.
#[must_use]
pub fn added_up(undoing: &Undoing) -> Option<f64> {
    let costs: Option<Vec<f64>> = undoing
        .changes
        .iter()
        .map(|change| change.cost.map(|cost| cost.mean))
        .collect();
    costs.map(|costs| costs.iter().product())
}
