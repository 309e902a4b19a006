//! What a session and each of its trials are going to take, said beforehand, kept, and held against what came.
//!
//! A trial: what windows took so far in this session, or in earlier ones of the same place where it has none, times
//! the windows that are planned. A session: what those of the same place took for each trial, times its budget. The
//! range is made of how far the same forecasts would have been off in earlier cases
//! ([`wattsmith_stats::expected`]).
//!
//! The track record counts only what was said at the time and is on record.

use crate::error::TunerError;
use crate::machine::models::blocking;
use crate::machine::noise::{NoisePlace, alike};
use crate::session::outlook::{AROUND_S, rest_s};
use crate::tuner::Tuner;
use std::sync::Arc;
use wattsmith_domain::{
    Confirmation, EarlierCosts, Ending, Forecast, Joules, Repeat, Seconds, Session, SessionRecord,
    Trial,
};
use wattsmith_stats::{expected, said};

/// Earlier sessions that are looked at, newest first, and errors that are kept of them.
const MOST_SESSIONS: usize = 12;
const MOST_ERRORS: usize = 40;

/// What something took.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Took {
    /// Seconds of windows, discarded ones too, and what is around them.
    pub seconds: Seconds,
    /// Joules of the same.
    pub joules: Joules,
}

impl Took {
    fn times(self, factor: f64) -> Self {
        Self {
            seconds: Seconds(self.seconds.0 * factor),
            joules: Joules(self.joules.0 * factor),
        }
    }

    /// Of a trial, whether it is complete or not.
    #[must_use]
    pub fn by_trial(session: &Session, trial: &Trial) -> Self {
        let discarded = trial.discarded.iter().map(|one| &one.repeat);
        let windows = trial.repeats.iter().chain(discarded);
        let rests = match trial.repeats.iter().any(|one| one.idle.is_some()) {
            true => rest_s(session.quick),
            false => 0.0,
        };
        Self {
            seconds: Seconds(windows.map(of_window).sum::<f64>() + rests),
            joules: trial.energy_spent(),
        }
    }

    /// Of a session: all trials and confirmations.
    #[must_use]
    pub fn by_session(record: &SessionRecord) -> Self {
        let trials = record.trials.iter();
        let searched: f64 = trials
            .map(|trial| Self::by_trial(&record.session, trial).seconds.0)
            .sum();
        let fresh = record.confirmations.iter().flat_map(|one| {
            let discarded = one.discarded.iter().map(|one| &one.repeat);
            one.best.iter().chain(&one.default).chain(discarded)
        });
        let of_trials: Joules = record.trials.iter().map(Trial::energy_spent).sum();
        let of_confirmations: Joules = record
            .confirmations
            .iter()
            .map(Confirmation::energy_spent)
            .sum();
        Self {
            seconds: Seconds(searched + fresh.map(of_window).sum::<f64>()),
            joules: of_trials + of_confirmations,
        }
    }
}

fn of_window(one: &Repeat) -> f64 {
    one.load.0 + one.warm_up.0 + one.window.0 + AROUND_S
}

/// What a window of these trials took on average; none where they have none.
fn mean_window(session: &Session, trials: &[Trial]) -> Option<Took> {
    let windows: usize = trials.iter().map(|trial| trial.repeats.len()).sum();
    let all = trials
        .iter()
        .filter(|trial| !trial.repeats.is_empty())
        .map(|trial| Took::by_trial(session, trial))
        .reduce(|one, other| Took {
            seconds: Seconds(one.seconds.0 + other.seconds.0),
            joules: one.joules + other.joules,
        })?;
    Some(all.times(1.0 / windows as f64))
}

/// What came over what was expected.
#[derive(Default)]
struct Cases {
    seconds: Vec<f64>,
    joules: Vec<f64>,
}

impl Cases {
    fn add(&mut self, raw: Took, came: Took) {
        self.seconds.push(came.seconds.0 / raw.seconds.0);
        self.joules.push(came.joules.0 / raw.joules.0);
    }

    fn forecast(&self, raw: Took) -> Option<Forecast> {
        Some(Forecast {
            seconds: expected(raw.seconds.0, &self.seconds)?,
            joules: expected(raw.joules.0, &self.joules)?,
            cases: u32::try_from(self.seconds.len()).unwrap_or(u32::MAX),
        })
    }
}

/// The trial that begins now, by the windows of the session so far, else by those of earlier ones; none where
/// nothing is known.
#[must_use]
pub fn trial_forecast(record: &SessionRecord) -> Option<Forecast> {
    let session = &record.session;
    let earlier = session
        .costs
        .window
        .map(|(seconds, joules)| Took { seconds, joules });
    let raw = mean_window(session, &record.trials).or(earlier)?;
    let mut cases = Cases::default();
    for (seconds, joules) in &session.costs.errors {
        cases.seconds.push(*seconds);
        cases.joules.push(*joules);
    }
    add_trials(&mut cases, record);
    cases.forecast(raw.times(f64::from(session.repeats.max(1))))
}

