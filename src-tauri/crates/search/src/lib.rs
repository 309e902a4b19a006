//! Numeric advisors: who proposes a configuration without a chat. And landscapes: measured tables
//! that stand in for an engine, so that advisors can be compared a thousand times.
//!
//! All advisors choose from the grid that a space's levels span (or from a [`Pool`] of its
//! configurations), and share three promises: what they offer is valid and canonical, was not tried
//! before, and follows from the seed and from what they were told alone, so that a session taken up
//! again after a restart goes on as if nothing had happened. The tuner keeps the set of what was
//! tried ([`SessionRecord::tried`](wattsmith_domain::SessionRecord::tried)), tells the record's
//! trials in their order, and measures the default before it asks anybody.
//!
//! # Map
//!
//! | files | purpose |
//! |---|---|
//! | `surrogate/`, `knowledge`, `model` | our own advisor, and what it knows beforehand |
//! | `gp`, `climb`, `tpe`, `sobol`, `random`, `rule` | the others, a file each |
//! | `grid`, `pool`, `observation`, `shuffle` | what may be proposed, what was seen, the same order everywhere |
//! | `shortlist` | a few sensible configurations for an advisor who chooses better than it invents |
//! | `landscape/`, `replay`, `synthetic`, `study` | measured tables, played back; invented ones; one run judged |
//!
//! # The life of one value
//!
//! A trial's J/token becomes an `Observation`; the advisor's model takes it; its next ask gives a configuration
//! of the grid that was not tried. Computations are short and are not interrupted; the tuner runs them off the
//! async threads.

mod climb;
mod gp;
mod grid;
mod knowledge;
mod landscape;
mod model;
mod observation;
mod pool;
mod random;
mod replay;
mod rule;
mod shortlist;
mod shuffle;
mod sobol;
mod study;
mod surrogate;
pub mod synthetic;
mod tpe;

// What the models here and the analysis of a session share.
use wattsmith_stats::{features, gaussian};

pub use gp::Gp;
pub use landscape::{
    Entry, Failure, Figures, Flaw, GOOD, LANDSCAPE_FORMAT, Landscape, Noise, Summary, Truth, Window,
};
pub use observation::{Context, Observation, Outcome, PriorPoint};
pub use pool::Pool;
pub use random::Random;
pub use replay::Replay;
pub use rule::{RuleOfThumb, target as rule_of_thumb};
pub use shortlist::shortlist;
pub use shuffle::SplitMix;
pub use sobol::{Sequence, Sobol};
pub use study::{Recommendation, Run, Standing, Verdict, recommendations, standings};
pub use surrogate::{Candidate, LEAST_RISK, MOST_ENTRIES, OFFERED_SHARE, Surrogate};
pub use tpe::Tpe;

use std::collections::BTreeSet;
use wattsmith_domain::{Advisor, Configuration};

/// Proposes configurations and learns from what they cost.
pub trait NumericAdvisor {
    /// What a trial taught. Those that follow a fixed sequence only learn that it was tried.
    fn tell(&mut self, observation: Observation);

    /// The next configuration: valid, canonical, never told about before, and with a key that is
    /// not in `tried` either. `None` when nothing of that kind is left.
    fn ask(&mut self, tried: &BTreeSet<String>) -> Option<Configuration>;
}

/// The numeric advisor of that name; `None` for those that need a chat, and for the person.
#[must_use]
pub fn advisor(
    name: Advisor,
    pool: &Pool,
    context: &Context,
    seed: u64,
) -> Option<Box<dyn NumericAdvisor + Send>> {
    let context = context.clone();
    Some(match name {
        Advisor::Sobol => Box::new(Sobol::new(pool, seed)),
        Advisor::Random => Box::new(Random::new(pool, seed)),
        Advisor::Rule => Box::new(RuleOfThumb::new(pool, context, seed)),
        Advisor::Tpe => Box::new(Tpe::new(pool, context, seed)),
        Advisor::Gp => Box::new(Gp::new(pool, context, seed)),
        Advisor::Surrogate => Box::new(Surrogate::new(pool, context, seed)),
        Advisor::Enhanced | Advisor::Baseline | Advisor::Guided | Advisor::Person => return None,
    })
}
