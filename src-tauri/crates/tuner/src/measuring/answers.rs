//! Whether settings that may change what a model says do: the beginnings of its greedy answers to a fixed set
//! of prompts, held against the default's. It is done before a trial's windows and outside them, where the
//! session sets a limit.

use crate::error::TunerError;
use crate::event::PhaseKind;
use crate::job::Job;
use crate::measuring::measure::Window;
use crate::tuner::Tuner;
use wattsmith_domain::{
    Agreement, Answers, Configuration, Given, Prompts, Purpose, Session, SessionRecord, Trial,
};
use wattsmith_engine::{answers, launch, prompts_of};

/// Prompts of the fixed set, the first of the shipped ones.
const PROMPTS: usize = 12;
/// Tokens of each answer that are compared. Greedy answers that part do so early or late by chance of the
/// text; with so many in all a share is told to within a few per cent.
const TOKENS: u32 = 32;

impl Tuner {
    /// The answers of a trial that lacks them, where its session sets a limit: of the default its own twice,
    /// one at a time and with the workload's clients; of others those with settings that may change output.
    ///
    /// # Errors
    /// `AnswersDiffer` where they agree less than the session allows; the engine's fault.
    pub(crate) async fn check_answers(
        &self,
        job: &Job,
        record: &SessionRecord,
        trial: &Trial,
    ) -> Result<Option<Answers>, TunerError> {
        let session = &record.session;
        let Some(least) = session.objective.constraints.min_same_tokens else {
            return Ok(None);
        };
        let configuration = &trial.configuration;
        let default = record.default_trial().filter(|one| one.id != trial.id);
        let reference = default.and_then(|one| one.answers.as_ref());
        match (trial.purpose, reference) {
            (Purpose::Default, _) => self.of_default(job, session, configuration).await.map(Some),
            (_, Some(reference)) if may_change_output(session, configuration) => {
                let mut own = self.given(job, session, configuration, false).await?;
                let own = Answers::beside(&reference.given(), own.pop().unwrap_or_default());
                match too_other(least, own.agreement, reference.agreement, configuration) {
                    Some(why) => Err(TunerError::AnswersDiffer(why)),
                    None => Ok(Some(own)),
                }
            }
            _ => Ok(None),
        }
    }

    async fn of_default(
        &self,
        job: &Job,
        session: &Session,
        configuration: &Configuration,
    ) -> Result<Answers, TunerError> {
        let mut given = self.given(job, session, configuration, true).await?;
        let together = given.pop().unwrap_or_default();
        let alone = given.pop().unwrap_or_default();
        // What is kept to hold others against are those that were given one at a time.
        Ok(Answers::beside(&alone, together).keeping(alone))
    }

    /// Starts an engine for it, and ends it. With the workload's clients; before that, where it is wanted,
    /// one at a time.
    async fn given(
        &self,
        job: &Job,
        session: &Session,
        configuration: &Configuration,
        alone_first: bool,
    ) -> Result<Vec<Vec<Given>>, TunerError> {
        let window = Window {
            session,
            configuration,
            index: 0,
            label: "answers beside the default's".to_owned(),
            idle: None,
            expected_s: None,
            reference: None,
            album: None,
        };
        let options = self.launch_options(&window).await?;
        job.phase(PhaseKind::LoadingEngine, &window.label, None);
        let engine = launch(options, &job.cancel).await?;
        job.phase(PhaseKind::WarmingUp, &window.label, None);
        let prompts = prompts_of(Prompts::Chat);
        let prompts = &prompts[..PROMPTS.min(prompts.len())];
        let clients = session.workload.concurrency.clamp(1, PROMPTS as u32);
        let mut given = Vec::new();
        let mut done = Ok(());
        for clients in [alone_first.then_some(1), Some(clients)]
            .into_iter()
            .flatten()
        {
            match answers(&engine, prompts, TOKENS, clients, &job.cancel).await {
                Ok(own) => given.push(own),
                Err(error) => {
                    done = Err(error);
                    break;
                }
            }
        }
        engine.stop().await;
        done?;
        Ok(given)
    }
}

/// Whether a knob that may change output is away from its default.
fn may_change_output(session: &Session, configuration: &Configuration) -> bool {
    let space = &session.space;
    let changes = configuration.changes_from(&space.default_configuration(), space);
    let mut changes = changes.iter();
    changes.any(|change| {
        space
            .get(&change.name)
            .is_some_and(|knob| knob.changes_output)
    })
}

/// Why a trial is given up for its answers; none where they agree as much as is asked for, or as much as the
/// default agrees with itself: more cannot be asked of anybody.
fn too_other(
    least: f64,
    own: Agreement,
    floor: Agreement,
    configuration: &Configuration,
) -> Option<String> {
    let (share, of_default) = (own.share()?, floor.share()?);
    (share < least.min(of_default)).then(|| {
        format!(
            "The answers differ too much from the default's: {own}, and at least {:.1} % is asked for; of the \
             default itself, with several answers at a time, {:.1} % are. Leave out what changes the answers in \
             {configuration}, or allow more difference.",
            100.0 * least,
            100.0 * of_default,
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(same: u64) -> Agreement {
        Agreement { same, of: 100 }
    }

    #[test]
    fn nothing_is_given_up_that_agrees_as_much_as_the_default_with_itself() {
        let settings = Configuration::default();
        for (least, own, floor, given_up) in [
            (0.9, 95, 100, false),
            (0.9, 90, 100, false),
            (0.9, 89, 100, true),
            (0.9, 80, 75, false),
            (0.9, 74, 75, true),
        ] {
            let why = too_other(least, same(own), same(floor), &settings);
            assert_eq!(why.is_some(), given_up, "{least} {own} {floor}");
        }
        let why = too_other(0.9, same(12), same(97), &settings).unwrap();
        assert!(why.contains("12.0 % of the first tokens"), "{why}");
        assert!(why.contains("97.0 % are"), "{why}");
        let nothing = Agreement::default();
        assert_eq!(too_other(0.9, nothing, same(97), &settings), None);
    }
}
