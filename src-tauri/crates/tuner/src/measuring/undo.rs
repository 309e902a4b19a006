//! Which change of a confirmed winner earned what was gained: each is undone by itself, in pairs with the winner as a
//! confirmation takes them, for as many minutes as the person allowed. What may be dropped then goes, and the simpler
//! settings are measured and confirmed anew like any others.

use crate::error::TunerError;
use crate::event::EventKind;
use crate::job::Job;
use crate::measuring::measure::Window;
use crate::measuring::spoiled::reference;
use crate::session::plan::invalid;
use crate::session::undoable::winner;
use crate::tuner::{Tuner, fresh_id, now};
use std::time::{Duration, Instant};
use wattsmith_domain::{
    Configuration, Purpose, Repeat, SessionId, SessionRecord, Trial, TrialId, TrialState,
    UndoVerdict, Undoing, UndoneChange,
};
use wattsmith_stats::noise::pair_spread;
use wattsmith_stats::{Analysis, next_to_undo, undo_look};

/// Minutes that may be allowed.
pub const UNDO_MINUTES: std::ops::RangeInclusive<u32> = 1..=600;

impl Tuner {
    /// Undoes each change of the confirmed winner by itself, for at most so many minutes; what was begun is gone on
    /// with. The simpler settings, where there are any, are measured and confirmed on top of these minutes.
    pub(crate) async fn undo_each(&self, job: &Job, minutes: u32) -> Result<(), TunerError> {
        if !UNDO_MINUTES.contains(&minutes) {
            return Err(TunerError::Invalid(format!(
                "{minutes} minutes cannot be allowed; choose {} to {}.",
                UNDO_MINUTES.start(),
                UNDO_MINUTES.end()
            )));
        }
        let allowed = Duration::from_secs(60 * u64::from(minutes));
        let record = self.record(&job.session).await?;
        let winner = winner(&record, &Analysis::of(&record)).cloned();
        let winner = winner.ok_or_else(|| {
            TunerError::Invalid(
                "No trial of this session is confirmed, so there is no winner whose changes could be undone."
                    .to_owned(),
            )
        })?;
        self.check_scope(&record)?;
        self.check_files(&record.session).await?;
        let mut undoing = begun(&record, &winner, allowed);
        self.measure_undoing(job, &record, &winner, &mut undoing, allowed)
            .await?;
        let simpler = undoing.simpler(&winner.configuration);
        let Some(simpler) = simpler.filter(|one| record.session.space.check(one).is_ok()) else {
            return Ok(());
        };
        let trial = self.simpler_trial(job, &mut undoing, simpler).await?;
        let record = self.record(&job.session).await?;
        let mut of_it = record.confirmations.iter().filter(|one| one.trial == trial);
        // One that was interrupted is gone on with.
        let judged = of_it.any(|one| one.decision.is_some());
        let complete = record.trial(&trial).is_some_and(Trial::is_complete);
        match complete && !judged {
            true => self.confirm_trial(job, &trial).await,
            false => Ok(()),
        }
    }

    async fn measure_undoing(
        &self,
        job: &Job,
        record: &SessionRecord,
        winner: &Trial,
        undoing: &mut Undoing,
        allowed: Duration,
    ) -> Result<(), TunerError> {
        let _lock = self.claim_machine()?;
        self.store.put_undoing(undoing).await?;
        let until = Instant::now() + allowed;
        while let Some(at) = next_to_undo(undoing) {
            if Instant::now() >= until {
                break;
            }
            // By itself it may be against a rule between settings that two changes keep together.
            let without = Undoing::without(&winner.configuration, &undoing.changes[at]);
            if let Err(problems) = record.session.space.check(&without) {
                let change = &mut undoing.changes[at];
                change.verdict = Some(UndoVerdict::Refused);
                change.why = Some(invalid(&problems).to_string());
                continue;
            }
            let pair = self
                .undone_pair(job, record, winner, &undoing.changes[at])
                .await;
            let known = undoing.spread;
            let change = &mut undoing.changes[at];
            match pair {
                Ok([undone, kept]) => {
                    change.undone.push(undone);
                    change.winner.push(kept);
                    let seen = undo_look(change, known.as_ref());
                    change.cost = seen.cost;
                    change.verdict = seen.verdict;
                }
                // These settings cannot be run: that is a finding about this change.
                Err(TunerError::Engine(error)) if change.undone.is_empty() => {
                    change.verdict = Some(UndoVerdict::Refused);
                    change.why = Some(error.to_string());
                }
                Err(error) => {
                    self.store.put_undoing(undoing).await?;
                    return Err(error.of_the_surroundings(true));
                }
            }
            self.store.put_undoing(undoing).await?;
            job.emit(EventKind::Changed);
        }
        // Minutes that are used up decide nothing; later ones may go on with it.
        self.store.put_undoing(undoing).await?;
        Ok(())
    }