/// Each complete trial after the first, as it would have been forecast from those before it.
fn add_trials(cases: &mut Cases, record: &SessionRecord) {
    let session = &record.session;
    let planned = f64::from(session.repeats.max(1));
    for (at, trial) in record.trials.iter().enumerate().skip(1) {
        let raw = mean_window(session, &record.trials[..at]);
        if let Some(raw) = raw.filter(|_| trial.is_complete()) {
            cases.add(raw.times(planned), Took::by_trial(session, trial));
        }
    }
}

/// What a session keeps of earlier ones of the same place, newest first.
fn earlier_costs(earlier: &[&SessionRecord]) -> EarlierCosts {
    let newest = earlier
        .iter()
        .find_map(|record| mean_window(&record.session, &record.trials));
    let mut cases = Cases::default();
    for record in earlier.iter().take(MOST_SESSIONS) {
        add_trials(&mut cases, record);
    }
    let errors = cases.seconds.into_iter().zip(cases.joules);
    EarlierCosts {
        window: newest.map(|took| (took.seconds, took.joules)),
        errors: errors.take(MOST_ERRORS).collect(),
    }
}

/// A session that begins now; none where none of the same place ran to its end.
fn session_forecast(session: &Session, earlier: &[&SessionRecord]) -> Option<Forecast> {
    let each: Vec<Took> = earlier
        .iter()
        .filter(|record| ran_to_its_end(&record.session))
        .map(|record| {
            let planned = f64::from(record.session.budget) + 1.0;
            Took::by_session(record).times(1.0 / planned)
        })
        .filter(|took| took.seconds.0 > 0.0 && took.joules.0 > 0.0)
        .collect();
    let raw = middle(&each)?;
    let mut cases = Cases::default();
    for at in 0..each.len() {
        let mut others = each.clone();
        let left_out = others.remove(at);
        if let Some(raw) = middle(&others) {
            cases.add(raw, left_out);
        }
    }
    cases.forecast(raw.times(f64::from(session.budget) + 1.0))
}

fn ran_to_its_end(session: &Session) -> bool {
    matches!(
        session.ending,
        Some(Ending::ThresholdReached | Ending::BudgetSpent | Ending::SpaceExhausted)
    )
}

fn middle(each: &[Took]) -> Option<Took> {
    let median = |of: fn(&Took) -> f64| {
        let mut values: Vec<f64> = each.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        let upper = *values.get(values.len() / 2)?;
        let lower = *values.get((values.len() - 1) / 2)?;
        Some(f64::midpoint(lower, upper))
    };
    Some(Took {
        seconds: Seconds(median(|one| one.seconds.0)?),
        joules: Joules(median(|one| one.joules.0)?),
    })
}

/// How often what was said beforehand held.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TrackRecord {
    /// Forecasts whose trial or session is over.
    pub of: u32,
    /// Of them, those whose seconds lay in the range.
    pub seconds: u32,
    /// Of them, those whose joules did.
    pub joules: u32,
}

impl TrackRecord {
    /// Of these sessions.
    #[must_use]
    pub fn of(records: &[SessionRecord]) -> Self {
        let mut track = Self::default();
        for record in records {
            let session = &record.session;
            for trial in record.trials.iter().filter(|trial| trial.is_complete()) {
                track.add(trial.forecast, Took::by_trial(session, trial));
            }
            if ran_to_its_end(session) {
                track.add(session.forecast, Took::by_session(record));
            }
        }
        track
    }

    fn add(&mut self, forecast: Option<Forecast>, took: Took) {
        let Some(forecast) = forecast else {
            return;
        };
        let (seconds, joules) = forecast.held(took.seconds, took.joules);
        self.of += 1;
        self.seconds += u32::from(seconds);
        self.joules += u32::from(joules);
    }

    /// In a sentence.
    #[must_use]
    pub fn words(&self) -> String {
        match self.of {
            0 => "No forecast has been held against what came yet.".to_owned(),
            of => format!(
                "Of {of} forecasts so far the range held the seconds of {} and the joules of {}; eight of ten \
                 are meant to.",
                self.seconds, self.joules
            ),
        }
    }
}

/// A forecast in words: `about 4 min (3 to 6 min) and 5.1 kJ (4.0 to 6.6 kJ)`.
#[must_use]
pub fn forecast_words(forecast: &Forecast) -> String {
    let Forecast {
        seconds, joules, ..
    } = forecast;
    format!(
        "about {} ({} to {}) and {} ({} to {})",
        said::span(seconds.middle),
        said::span(seconds.low),
        said::span(seconds.high),
        said::joules(joules.middle),
        said::joules(joules.low),
        said::joules(joules.high),
    )
}

