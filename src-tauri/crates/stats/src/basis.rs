//! Whether the machine is still the one that the default was measured on.
//!
//! Everything is held against the default. It is measured again after every fourth trial and in every
//! confirmation, and where those fresh windows contradict the earlier ones, the yardstick is of
//! another machine than the trials: a busy one that became quiet, a power limit that was set. Then the
//! session goes on from the fresh windows, and what was measured before is shown and not compared.
//!
//! The rule looks at the last windows in a row that all lie on one side of those before them, two at
//! least, so that one wild window changes nothing. They contradict where the whole interval of their
//! ratio lies beyond [`SAME_MACHINE`]: a little drift is what the interleaving of default and trials is
//! for. Looks are rationed, so that the chance of a false alarm in a session stays below
//! [`FALSE_ALARMS`] however often it looks. Each look uses only what had been measured by then: a
//! change that was found stays found.

use crate::interval::{Pooled, bounded};
use crate::quantile::LEAST_TAIL;
use crate::said;
use std::borrow::Cow;
use std::cmp::Ordering;
use wattsmith_domain::{
    Confirmation, Interval, Purpose, Repeat, Scope, SessionRecord, Trial, TrialState,
};

/// A default that moved by less is the same machine: drift.
const SAME_MACHINE: f64 = 0.10;
/// Chance of a false alarm allowed to a session.
const FALSE_ALARMS: f64 = 0.01;
/// Longest run of windows that one look considers.
const LONGEST_RUN: usize = 8;
/// Fresh windows that may be asked for in a row before a doubt is left as it is.
const MOST_CHECKS: usize = 4;
/// Confidence at which one window raises a doubt; it only asks for another one.
const DOUBT: f64 = 0.99;
/// Without a known noise, a window raises a doubt where it differs by this factor.
const DOUBT_FACTOR: f64 = 2.0;
/// Windows are taken to vary by this much at least.
const LEAST_SD: f64 = 0.01;

/// The machine became another one while a session ran.
#[derive(Debug, Clone, PartialEq)]
pub struct MachineChange {
    /// When the first of the fresh windows began, RFC 3339.
    pub since: String,
    /// J/unit of the default after it over that before, with the interval that decided.
    pub ratio: Interval,
    /// Fresh windows of the default that showed it.
    pub windows: u32,
    /// Trials begun before it, the default's among them.
    pub after_trial: u32,
    /// Complete trials, without the default, that are not compared any more because of it. A trial
    /// that fresh windows of a confirmation show is none of them.
    pub stale_trials: u32,
}

impl MachineChange {
    /// What the default needs now, against before: `90.1 % less`, or `3.2 times the`.
    fn by(&self) -> String {
        match self.ratio.mean {
            ratio if ratio >= 2.0 => format!("{ratio:.1} times the energy"),
            ratio => format!("{} energy", said::less_or_more(ratio)),
        }
    }

    /// What happened and what follows from it, in whole sentences; `unit` such as `token`.
    #[must_use]
    pub fn words(&self, unit: &str) -> String {
        let than = if self.ratio.mean >= 2.0 { "of" } else { "than" };
        let stale = match self.stale_trials {
            0 => "",
            1 => {
                " One trial from before is shown but not compared, and does not count against the \
                  budget."
            }
            many => &format!(
                " {many} trials from before are shown but not compared, and do not count against \
                 the budget."
            ),
        };
        format!(
            "The machine changed: {} fresh windows of the default needed {} per {unit} {than} those \
             before. Goal, best and verdicts rest on the fresh ones from here on.{stale}",
            self.windows,
            self.by(),
        )
    }
}

/// Why the default is to be measured again before anything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefaultCheck {
    /// A fresh window contradicts the earlier ones; another one tells chance from change.
    Doubt,
    /// The machine changed, and the fresh default has fewer windows than planned.
    Fresh,
}

impl DefaultCheck {
    /// Why, in whole sentences.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Doubt => {
                "The last window of the default differs much from the earlier ones. Another window \
                 tells whether the machine changed or that one was disturbed."
            }
            Self::Fresh => {
                "The machine changed, so the default is measured anew before anything is compared \
                 with it."
            }
        }
    }
}