    /// A window with the change undone and one of the winner; who goes first changes from pair to pair. Windows that
    /// something disturbed are measured again once, both of them.
    async fn undone_pair(
        &self,
        job: &Job,
        record: &SessionRecord,
        winner: &Trial,
        change: &UndoneChange,
    ) -> Result<[Repeat; 2], TunerError> {
        let without = Undoing::without(&winner.configuration, change);
        let pair = change.undone.len() as u32 + 1;
        for _ in 0..MOST_TRIES {
            let undone = (&without, format!("without {}", change.name));
            let kept = (&winner.configuration, "the winner".to_owned());
            let both = match pair % 2 {
                1 => {
                    let undone = self.one_window(job, record, undone, pair).await?;
                    [undone, self.one_window(job, record, kept, pair).await?]
                }
                _ => {
                    let kept = self.one_window(job, record, kept, pair).await?;
                    [self.one_window(job, record, undone, pair).await?, kept]
                }
            };
            let spoils =
                |one: &Repeat| crate::measuring::spoiled::spoiled(one, reference(record)).is_some();
            if !record.session.rerun || !both.iter().any(spoils) {
                return Ok(both);
            }
        }
        Err(TunerError::Busy(
            "The machine is busy: pairs were disturbed again and again. What was measured is kept; go on when it \
             is quiet."
                .to_owned(),
        ))
    }

    async fn one_window(
        &self,
        job: &Job,
        record: &SessionRecord,
        (configuration, name): (&Configuration, String),
        pair: u32,
    ) -> Result<Repeat, TunerError> {
        let earlier = record.trials.iter().flat_map(|trial| &trial.repeats);
        let window = Window {
            session: &record.session,
            configuration,
            index: pair,
            label: format!("undoing: {name}, pair {pair}"),
            idle: earlier.clone().find_map(|repeat| repeat.idle),
            expected_s: earlier.map(|repeat| repeat.window.0).reduce(f64::max),
            reference: reference(record),
            album: None,
        };
        Ok(self.window(job, &window).await?.repeat)
    }

    /// Measures the simpler settings like any trial, once.
    async fn simpler_trial(
        &self,
        job: &Job,
        undoing: &mut Undoing,
        simpler: Configuration,
    ) -> Result<TrialId, TunerError> {
        let record = self.record(&job.session).await?;
        let key = simpler.key();
        let there = record
            .trials
            .iter()
            .find(|trial| trial.is_complete() && trial.configuration.key() == key);
        let id = match there {
            Some(trial) => trial.id.clone(),
            None => {
                let last = record.trials.iter().map(|trial| trial.number).max();
                let trial = simpler_of(&job.session, last.unwrap_or(0) + 1, simpler);
                let id = trial.id.clone();
                let lock = self.claim_machine()?;
                self.run_trial(job, record, trial, None, &lock).await?;
                id
            }
        };
        undoing.simpler = Some(id.clone());
        self.store.put_undoing(undoing).await?;
        Ok(id)
    }
}

/// Pairs that are measured again where something disturbed them.
const MOST_TRIES: u32 = 3;

fn simpler_of(session: &SessionId, number: u32, configuration: Configuration) -> Trial {
    Trial {
        id: TrialId(fresh_id()),
        session: session.clone(),
        number,
        purpose: Purpose::Proposal,
        configuration,
        proposal: None,
        state: TrialState::Running,
        launch: None,
        repeats: Vec::new(),
        discarded: Vec::new(),
        answers: None,
        note: None,
        forecast: None,
        created_at: now(),
    }
}

/// What was begun, with the minutes that are allowed now; else a new one.
fn begun(record: &SessionRecord, winner: &Trial, allowed: Duration) -> Undoing {
    if let Some(begun) = &record.undoing {
        return Undoing {
            allowed_s: begun.allowed_s + allowed.as_secs_f64(),
            ..begun.clone()
        };
    }
    let default = record.session.space.default_configuration();
    let changes = winner
        .configuration
        .iter()
        .filter_map(|(name, changed)| {
            let usual = default.get(name)?;
            (usual != changed).then(|| UndoneChange {
                name: name.to_owned(),
                changed: changed.clone(),
                default: usual.clone(),
                undone: Vec::new(),
                winner: Vec::new(),
                cost: None,
                verdict: refused(record, winner, name, usual).map(|_| UndoVerdict::Refused),
                why: refused(record, winner, name, usual),
            })
        })
        .collect();
    Undoing {
        session: record.session.id.clone(),
        trial: winner.id.clone(),
        allowed_s: allowed.as_secs_f64(),
        spread: pair_spread(record),
        changes,
        simpler: None,
        created_at: now(),
    }
}

/// Why a change cannot be undone by itself; none where it can.
fn refused(
    record: &SessionRecord,
    winner: &Trial,
    name: &str,
    usual: &wattsmith_domain::Value,
) -> Option<String> {
    let mut without = winner.configuration.clone();
    without.set(name, usual.clone());
    let problems = record.session.space.check(&without).err()?;
    let words: Vec<String> = problems.iter().map(ToString::to_string).collect();
    Some(words.join(" "))
}
