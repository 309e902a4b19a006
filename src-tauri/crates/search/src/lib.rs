//! Numeric advisors: who proposes a configuration without a chat.
//!
//! All of them walk the grid that a space's levels span, and share three promises: what they offer
//! is valid and canonical, was not tried before, and follows from their inputs alone, so that a
//! session taken up again after a restart goes on as if nothing had happened. The tuner keeps the
//! set of what was tried ([`SessionRecord::tried`](wattsmith_domain::SessionRecord::tried)) and
//! measures the default before it asks anybody.

mod grid;
mod shortlist;
mod shuffle;
mod sobol;

pub use shortlist::shortlist;
pub use sobol::Sobol;

use std::collections::BTreeSet;
use wattsmith_domain::Configuration;

/// Proposes configurations and learns from what they cost.
pub trait NumericAdvisor {
    /// The next configuration: valid, canonical and with a key that is not in `tried`. `None` when
    /// nothing of that kind is left.
    fn ask(&mut self, tried: &BTreeSet<String>) -> Option<Configuration>;

    /// What a configuration cost, J/unit; `None` when it failed. Advisors that follow a fixed
    /// sequence ignore it.
    fn tell(&mut self, configuration: &Configuration, joules_per_unit: Option<f64>) {
        let _ = (configuration, joules_per_unit);
    }
}