/// What may be compared with what in a session.
#[derive(Debug, Clone)]
pub struct Basis<'a> {
    record: &'a SessionRecord,
    changes: Vec<MachineChange>,
    check: Option<DefaultCheck>,
}

impl<'a> Basis<'a> {
    /// Follows the default through the record.
    #[must_use]
    pub fn of(record: &'a SessionRecord) -> Self {
        let mut basis = Self {
            record,
            changes: Vec::new(),
            check: None,
        };
        let Some(default) = record.default_trial() else {
            return basis;
        };
        let first = usize::try_from(record.session.repeats.max(1)).unwrap_or(usize::MAX);
        let fresh = default.repeats.len() > first
            || record
                .confirmations
                .iter()
                .any(|one| !one.default.is_empty());
        if fresh && let Some(scope) = default.repeats.first().map(|one| one.energy.scope) {
            let watch = Watch::new(first.min(default.repeats.len()));
            (basis.changes, basis.check) = watch.over(record, scope);
            basis.count_stale();
        }
        basis
    }

    /// What it was made of.
    #[must_use]
    pub fn record(&self) -> &'a SessionRecord {
        self.record
    }

    /// The changes of the machine, oldest first.
    #[must_use]
    pub fn changes(&self) -> &[MachineChange] {
        &self.changes
    }

    /// Why the default is to be measured again before anything else; none where it need not be.
    #[must_use]
    pub fn check(&self) -> Option<DefaultCheck> {
        self.check
    }

    /// Since when windows are comparable; none where all are.
    fn since(&self) -> Option<&str> {
        self.changes.last().map(|one| one.since.as_str())
    }

    /// Whether a window was measured on the machine as it is now.
    #[must_use]
    pub fn holds(&self, repeat: &Repeat) -> bool {
        self.since()
            .is_none_or(|since| in_time(&repeat.started_at, since) != Ordering::Less)
    }

    /// Changes before a window: windows with another number are of another machine.
    pub(crate) fn era(&self, repeat: &Repeat) -> usize {
        let before =
            |one: &&MachineChange| in_time(&repeat.started_at, &one.since) != Ordering::Less;
        self.changes.iter().filter(before).count()
    }

    /// The default's windows: what everything is held against. Once the machine changed, those of
    /// confirmations among them.
    #[must_use]
    pub fn default(&self) -> Cow<'a, [Repeat]> {
        let Some(default) = self.record.default_trial() else {
            return Cow::Borrowed(&[]);
        };
        if self.changes.is_empty() {
            return Cow::Borrowed(&default.repeats);
        }
        let confirmations = self.record.confirmations.iter();
        let mut windows: Vec<Repeat> = default
            .repeats
            .iter()
            .chain(confirmations.flat_map(|one| &one.default))
            .filter(|one| self.holds(one))
            .cloned()
            .collect();
        windows.sort_by(|one, other| in_time(&one.started_at, &other.started_at));
        Cow::Owned(windows)
    }

    /// The windows of a trial that count: its own; where the machine changed after them, the fresh
    /// ones of its confirmations; where there are none, its own again, for what they showed then.
    #[must_use]
    pub fn windows(&self, trial: &'a Trial) -> Cow<'a, [Repeat]> {
        if trial.purpose == Purpose::Default {
            return self.default();
        }
        if self.changes.is_empty() || trial.repeats.iter().any(|one| self.holds(one)) {
            return Cow::Borrowed(&trial.repeats);
        }
        match self.confirmed(trial) {
            fresh if fresh.is_empty() => Cow::Borrowed(&trial.repeats),
            fresh => Cow::Owned(fresh),
        }
    }

    /// Whether all that is known of a trial was measured before the machine changed. It is not
    /// compared, and may be measured again.
    #[must_use]
    pub fn is_stale(&self, trial: &Trial) -> bool {
        !self.changes.is_empty()
            && trial.purpose != Purpose::Default
            && trial.state == TrialState::Complete
            && !trial.repeats.iter().any(|one| self.holds(one))
            && self.confirmed(trial).is_empty()
    }

    /// Whether a confirmation says something about the machine as it is now.
    #[must_use]
    pub fn counts(&self, confirmation: &Confirmation) -> bool {
        let windows = || confirmation.best.iter().chain(&confirmation.default);
        windows().next().is_none() || windows().any(|one| self.holds(one))
    }

    fn confirmed(&self, trial: &Trial) -> Vec<Repeat> {
        self.record
            .confirmations
            .iter()
            .filter(|one| one.trial == trial.id)
            .flat_map(|one| &one.best)
            .filter(|one| self.holds(one))
            .cloned()
            .collect()
    }

    /// Trials begun before each change, and those that it left behind.
    fn count_stale(&mut self) {
        let begun_before = |trial: &Trial, since: &str| {
            let first = trial.repeats.first();
            first.is_some_and(|one| in_time(&one.started_at, since) == Ordering::Less)
        };
        let count = |some: usize| u32::try_from(some).unwrap_or(u32::MAX);
        let trials = || {
            let trials = self.record.trials.iter();
            trials.filter(|one| one.purpose == Purpose::Proposal && one.is_complete())
        };
        let mut counted = Vec::new();
        let mut earlier = 0;
        for change in &self.changes {
            let before = trials().filter(|one| begun_before(one, &change.since));
            let stale = before.clone().filter(|one| self.is_stale(one)).count();
            counted.push((count(before.count() + 1), count(stale - earlier)));
            earlier = stale;
        }
        for (change, (after_trial, stale_trials)) in self.changes.iter_mut().zip(counted) {
            (change.after_trial, change.stale_trials) = (after_trial, stale_trials);
        }
    }
}