impl Tuner {
    /// Writes into a session that begins what earlier ones say of its costs.
    pub(crate) async fn foresee(
        &self,
        session: &mut Session,
        earlier: Arc<Vec<SessionRecord>>,
    ) -> Result<(), TunerError> {
        let scope = self.meter().scope();
        let place = NoisePlace::of(&session.machine, scope, &session.engine, &session.model);
        let like = session.clone();
        let (forecast, costs) = blocking(move || {
            let mut earlier = alike(&earlier, &like, &place);
            earlier.sort_by(|one, other| other.session.created_at.cmp(&one.session.created_at));
            (session_forecast(&like, &earlier), earlier_costs(&earlier))
        })
        .await?;
        session.forecast = forecast;
        session.costs = costs;
        Ok(())
    }

    /// How often forecasts held, over the sessions of this machine's memory.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn track_record(&self) -> Result<TrackRecord, TunerError> {
        let earlier = self.teaching().await?;
        blocking(move || TrackRecord::of(&earlier)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wattsmith_testkit::fixtures;

    /// A session that ran to its end, whose windows took so many times what they usually do.
    fn ended(times: f64) -> SessionRecord {
        let mut record = fixtures::measured();
        record.session.ending = Some(Ending::BudgetSpent);
        record.session.budget = record.trials.len() as u32 - 1;
        for repeat in record.trials.iter_mut().flat_map(|one| &mut one.repeats) {
            repeat.window = Seconds(repeat.window.0 * times);
            repeat.energy.gross = Joules(repeat.energy.gross.0 * times);
        }
        record
    }

    #[test]
    fn nothing_is_promised_where_nothing_is_known() {
        let fresh = fixtures::empty();
        assert_eq!(trial_forecast(&fresh), None);
        assert_eq!(session_forecast(&fresh.session, &[]), None);
        let mut stopped = ended(1.0);
        stopped.session.ending = Some(Ending::Stopped);
        assert_eq!(session_forecast(&fresh.session, &[&stopped]), None);
    }

    #[test]
    fn a_trial_is_expected_to_take_what_windows_took_so_far() {
        let record = fixtures::measured();
        let said = trial_forecast(&record).unwrap();
        let one = mean_window(&record.session, &record.trials).unwrap();
        let raw = one.times(f64::from(record.session.repeats));
        assert!(
            (said.seconds.middle / raw.seconds.0 - 1.0).abs() < 0.2,
            "{said:?}"
        );
        assert!(said.seconds.held(raw.seconds.0) && said.joules.held(raw.joules.0));
        // Before its own first window, what sessions of the same place took.
        let mut fresh = record.clone();
        fresh.trials.clear();
        fresh.session.costs = earlier_costs(&[&ended(2.0)]);
        let dearer = trial_forecast(&fresh).unwrap();
        assert!(
            dearer.joules.middle > 1.5 * said.joules.middle,
            "{dearer:?}"
        );
    }

    #[test]
    fn a_session_is_expected_to_take_what_others_took_for_each_trial() {
        let all: Vec<SessionRecord> = [0.9, 1.0, 1.1, 1.0].map(ended).to_vec();
        let earlier: Vec<&SessionRecord> = all.iter().collect();
        let mut session = all[1].session.clone();
        let took = Took::by_session(&all[1]);
        let said = session_forecast(&session, &earlier).unwrap();
        assert!(said.seconds.held(took.seconds.0) && said.joules.held(took.joules.0));
        assert_eq!(said.cases, 4);
        session.budget = 2 * (session.budget + 1) - 1;
        let twice = session_forecast(&session, &earlier).unwrap();
        assert!((twice.joules.middle / said.joules.middle - 2.0).abs() < 1e-9);
    }

    #[test]
    fn the_track_record_counts_what_was_said_and_is_over() {
        let mut record = ended(1.0);
        assert_eq!(
            TrackRecord::of(std::slice::from_ref(&record)),
            TrackRecord::default()
        );
        let (session, took) = (record.session.clone(), Took::by_session(&record));
        let own = Took::by_trial(&session, &record.trials[1]);
        let around = |took: Took, factor: f64| Forecast {
            seconds: expected(took.seconds.0 * factor, &[]).unwrap(),
            joules: expected(took.joules.0, &[]).unwrap(),
            cases: 0,
        };
        record.session.forecast = Some(around(took, 1.0));
        record.trials[1].forecast = Some(around(own, 9.0));
        let mut unfinished = record.clone();
        unfinished.session.ending = None;
        let track = TrackRecord::of(&[record, unfinished]);
        let wanted = TrackRecord {
            of: 3,
            seconds: 1,
            joules: 3,
        };
        assert_eq!(track, wanted);
        insta::assert_snapshot!(track.words(), @"Of 3 forecasts so far the range held the seconds of 1 and the joules of 3; eight of ten are meant to.");
        insta::assert_snapshot!(forecast_words(&around(took, 1.0)), @"about 7 min (3 min to 15 min) and 16.6 kJ (7.46 kJ to 36.9 kJ)");
    }
}
