//! All that follows from a session's record: one value for the tuner, the screen and the report.

use crate::basis::{Basis, DefaultCheck, MachineChange};
use crate::compare::{common_scope, compare, ends, gross};
use crate::constraints::{mean_performance, violations};
use crate::importance::{Importance, Point, importance};
use crate::interval::{Pooled, geometric_mean, interval, pooled_log_sd};
use crate::model::Model;
use crate::noise::{Repeatability, repeatability};
use crate::outcome::OutcomeKind;
use crate::sequential::Rule;
use crate::{CONFIDENCE, decide};
use std::collections::BTreeMap;
use wattsmith_domain::{
    Comparison, Configuration, Confirmation, Decision, Interval, Joules, Performance, Purpose,
    Repeat, Scope, SessionRecord, Trial, TrialId, Verdict,
};

/// What may be said about one trial.
#[derive(Debug, Clone, PartialEq)]
pub struct TrialAnalysis {
    /// Which.
    pub id: TrialId,
    /// From 1 within its session.
    pub number: u32,
    /// Geometric mean of gross J/unit, from the first repeat on.
    pub mean: Option<f64>,
    /// The same with its 95 % interval, once anything is known about repeatability.
    pub joules_per_unit: Option<Interval>,
    /// Net J/unit with its 95 % interval; none for estimates.
    pub net: Option<Interval>,
    /// An estimate's mean J/unit at both ends of its coefficients: (low idle, high idle).
    pub ends: Option<(f64, f64)>,
    /// Against the default.
    pub comparison: Option<Comparison>,
    /// Constraints that it does not keep, in words; empty when it keeps them all.
    pub violations: Vec<String>,
    /// Mean over its repeats.
    pub performance: Option<Performance>,
    /// J/unit that its advisor expected.
    pub predicted: Option<f64>,
    /// J/unit that is expected of it by a model of all trials; none where it may not be compared.
    pub expected: Option<f64>,
    /// Whether others disturbed a window of it, so that it has no interval and no verdict.
    pub too_busy: bool,
    /// Whether it was measured before the machine changed: its figures are those of then, and it is
    /// compared with nothing.
    pub stale: bool,
    /// What fresh repeats of it and of the default decided last, where they did. It stands above
    /// what the search saw.
    pub judged: Option<Judged>,
}

/// The outcome of a finished confirmation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judged {
    /// What was decided.
    pub decision: Decision,
    /// The same as the kind of outcome that it makes.
    pub kind: OutcomeKind,
    /// The trial's J/unit over the default's, from the fresh repeats alone; none where they cannot be
    /// compared.
    pub ratio: Option<Interval>,
    /// Pairs of fresh repeats.
    pub pairs: u32,
}

/// What may be said about a session.
#[derive(Debug, Clone, PartialEq)]
pub struct Analysis {
    /// Repeatability, from the repeats of all trials and confirmations, and what was known of it before.
    pub pooled: Option<Pooled>,
    /// The same in its parts.
    pub repeatability: Repeatability,
    /// The default's J/unit, 95 %.
    pub default: Option<Interval>,
    /// Per trial, in the record's order.
    pub trials: Vec<TrialAnalysis>,
    /// Least expected J/unit among complete trials that keep the constraints, by a model of all of
    /// them; may be the default.
    pub best: Option<TrialId>,
    /// Least mean J/unit among the same, as it was seen: low by luck as well.
    pub lowest: Option<TrialId>,
    /// Whether another trial would be the best at one of the ends of the estimate's coefficients:
    /// then no "best" may be stated.
    pub best_depends_on_estimate: bool,
    /// Of the complete trials that keep the constraints, that are below the threshold with a chance of
    /// a half or more, and that no confirmation has judged yet, the one with the least expected J/unit.
    pub crossing: Option<TrialId>,
    /// The confirmed trial with its ratio to the default from fresh repeats alone; the lowest one
    /// where there are several.
    pub confirmed: Option<(TrialId, Interval)>,
    /// Knobs in the space's order.
    pub importance: Vec<Importance>,
    /// What the search has cost so far.
    pub energy_spent: Joules,
    /// Changes of the machine that the fresh windows of the default showed, oldest first. Default,
    /// goal, best and verdicts rest on what was measured after the last one.
    pub changes: Vec<MachineChange>,
    /// Why the default is to be measured again before anything else.
    pub check: Option<DefaultCheck>,
    /// Units of work after which the saving has paid for the search. Only where a confirmation
    /// stands behind the saving: what the search itself saw makes no claim.
    pub pays_back_after_units: Option<u64>,
}

