//! What a landscape is like: how rare good settings are and how good the default is.

use super::{GOOD, Landscape};
use serde::{Deserialize, Serialize};
use wattsmith_domain::{Configuration, Constraints};

/// A landscape in a few figures, all by its truth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Configurations swept.
    pub configurations: usize,
    /// Those that failed.
    pub failed: usize,
    /// Those that work and keep the constraints.
    pub eligible: usize,
    /// The best that keeps the constraints.
    pub best: Configuration,
    /// Its J/unit.
    pub best_joules_per_unit: f64,
    /// The default's J/unit.
    pub default_joules_per_unit: f64,
    /// Whether the default keeps the constraints.
    pub default_keeps: bool,
    /// Place of the default among those that work, 1 the lowest.
    pub default_rank: usize,
    /// Per cent that the best saves against the default.
    pub attainable_percent: f64,
    /// Configurations within 5 % of the best that keep the constraints, the best among them.
    pub good: usize,
    /// The same as a share of all that can be tried besides the default.
    pub good_share: f64,
    /// Whether good settings are rare (at most a tenth) and the default is none: only then does
    /// finding one quickly say anything.
    pub is_hard: bool,
    /// By how many per cent the same settings took more in the machine's worst minutes than in its
    /// best; it is taken out of all figures.
    #[serde(default)]
    pub drift_percent: f64,
    /// Windows that were not used.
    pub spoiled: usize,
    /// Windows behind the figures.
    pub windows: usize,
}

impl Landscape {
    /// Sums the landscape up under `constraints`; `None` where nothing keeps them, or where the
    /// default does not work.
    #[must_use]
    pub fn summary(&self, constraints: &Constraints) -> Option<Summary> {
        let drift = super::Drift::of(self);
        let figures = self.figures_without(&drift);
        let default = self.space.default_configuration().key();
        let own = figures.get(&default)?;
        let eligible: Vec<(&String, f64)> = figures
            .iter()
            .filter(|(_, one)| one.keeps(constraints))
            .map(|(key, one)| (key, one.joules_per_unit))
            .collect();
        let (best_key, best) = eligible
            .iter()
            .min_by(|one, other| one.1.total_cmp(&other.1))?;
        let is_good = |joules: f64| joules <= best * (1.0 + GOOD);
        let good = eligible.iter().filter(|one| is_good(one.1)).count();
        let default_is_good = own.keeps(constraints) && is_good(own.joules_per_unit);
        let open = self.configurations().len().saturating_sub(1).max(1);
        let good_share = (good - usize::from(default_is_good)) as f64 / open as f64;
        let windows = self.entries.iter().flat_map(|entry| &entry.windows);
        let windows = windows.chain(self.truth.iter().flat_map(|truth| &truth.windows));
        let (all, spoiled) = windows.fold((0, 0), |(all, spoiled), window| {
            (all + 1, spoiled + usize::from(window.spoiled.is_some()))
        });
        let lower = figures
            .values()
            .filter(|one| one.joules_per_unit < own.joules_per_unit)
            .count();
        Some(Summary {
            configurations: self.entries.len(),
            failed: self
                .entries
                .iter()
                .filter(|one| one.failure.is_some())
                .count(),
            eligible: eligible.len(),
            best: self
                .entries
                .iter()
                .find(|entry| entry.configuration.key() == **best_key)
                .map(|entry| entry.configuration.clone())?,
            best_joules_per_unit: *best,
            default_joules_per_unit: own.joules_per_unit,
            default_keeps: own.keeps(constraints),
            default_rank: lower + 1,
            attainable_percent: (1.0 - best / own.joules_per_unit) * 100.0,
            good,
            good_share,
            is_hard: good_share <= 0.10 && !default_is_good,
            drift_percent: drift.range_percent(),
            spoiled,
            windows: all - spoiled,
        })
    }
}
