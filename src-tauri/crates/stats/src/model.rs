//! The trials of a session as the model of them sees them: which is expected to be the best, and which
//! is likely to lie below the threshold.

use crate::analysis::{TrialAnalysis, usable};
use crate::basis::Basis;
use crate::compare::gross;
use crate::expect::{Expected, Seen};
use crate::interval::{Pooled, geometric_mean};
use wattsmith_domain::{
    Configuration, ParameterSpace, Purpose, Repeat, Scope, SessionRecord, Threshold, TrialId,
};

/// Least chance that the truth lies below the threshold at which fresh repeats are worth their time.
const LIKELY: f64 = 0.5;

/// A complete, comparable trial of the session's scope.
pub(crate) struct Point<'a> {
    pub(crate) id: &'a TrialId,
    configuration: &'a Configuration,
    /// Whether it keeps the constraints.
    keeps: bool,
    is_default: bool,
    /// Geometric mean of J/unit in the search.
    mean: f64,
    /// The same with the windows of its finished confirmations, and how many all of them are.
    all: (f64, u32),
    ends: Option<(f64, f64)>,
}

/// All of them, and what is expected of each.
pub(crate) struct Model<'a> {
    space: &'a ParameterSpace,
    pub(crate) points: Vec<Point<'a>>,
    log_sd: Option<f64>,
    /// None where nothing was measured.
    pub(crate) expected: Option<Expected>,
}

impl<'a> Model<'a> {
    pub(crate) fn of(
        record: &'a SessionRecord,
        trials: &'a [TrialAnalysis],
        basis: &Basis<'a>,
        scope: Option<Scope>,
        pooled: Option<Pooled>,
    ) -> Self {
        let points: Vec<Point> = usable(record, trials, basis, scope)
            .filter_map(|(trial, own)| {
                let confirmations = record.confirmations.iter();
                // One that goes on is decided by its own rule alone.
                let fresh = confirmations.filter(|one| {
                    one.trial == trial.id && one.decision.is_some() && basis.counts(one)
                });
                let mut windows: Vec<Repeat> = basis.windows(trial).into_owned();
                windows.extend(fresh.flat_map(|one| one.best.iter().cloned()));
                Some(Point {
                    id: &trial.id,
                    configuration: &trial.configuration,
                    keeps: own.violations.is_empty(),
                    is_default: trial.purpose == Purpose::Default,
                    mean: own.mean?,
                    all: (
                        geometric_mean(&gross(&windows))?,
                        u32::try_from(windows.len()).unwrap_or(u32::MAX),
                    ),
                    ends: own.ends,
                })
            })
            .collect();
        let mut model = Self {
            space: &record.session.space,
            points,
            log_sd: pooled.map(|pooled| pooled.sd),
            expected: None,
        };
        model.expected = model.fit(|one| Some(one.all));
        model
    }

    /// What is expected of each, in J/unit.
    pub(crate) fn expectations(&self) -> Vec<(TrialId, f64)> {
        let Some(expected) = &self.expected else {
            return Vec::new();
        };
        let points = self.points.iter().enumerate();
        points
            .map(|(at, one)| (one.id.clone(), expected.joules_per_unit(at)))
            .collect()
    }

    fn fit(&self, figure: impl Fn(&Point) -> Option<(f64, u32)>) -> Option<Expected> {
        let seen: Option<Vec<Seen>> = self
            .points
            .iter()
            .map(|one| {
                let (joules_per_unit, windows) = figure(one)?;
                Some(Seen {
                    configuration: one.configuration,
                    joules_per_unit,
                    windows,
                })
            })
            .collect();
        Expected::of(self.space, &seen?, self.log_sd)
    }

    /// What would be expected at one of the ends of the estimate's coefficients; none where the figures
    /// are no estimates.
    pub(crate) fn at_end(&self, end: usize) -> Option<Expected> {
        self.fit(|one| one.ends.map(|(low, high)| ([low, high][end], one.all.1)))
    }

    /// The place of the least expectation among what keeps the constraints.
    pub(crate) fn best(&self, expected: Option<&Expected>) -> Option<usize> {
        let expected = expected?;
        self.least(|at, _| expected.joules_per_unit(at))
    }

    /// The place of the lowest figure among what keeps the constraints.
    pub(crate) fn lowest(&self) -> Option<usize> {
        self.least(|_, one| one.mean)
    }

    fn least(&self, figure: impl Fn(usize, &Point) -> f64) -> Option<usize> {
        let keeps = self.points.iter().enumerate().filter(|(_, one)| one.keeps);
        keeps
            .map(|(at, one)| (at, figure(at, one)))
            .min_by(|(_, one), (_, other)| one.total_cmp(other))
            .map(|(at, _)| at)
    }

    /// The place of what fresh repeats are to judge next.
    pub(crate) fn crossing(&self, record: &SessionRecord) -> Option<usize> {
        let expected = self.expected.as_ref()?;
        let default = self.points.iter().position(|one| one.is_default);
        let judged = |id: &TrialId| {
            let mut confirmations = record.confirmations.iter();
            confirmations.any(|one| one.trial == *id && one.decision.is_some())
        };
        let chance = |at: usize| match record.session.objective.threshold {
            Threshold::Joules { joules } => Some(expected.chance_at_most(at, joules)),
            Threshold::PercentBelowDefault { percent } => {
                Some(expected.chance_of_ratio(at, default?, 1.0 - percent / 100.0))
            }
        };
        self.points
            .iter()
            .enumerate()
            .filter(|(at, one)| {
                one.keeps && !judged(one.id) && chance(*at).is_some_and(|chance| chance >= LIKELY)
            })
            .map(|(at, _)| (at, expected.joules_per_unit(at)))
            .min_by(|(_, one), (_, other)| one.total_cmp(other))
            .map(|(at, _)| at)
    }
}