/// Order of two time stamps in RFC 3339, UTC, with or without fractions of a second.
fn in_time(one: &str, other: &str) -> Ordering {
    one.trim_end_matches('Z').cmp(other.trim_end_matches('Z'))
}

/// The look at the default, window after window.
struct Watch {
    /// Windows of the default that begin each basis: no run starts among them.
    first: usize,
    /// ln J/unit of the default since the last change, with the time stamps.
    default: Vec<(f64, String)>,
    /// ln J/unit of each trial and of each confirmation's best.
    groups: Vec<Vec<f64>>,
    /// Windows of the default from before the last change, for the noise.
    earlier: Vec<Vec<f64>>,
    looks: u32,
}

impl Watch {
    fn new(first: usize) -> Self {
        Self {
            first: first.max(1),
            default: Vec::new(),
            groups: Vec::new(),
            earlier: Vec::new(),
            looks: 0,
        }
    }

    fn over(
        mut self,
        record: &SessionRecord,
        scope: Scope,
    ) -> (Vec<MachineChange>, Option<DefaultCheck>) {
        let mut windows: Vec<(&Repeat, Option<usize>)> = Vec::new();
        let (trials, confirmations) = (record.trials.len(), record.confirmations.len());
        self.groups = vec![Vec::new(); trials + confirmations];
        for (at, trial) in record.trials.iter().enumerate() {
            let group = (trial.purpose != Purpose::Default).then_some(at);
            windows.extend(trial.repeats.iter().map(|one| (one, group)));
        }
        for (at, confirmation) in record.confirmations.iter().enumerate() {
            let best = confirmation.best.iter();
            windows.extend(best.map(|one| (one, Some(trials + at))));
            windows.extend(confirmation.default.iter().map(|one| (one, None)));
        }
        windows.retain(|(one, _)| {
            let figure = one.joules_per_unit();
            one.energy.scope == scope && figure.is_finite() && figure > 0.0
        });
        // Stable: of equal times the order of the record.
        windows.sort_by(|(one, _), (other, _)| in_time(&one.started_at, &other.started_at));
        let mut changes = Vec::new();
        for (repeat, group) in windows {
            let figure = repeat.joules_per_unit().ln();
            match group {
                Some(group) => self.groups[group].push(figure),
                None => {
                    self.default.push((figure, repeat.started_at.clone()));
                    changes.extend(self.look());
                }
            }
        }
        let fresh = !changes.is_empty() && self.default.len() < self.first;
        let check = match (fresh, self.doubts()) {
            (true, _) => Some(DefaultCheck::Fresh),
            (false, true) => Some(DefaultCheck::Doubt),
            (false, false) => None,
        };
        (changes, check)
    }