impl Analysis {
    /// Works everything out anew; cheap enough to be called after every repeat.
    #[must_use]
    pub fn of(record: &SessionRecord) -> Self {
        let basis = Basis::of(record);
        let default_repeats = basis.default();
        let default_repeats = default_repeats.as_ref();
        let scope = common_scope(default_repeats);
        let own = pooled_log_sd(&groups(&basis, record, scope, |repeat| {
            Some(repeat.joules_per_unit())
        }));
        let known = record.session.noise.as_ref().map(|noise| &noise.prior);
        let repeatability = repeatability(own, known);
        let pooled = repeatability.pooled;
        let net = pooled_log_sd(&groups(&basis, record, scope, Repeat::net_joules_per_unit));
        let default = interval(&gross(default_repeats), pooled, CONFIDENCE)
            .filter(|_| !disturbed(default_repeats));
        let mut trials: Vec<TrialAnalysis> = record
            .trials
            .iter()
            .map(|trial| TrialAnalysis::of(trial, record, &basis, pooled, net))
            .collect();
        let model = Model::of(record, &trials, &basis, scope, pooled);
        let best = model.best(model.expected.as_ref());
        let best_depends_on_estimate = best.is_some_and(|best| {
            let at_end = |end| model.best(model.at_end(end).as_ref());
            [0, 1]
                .into_iter()
                .filter_map(at_end)
                .any(|other| other != best)
        });
        let id = |at: usize| model.points[at].id.clone();
        let crossing = model.crossing(record).map(id);
        let lowest = model.lowest().map(id);
        let best = best.map(id);
        for (id, joules) in model.expectations() {
            if let Some(own) = trials.iter_mut().find(|own| own.id == id) {
                own.expected = Some(joules);
            }
        }
        let confirmed = confirmed(record, &basis);
        let energy_spent = record.energy_spent();
        // Of the best, fresh repeats may have decided a saving without the goal.
        let of_best = || {
            let own = trials.iter().find(|own| Some(&own.id) == best.as_ref())?;
            let judged = own.judged.filter(|judged| judged.kind.saves())?;
            Some((own.id.clone(), judged.ratio?))
        };
        let decided = confirmed.clone().or_else(of_best);
        let pays_back_after_units = saving_per_unit(decided.as_ref(), default).and_then(|saving| {
            let units = (energy_spent.0 / saving).ceil();
            (0.0..1e18).contains(&units).then_some(units as u64)
        });
        let points: Vec<Point> = usable(record, &trials, &basis, scope)
            .filter_map(|(trial, analysis)| {
                Some(Point {
                    configuration: &trial.configuration,
                    log_mean: analysis.mean?.ln(),
                    repeats: trial.repeats.len() as f64,
                })
            })
            .collect();
        Self {
            pooled,
            repeatability,
            default,
            best,
            lowest,
            best_depends_on_estimate,
            crossing,
            confirmed,
            importance: importance(&points, &record.session.space, pooled),
            energy_spent,
            changes: basis.changes().to_vec(),
            check: basis.check(),
            pays_back_after_units,
            trials,
        }
    }

    /// The same with the lowest figure as the best, as it once was: what recorded prompts speak of.
    #[must_use]
    pub fn by_lowest(self) -> Self {
        Self {
            best: self.lowest.clone(),
            ..self
        }
    }

    /// After each trial, the place of the one among those up to it that is recommended: the least expected
    /// J/unit among what keeps the constraints and may be compared, by the model of all trials, as
    /// [`Analysis::best`] is. None before the first such trial.
    #[must_use]
    pub fn recommended_so_far(&self) -> Vec<Option<usize>> {
        let mut best: Option<(usize, f64)> = None;
        let trials = self.trials.iter().enumerate();
        trials
            .map(|(at, own)| {
                let expected = own.expected.filter(|_| own.violations.is_empty());
                if let Some(expected) = expected
                    && best.is_none_or(|(_, least)| expected < least)
                {
                    best = Some((at, expected));
                }
                best.map(|(at, _)| at)
            })
            .collect()
    }

    /// The analysis of one trial.
    #[must_use]
    pub fn trial(&self, id: &TrialId) -> Option<&TrialAnalysis> {
        self.trials.iter().find(|trial| trial.id == *id)
    }
}

impl TrialAnalysis {
    fn of<'a>(
        trial: &'a Trial,
        record: &'a SessionRecord,
        basis: &Basis<'a>,
        pooled: Option<Pooled>,
        pooled_net: Option<Pooled>,
    ) -> Self {
        let windows = basis.windows(trial);
        let windows = windows.as_ref();
        let stale = basis.is_stale(trial);
        let same_scope = common_scope(windows).is_some();
        let values = if same_scope {
            gross(windows)
        } else {
            Vec::new()
        };
        let too_busy = disturbed(windows);
        let quiet = |interval: Option<Interval>| interval.filter(|_| !too_busy);
        let joules_per_unit = quiet(interval(&values, pooled, CONFIDENCE));
        let net: Option<Vec<f64>> = windows.iter().map(Repeat::net_joules_per_unit).collect();
        let comparison = if trial.purpose == Purpose::Default {
            joules_per_unit.map(|own| Comparison {
                ratio: Interval {
                    mean: 1.0,
                    low: 1.0,
                    high: 1.0,
                    n: own.n,
                },
                verdict: Verdict::Reference,
            })
        } else if stale || too_busy || disturbed(&basis.default()) {
            None
        } else {
            let default = basis.default();
            compare(windows, &default, pooled).map(|seen| {
                match undecided(record, windows, &default) {
                    true => Comparison {
                        verdict: Verdict::NotDecided { seconds_more: None },
                        ..seen
                    },
                    false => seen,
                }
            })
        };
        let performance = mean_performance(windows);
        let session = &record.session;
        Self {
            id: trial.id.clone(),
            number: trial.number,
            mean: geometric_mean(&values),
            joules_per_unit,
            net: quiet(net.and_then(|net| interval(&net, pooled_net, CONFIDENCE))),
            ends: ends(windows)
                .and_then(|[low, high]| Some((geometric_mean(&low)?, geometric_mean(&high)?))),
            comparison,
            violations: violations(session, performance.as_ref(), &trial.configuration),
            performance,
            predicted: record
                .proposals
                .iter()
                .find(|proposal| Some(&proposal.id) == trial.proposal.as_ref())
                .and_then(|proposal| proposal.predicted_joules_per_unit),
            expected: None,
            too_busy,
            stale,
            judged: judged(record, basis, trial),
        }
    }
}

