//! The fresh repeats that decide whether the goal is reached.

use crate::error::TunerError;
use crate::event::EventKind;
use crate::job::Job;
use crate::measuring::measure::Window;
use crate::measuring::spoiled::{reference, reruns_allowed, spoiled};
use crate::tuner::{Tuner, fresh_id, now};
use wattsmith_domain::{
    Configuration, Confirmation, ConfirmationId, Decision, Ending, SessionRecord, TrialId, WindowOf,
};
use wattsmith_stats::noise::pair_spread;
use wattsmith_stats::{Analysis, Rule, Spending, look};
use wattsmith_store::{Owner, Side};

impl Tuner {
    /// Fresh, interleaved repeats of the trial that crossed and of the default, and the decision.
    pub(crate) async fn confirm(&self, job: &Job) -> Result<(), TunerError> {
        let record = self.record(&job.session).await?;
        let unfinished = record.confirmations.iter();
        let unfinished = unfinished
            .filter(|one| one.decision.is_none())
            .map(|one| one.trial.clone())
            .next();
        match unfinished.or(Analysis::of(&record).crossing) {
            Some(trial) => self.confirm_trial(job, &trial).await,
            None => Err(TunerError::Invalid(
                "No trial has crossed the threshold yet, so there is nothing to confirm."
                    .to_owned(),
            )),
        }
    }

    /// The same of this trial; what was begun of it is gone on with.
    pub(crate) async fn confirm_trial(&self, job: &Job, trial: &TrialId) -> Result<(), TunerError> {
        let record = self.record(&job.session).await?;
        let unfinished = record
            .confirmations
            .iter()
            .find(|one| one.decision.is_none() && one.trial == *trial);
        let mut confirmation = unfinished
            .cloned()
            .unwrap_or_else(|| opened(&record, trial));
        let crossing = record
            .trial(&confirmation.trial)
            .ok_or_else(|| TunerError::NotFound("The trial to confirm is gone.".to_owned()))?;
        let best = crossing.configuration.clone();
        let default = record.session.space.default_configuration();
        let _lock = self.claim_machine()?;
        self.check_scope(&record)?;
        self.check_files(&record.session).await?;
        self.keep_readers(&record).await?;
        self.store.put_confirmation(&confirmation).await?;
        job.emit(EventKind::Changed);
        let mut reruns =
            reruns_allowed(&record).saturating_sub(confirmation.discarded.len() as u32);
        loop {
            let seen = look(&confirmation, record.session.objective.threshold);
            if seen.alpha > 0.0 {
                confirmation.alpha = seen.alpha;
            }
            confirmation.ratio = seen.ratio;
            confirmation.chance = seen.chance;
            confirmation.decision = seen.decision;
            self.store.put_confirmation(&confirmation).await?;
            if confirmation.decision.is_some() {
                break;
            }
            self.pair(
                job,
                &record,
                &mut confirmation,
                &best,
                &default,
                &mut reruns,
            )
            .await
            .map_err(|error| error.of_the_surroundings(true))?;
        }
        if confirmation.decision == Some(Decision::Below) {
            self.change(&job.session, |session| {
                session.ending = Some(Ending::ThresholdReached);
            })
            .await?;
        }
        Ok(())
    }

    /// Adds one window of each side; the order changes from pair to pair, so that drift cancels.
    async fn pair(
        &self,
        job: &Job,
        record: &SessionRecord,
        confirmation: &mut Confirmation,
        best: &Configuration,
        default: &Configuration,
        reruns: &mut u32,
    ) -> Result<(), TunerError> {
        let done = confirmation.best.len().min(confirmation.default.len());
        let owner = Owner::Confirmation(confirmation.id.clone());
        let reference = reference(record);
        let spending = &Rule::of(confirmation).spending;
        let mut sides = [Side::Best, Side::Default];
        if done % 2 == 1 {
            sides.reverse();
        }
        for side in sides {
            let (configuration, name, have) = match side {
                Side::Best => (best, "the best", confirmation.best.len()),
                Side::Default => (default, "the default", confirmation.default.len()),
            };
            if have > done {
                continue; // measured before an interruption
            }
            let earlier = confirmation.best.iter().chain(&confirmation.default);
            let measured = self
                .undisturbed(
                    job,
                    &Window {
                        session: &record.session,
                        configuration,
                        index: have as u32 + 1,
                        label: pair_label(name, done as u32 + 1, spending),
                        idle: earlier.clone().find_map(|repeat| repeat.idle),
                        expected_s: earlier.map(|repeat| repeat.window.0).reduce(f64::max),
                        reference,
                        album: None,
                    },
                    &owner,
                    reruns,
                    |repeat| spoiled(repeat, reference),
                )
                .await?;
            self.store
                .add_confirmation_repeat(
                    &confirmation.id,
                    side,
                    &measured.repeat,
                    &measured.samples,
                )
                .await?;
            let (id, index) = (confirmation.id.clone(), measured.repeat.index);
            let of = match side {
                Side::Best => WindowOf::Best(id, index),
                Side::Default => WindowOf::Default(id, index),
            };
            self.store
                .put_readings(&record.session.id, &of, &measured.readings)
                .await?;
            match side {
                Side::Best => confirmation.best.push(measured.repeat),
                Side::Default => confirmation.default.push(measured.repeat),
            }
            job.emit(EventKind::Changed);
        }
        Ok(())
    }
}

/// A confirmation that begins.
fn opened(record: &SessionRecord, trial: &TrialId) -> Confirmation {
    let number = record.confirmations.len() as u32 + 1;
    let mut opened = Confirmation {
        id: ConfirmationId(fresh_id()),
        session: record.session.id.clone(),
        trial: trial.clone(),
        number,
        alpha: 0.0,
        best: Vec::new(),
        default: Vec::new(),
        discarded: Vec::new(),
        ratio: None,
        decision: None,
        chance: None,
        spread: pair_spread(record),
        created_at: now(),
    };
    let rule = Rule::of(&opened);
    opened.alpha = rule.alpha(number, rule.spending.first);
    opened
}

/// Such as `confirming: the best, pair 1 of 2`, and `pair 7, at most 20` from the first look on.
fn pair_label(name: &str, pair: u32, spending: &Spending) -> String {
    match pair > spending.first {
        true => format!(
            "confirming: {name}, pair {pair}, at most {}",
            spending.budget(pair - 1)
        ),
        false => format!("confirming: {name}, pair {pair} of {}", spending.first),
    }
}