    /// The noise, where the last `run` windows of the default are apart from those before them.
    fn noise(&self, run: usize) -> Option<Pooled> {
        let split = self.default.len() - run;
        let values = |part: &[(f64, String)]| part.iter().map(|(value, _)| *value).collect();
        let own: [Vec<f64>; 2] = [
            values(&self.default[..split]),
            values(&self.default[split..]),
        ];
        let all = self.groups.iter().chain(&self.earlier).chain(&own);
        let (squares, df) = all.map(Vec::as_slice).filter(|group| group.len() > 1).fold(
            (0.0, 0.0),
            |(squares, df), group| {
                let mean = mean(group);
                let own: f64 = group.iter().map(|value| (value - mean).powi(2)).sum();
                (squares + own, df + group.len() as f64 - 1.0)
            },
        );
        (df >= 1.0).then(|| Pooled {
            sd: (squares / df).sqrt().max(LEAST_SD),
            df,
        })
    }

    /// Ratio of the last `run` windows to those before, where each of them lies beyond the limit on
    /// the same side.
    fn ratio(&self, run: usize, noise: Pooled, confidence: f64) -> Option<Interval> {
        let split = self
            .default
            .len()
            .checked_sub(run)
            .filter(|split| *split > 0)?;
        let values: Vec<f64> = self.default.iter().map(|(value, _)| *value).collect();
        let (before, after) = values.split_at(split);
        let centre = mean(before);
        let limit = SAME_MACHINE.ln_1p();
        let more = after.iter().all(|one| one - centre > limit);
        let less = after.iter().all(|one| centre - one > limit);
        if !(more || less) {
            return None;
        }
        let share = 1.0 / before.len() as f64 + 1.0 / run as f64;
        bounded(mean(after) - centre, noise, share, run, confidence)
    }

    /// Looks once, after a window of the default.
    fn look(&mut self) -> Option<MachineChange> {
        let runs = self
            .default
            .len()
            .saturating_sub(self.first)
            .min(LONGEST_RUN);
        if runs == 0 {
            return None;
        }
        self.looks += 1;
        // 1 + 1/4 + 1/9 + … is π²/6: all looks together spend what is allowed.
        let ration = FALSE_ALARMS * 6.0
            / (std::f64::consts::PI.powi(2) * f64::from(self.looks).powi(2) * runs as f64);
        let ration = ration.max(2.0 * LEAST_TAIL);
        let found = (2..=runs)
            .filter_map(|run| Some((run, self.ratio(run, self.noise(run)?, 1.0 - ration)?)))
            .filter(|(_, ratio)| beyond(ratio))
            // Of several the one that stands out most.
            .max_by(|(_, one), (_, other)| distance(one).total_cmp(&distance(other)));
        let (run, ratio) = found?;
        let split = self.default.len() - run;
        let fresh = self.default.split_off(split);
        let old = std::mem::replace(&mut self.default, fresh);
        self.earlier
            .push(old.into_iter().map(|(value, _)| value).collect());
        Some(MachineChange {
            since: self.default.first().map(|(_, at)| at.clone())?,
            ratio,
            windows: u32::try_from(run).unwrap_or(u32::MAX),
            after_trial: 0,
            stale_trials: 0,
        })
    }

    /// Whether the last windows contradict, without being enough to say so.
    fn doubts(&self) -> bool {
        let most = self.default.len().saturating_sub(self.first);
        let Some(run) = (1..=most)
            .rev()
            .find(|run| self.ratio(*run, known(), DOUBT).is_some())
        else {
            return false;
        };
        if run >= MOST_CHECKS {
            return false;
        }
        match self.noise(run) {
            Some(noise) => self
                .ratio(run, noise, DOUBT)
                .is_some_and(|ratio| beyond(&ratio)),
            None => self
                .ratio(run, known(), DOUBT)
                .is_some_and(|ratio| distance(&ratio) > DOUBT_FACTOR.ln()),
        }
    }
}

/// A noise so small that an interval is its mean.
fn known() -> Pooled {
    Pooled { sd: 0.0, df: 1.0 }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Whether the whole interval lies beyond the limit.
fn beyond(ratio: &Interval) -> bool {
    ratio.low > 1.0 + SAME_MACHINE || ratio.high < 1.0 / (1.0 + SAME_MACHINE)
}

/// How far the nearer end of the interval is from no change.
fn distance(ratio: &Interval) -> f64 {
    ratio.low.ln().max(-ratio.high.ln())
}