/// Whether others disturbed one of them.
pub(crate) fn disturbed(repeats: &[Repeat]) -> bool {
    repeats.iter().any(Repeat::is_disturbed)
}

/// Whether two readers of a device contradict each other on either side: then no verdict holds,
/// however far apart the figures are.
fn undecided(record: &SessionRecord, repeats: &[Repeat], default: &[Repeat]) -> bool {
    record.undecided(repeats.iter().chain(default)).is_some()
}

/// What the last finished confirmation of a trial says.
fn judged(record: &SessionRecord, basis: &Basis, trial: &Trial) -> Option<Judged> {
    let confirmations = record.confirmations.iter().rev();
    let mut own = confirmations.filter(|one| one.trial == trial.id && basis.counts(one));
    own.find_map(|one| {
        let pairs = one.best.len().min(one.default.len());
        Some(Judged {
            decision: one.decision?,
            kind: OutcomeKind::of_confirmation(one)?,
            ratio: fresh_ratio(record, one),
            pairs: u32::try_from(pairs).unwrap_or(u32::MAX),
        })
    })
}

/// The ratio that a confirmation stored, or that follows from its windows.
fn fresh_ratio(record: &SessionRecord, confirmation: &Confirmation) -> Option<Interval> {
    confirmation.ratio.or_else(|| {
        let threshold = record.session.objective.threshold;
        decide(
            &confirmation.best,
            &confirmation.default,
            threshold,
            confirmation.alpha,
            Rule::of(confirmation).known(confirmation).as_ref(),
        )
        .map(|(ratio, _)| ratio)
    })
}

/// One group of figures per configuration and machine, over trials and confirmations, of one scope
/// only.
fn groups(
    basis: &Basis,
    record: &SessionRecord,
    scope: Option<Scope>,
    figure: impl Fn(&Repeat) -> Option<f64>,
) -> Vec<Vec<f64>> {
    let mut groups: BTreeMap<(String, usize), Vec<f64>> = BTreeMap::new();
    let mut add = |configuration: &Configuration, repeats: &[Repeat]| {
        let key = configuration.key();
        let of_scope = |repeat: &&Repeat| scope.is_none_or(|scope| repeat.energy.scope == scope);
        let quiet = |repeat: &&Repeat| !repeat.is_disturbed();
        for repeat in repeats.iter().filter(of_scope).filter(quiet) {
            let group = groups.entry((key.clone(), basis.era(repeat))).or_default();
            group.extend(figure(repeat));
        }
    };
    for trial in &record.trials {
        add(&trial.configuration, &trial.repeats);
    }
    for confirmation in &record.confirmations {
        if let Some(trial) = record.trial(&confirmation.trial) {
            add(&trial.configuration, &confirmation.best);
        }
        if let Some(trial) = record.default_trial() {
            add(&trial.configuration, &confirmation.default);
        }
    }
    groups.into_values().collect()
}

/// Complete, comparable trials of the session's scope, each with what is known about it.
pub(crate) fn usable<'a>(
    record: &'a SessionRecord,
    trials: &'a [TrialAnalysis],
    basis: &Basis<'a>,
    scope: Option<Scope>,
) -> impl Iterator<Item = (&'a Trial, &'a TrialAnalysis)> {
    record
        .trials
        .iter()
        .zip(trials)
        .filter(move |(trial, own)| {
            trial.is_complete()
                && !own.stale
                && (scope.is_none() || common_scope(basis.windows(trial).as_ref()) == scope)
        })
}

fn confirmed(record: &SessionRecord, basis: &Basis) -> Option<(TrialId, Interval)> {
    record
        .confirmations
        .iter()
        .filter(|one| one.decision == Some(Decision::Below) && basis.counts(one))
        .filter_map(|one| Some((one.trial.clone(), fresh_ratio(record, one)?)))
        .min_by(|(_, one), (_, other)| one.mean.total_cmp(&other.mean))
}

fn saving_per_unit(
    confirmed: Option<&(TrialId, Interval)>,
    default: Option<Interval>,
) -> Option<f64> {
    let (_, ratio) = confirmed?;
    let saving = default?.mean * (1.0 - ratio.mean);
    (saving > 0.0).then_some(saving)
}
