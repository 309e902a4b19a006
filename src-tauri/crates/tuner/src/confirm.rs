//! The fresh repeats that decide whether the goal is reached.

use crate::error::TunerError;
use crate::event::EventKind;
use crate::job::Job;
use crate::measure::Window;
use crate::tuner::{Tuner, fresh_id, now};
use wattsmith_domain::{
    Configuration, Confirmation, ConfirmationId, Decision, Ending, SessionRecord, Threshold,
};
use wattsmith_stats::{Analysis, CONFIRMATION_LOOKS, confirmation_alpha, decide};
use wattsmith_store::Side;

impl Tuner {
    /// Fresh, interleaved repeats of the trial that crossed and of the default, and the decision.
    pub(crate) async fn confirm(&self, job: &Job) -> Result<(), TunerError> {
        let record = self.record(&job.session).await?;
        let analysis = Analysis::of(&record);
        let unfinished = record
            .confirmations
            .iter()
            .find(|confirmation| confirmation.decision.is_none());
        let mut confirmation = match (unfinished, &analysis.crossing) {
            (Some(confirmation), _) => confirmation.clone(),
            (None, Some(trial)) => {
                let number = record.confirmations.len() as u32 + 1;
                Confirmation {
                    id: ConfirmationId(fresh_id()),
                    session: job.session.clone(),
                    trial: trial.clone(),
                    number,
                    alpha: confirmation_alpha(number, 1),
                    best: Vec::new(),
                    default: Vec::new(),
                    ratio: None,
                    decision: None,
                    created_at: now(),
                }
            }
            (None, None) => {
                return Err(TunerError::Invalid(
                    "No trial has crossed the threshold yet, so there is nothing to confirm."
                        .to_owned(),
                ));
            }
        };
        let crossing = record
            .trial(&confirmation.trial)
            .ok_or_else(|| TunerError::NotFound("The trial to confirm is gone.".to_owned()))?;
        let best = crossing.configuration.clone();
        let default = record.session.space.default_configuration();
        let _lock = self.claim_machine()?;
        self.check_scope(&record)?;
        self.store.put_confirmation(&confirmation).await?;
        job.emit(EventKind::Changed);
        for (look, pairs) in (1..).zip(CONFIRMATION_LOOKS) {
            while confirmation.best.len().min(confirmation.default.len()) < pairs as usize {
                self.pair(job, &record, &mut confirmation, &best, &default, pairs)
                    .await?;
            }
            confirmation.alpha = confirmation_alpha(confirmation.number, look);
            let judged = decide(
                &confirmation.best,
                &confirmation.default,
                record.session.objective.threshold,
                confirmation.alpha,
            );
            confirmation.ratio = judged.map(|(ratio, _)| ratio);
            confirmation.decision = match judged {
                Some((_, decision)) if decision != Decision::NotDecided => Some(decision),
                Some((ratio, undecided)) if hopeless(&record, ratio.mean) => Some(undecided),
                // Also where the repeats cannot be judged at all, since a sensor came or went.
                _ if Some(&pairs) == CONFIRMATION_LOOKS.last() => Some(Decision::NotDecided),
                _ => None,
            };
            self.store.put_confirmation(&confirmation).await?;
            if confirmation.decision.is_some() {
                break;
            }
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
        pairs: u32,
    ) -> Result<(), TunerError> {
        let done = confirmation.best.len().min(confirmation.default.len());
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
                .window(
                    job,
                    &Window {
                        session: &record.session,
                        configuration,
                        index: have as u32 + 1,
                        label: format!("confirming: {name}, pair {} of {pairs}", done + 1),
                        idle: earlier.clone().find_map(|repeat| repeat.idle),
                        expected_s: earlier.map(|repeat| repeat.window.0).reduce(f64::max),
                    },
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
            match side {
                Side::Best => confirmation.best.push(measured.repeat),
                Side::Default => confirmation.default.push(measured.repeat),
            }
            job.emit(EventKind::Changed);
        }
        Ok(())
    }
}

/// Whether what was seen after the first look lies on the wrong side of the goal, so that more
/// repeats are a waste. Giving up early can only lower the chance of a false stop.
fn hopeless(record: &SessionRecord, ratio: f64) -> bool {
    match record.session.objective.threshold {
        Threshold::PercentBelowDefault { percent } => ratio > 1.0 - percent / 100.0,
        Threshold::Joules { .. } => false,
    }
}
