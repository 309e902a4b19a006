//! What a step is going to take, in minutes and joules: worked out from what the session's windows took
//! so far. Before the first window nothing is promised.

use wattsmith_domain::{Repeat, SessionRecord};
use wattsmith_stats::{Rule, said};

/// Seconds of a window that no clock of its record tells: the engine's start and end.
pub(crate) const AROUND_S: f64 = 2.0;
/// Seconds of rest before and after the first window of a trial, where idle power is read.
const REST_S: f64 = 60.0;
/// The same in quick mode.
const REST_QUICK_S: f64 = 10.0;

/// What something is going to take: at least and at most.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outlook {
    /// Seconds.
    pub seconds: (f64, f64),
    /// Joules, with all that is around the windows.
    pub joules: (f64, f64),
}

impl Outlook {
    /// `about 2 min, 1.5 kJ`, or `4 to 16 min, 3.1 to 12.4 kJ`.
    #[must_use]
    pub fn words(&self) -> String {
        let (least, most) = self.seconds;
        let joules = self.joules;
        if most <= 1.05 * least {
            return format!("about {}, {}", said::span(least), said::joules(joules.0));
        }
        format!(
            "{} to {}, {} to {}",
            said::span(least),
            said::span(most),
            said::joules(joules.0),
            said::joules(joules.1)
        )
    }

    fn times(self, least: f64, most: f64) -> Self {
        Self {
            seconds: (self.seconds.0 * least, self.seconds.1 * most),
            joules: (self.joules.0 * least, self.joules.1 * most),
        }
    }
}

/// What the steps of a session are going to take; none before anything was measured.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Outlooks {
    /// One window, such as of the default again.
    pub window: Option<Outlook>,
    /// A trial as it is planned.
    pub trial: Option<Outlook>,
    /// Fresh repeats, from the first look to the last.
    pub confirm: Option<Outlook>,
    /// All trials that are left.
    pub rest: Option<Outlook>,
}

impl Outlooks {
    /// Works them out from the record; `used` is how many trials of the budget are.
    #[must_use]
    pub fn of(record: &SessionRecord, used: u32) -> Self {
        let session = &record.session;
        let Some(window) = mean_window(record) else {
            return Self::default();
        };
        let planned = f64::from(session.repeats.max(1));
        let mut trial = window.times(planned, planned);
        if windows(record).any(|one| one.idle.is_some()) {
            trial.seconds.0 += rest_s(session.quick);
            trial.seconds.1 += rest_s(session.quick);
        }
        let open = record
            .confirmations
            .iter()
            .find(|one| one.decision.is_none());
        let done = open.map_or(0, |one| one.best.len() + one.default.len());
        let left = |pairs: u32| (f64::from(2 * pairs) - done as f64).max(1.0);
        let rule = match (open, &session.noise) {
            (Some(open), _) => Rule::of(open),
            (None, Some(_)) => Rule::with_prior(),
            (None, None) => Rule::without_prior(),
        };
        let spending = &rule.spending;
        let most = spending.budget(done as u32 / 2);
        let trials = f64::from(session.budget.saturating_sub(used));
        Self {
            window: Some(window),
            trial: Some(trial),
            confirm: Some(window.times(left(spending.first), left(most))),
            rest: (trials > 0.0).then(|| trial.times(trials, trials)),
        }
    }
}

/// Every window that counts.
fn windows(record: &SessionRecord) -> impl Iterator<Item = &Repeat> {
    let trials = record.trials.iter().flat_map(|one| &one.repeats);
    let fresh = record.confirmations.iter();
    trials.chain(fresh.flat_map(|one| one.best.iter().chain(&one.default)))
}

/// What a window took so far, with the loading and the warm-up before it.
fn mean_window(record: &SessionRecord) -> Option<Outlook> {
    let count = windows(record).count();
    if count == 0 {
        return None;
    }
    let seconds: f64 = windows(record)
        .map(|one| one.load.0 + one.warm_up.0 + one.window.0 + AROUND_S)
        .sum();
    let joules: f64 = windows(record)
        .map(|one| (one.energy.gross + one.overhead).0)
        .sum();
    let (seconds, joules) = (seconds / count as f64, joules / count as f64);
    Some(Outlook {
        seconds: (seconds, seconds),
        joules: (joules, joules),
    })
}

/// Seconds of the rest in which a trial of such a session reads its idle power, where it does. Its joules are
/// part of what the windows took.
pub(crate) fn rest_s(quick: bool) -> f64 {
    match quick {
        true => REST_QUICK_S,
        false => REST_S,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wattsmith_testkit::fixtures;

    #[test]
    fn nothing_is_promised_before_the_first_window() {
        assert_eq!(Outlooks::of(&fixtures::empty(), 0), Outlooks::default());
    }

    #[test]
    fn a_trial_takes_its_windows_and_the_rest_of_the_budget_its_trials() {
        let record = fixtures::measured();
        let seen = Outlooks::of(&record, 3);
        let (window, trial) = (seen.window.unwrap(), seen.trial.unwrap());
        let repeats = f64::from(record.session.repeats);
        assert!(trial.seconds.0 >= window.seconds.0 * repeats);
        assert!((trial.joules.0 - window.joules.0 * repeats).abs() < 1e-6);
        let left = f64::from(record.session.budget - 3);
        assert!((seen.rest.unwrap().seconds.1 - trial.seconds.1 * left).abs() < 1e-6);
        assert!(trial.words().starts_with("about "), "{}", trial.words());
    }

    #[test]
    fn fresh_repeats_take_from_the_first_look_to_the_last() {
        let confirm = Outlooks::of(&fixtures::measured(), 3).confirm.unwrap();
        assert!(confirm.seconds.1 > 3.0 * confirm.seconds.0);
        assert!(confirm.words().contains(" to "), "{}", confirm.words());
    }

    #[test]
    fn a_session_that_used_its_budget_has_no_rest() {
        let record = fixtures::measured();
        assert_eq!(Outlooks::of(&record, record.session.budget).rest, None);
    }
}
