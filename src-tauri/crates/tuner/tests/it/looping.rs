//! One turn and the next: a trial, a tune without a chat, autopilot, taking up again.

use crate::bench::{Bench, DEFAULT, machine, tiny};
use std::collections::BTreeSet;
use std::time::Duration;
use wattsmith_domain::{
    Advisor, Ending, FailureCause, ProposalStatus, Purpose, Scope, TrialState, WarningKind,
};
use wattsmith_stats::Analysis;
use wattsmith_tuner::{Next, PhaseKind, SessionPlan, Step, TunerError, WorkSize};

async fn next(bench: &Bench, session: &wattsmith_domain::SessionId) -> Next {
    let record = bench.record(session).await;
    Next::of(&record, &Analysis::of(&record))
}

#[tokio::test]
async fn a_trial_gives_a_figure_with_its_errors_and_where_it_comes_from() {
    let _machine = machine().await;
    let bench = Bench::new().await;
    let session = bench.session(tiny()).await;
    assert_eq!(next(&bench, &session).await, Next::MeasureDefault);
    bench
        .tuner
        .perform(&session, Step::MeasureDefault)
        .await
        .unwrap();

    let record = bench.record(&session).await;
    let trial = record.default_trial().unwrap();
    assert_eq!(trial.state, TrialState::Complete);
    assert_eq!(trial.repeats.len(), 2);
    let analysis = Analysis::of(&record);
    let own = analysis.trial(&trial.id).unwrap();
    let figure = own.joules_per_unit.unwrap();
    assert!(0.0 < figure.low && figure.low < figure.mean && figure.mean < figure.high);
    assert_eq!(figure.n, 2);
    let (low_idle, high_idle) = own.ends.unwrap();
    assert!(low_idle > 0.0 && high_idle > low_idle);
    assert_eq!(own.net, None, "an estimate has no net figure");

    for repeat in &trial.repeats {
        assert_eq!(repeat.energy.scope, Scope::Estimated);
        assert_eq!(repeat.energy.source(), "estimate");
        assert!(!repeat.energy.is_measured());
        assert!(repeat.energy.sensor_error > 0.0);
        assert_eq!(repeat.units.0, 16);
        assert!(repeat.cpu.engine_s > 0.0);
        assert!(repeat.load.0 > 0.0 && repeat.warm_up.0 > 0.0 && repeat.overhead.0 > 0.0);
        let kinds: Vec<WarningKind> = repeat.warnings.iter().map(|one| one.kind).collect();
        assert!(kinds.contains(&WarningKind::ShortWindow), "{kinds:?}");
        let samples = bench.tuner.samples(&trial.id, repeat.index, 500).await;
        let samples = samples.unwrap();
        assert!(samples.iter().any(|(_, power)| power.len() > 1));
    }
    let launch = trial.launch.as_ref().unwrap();
    assert!(!launch.engine_version.is_empty());
    assert!(!launch.argv.iter().any(|word| word.contains("key")));
    assert_eq!(record.session.model.sha256.len(), 64);
    assert_eq!(record.session.workload.name, "custom");
    assert_eq!(bench.engines(), Vec::<u32>::new());
    let feedback = record.feedback.last().unwrap();
    assert_eq!(feedback.trial, trial.id);
    assert!(
        feedback.draft.starts_with("The default used"),
        "{}",
        feedback.draft
    );
    assert_eq!(bench.tuner.job(&session).phase.kind, PhaseKind::Idle);
}

#[tokio::test]
async fn a_tune_by_sobol_ends_with_its_budget_and_goes_on_after_a_restart() {
    let _machine = machine().await;
    let bench = Bench::new().await;
    let session = bench.session(tiny()).await;
    let tuner = &bench.tuner;
    tuner.perform(&session, Step::MeasureDefault).await.unwrap();
    for _ in 0..2 {
        let proposal = bench.proposal(&session).await;
        tuner.perform(&session, Step::Run(proposal)).await.unwrap();
    }
    let before = bench.record(&session).await;
    let next_before = next(&bench, &session).await;

    let bench = bench.reopened().await;
    assert_eq!(bench.record(&session).await, before);
    assert_eq!(next(&bench, &session).await, next_before);
    let proposal = bench.proposal(&session).await;
    bench
        .tuner
        .perform(&session, Step::Run(proposal))
        .await
        .unwrap();

    let record = bench.record(&session).await;
    assert_eq!(record.session.ending, Some(Ending::BudgetSpent));
    assert_eq!(
        next(&bench, &session).await,
        Next::Ended(Ending::BudgetSpent)
    );
    assert_eq!(record.trials.len(), 4);
    let keys: BTreeSet<String> = record
        .trials
        .iter()
        .map(|trial| trial.configuration.key())
        .collect();
    assert_eq!(keys.len(), 4, "no configuration twice");
    assert_eq!(record.feedback.len(), 4);
    for (trial, number) in record.trials.iter().zip(1..) {
        assert_eq!(trial.number, number);
        assert_eq!(trial.state, TrialState::Complete);
    }
    assert!(
        record
            .proposals
            .iter()
            .all(|one| one.advisor == Advisor::Sobol && one.status == ProposalStatus::Taken)
    );
    assert_eq!(
        record.default_trial().unwrap().repeats.len(),
        3,
        "the default was measured once more after the fourth trial"
    );
    assert!(Analysis::of(&record).energy_spent.0 > 0.0);

    bench.tuner.resume(&session, 1).await.unwrap();
    assert_eq!(next(&bench, &session).await, Next::Ask);
}

#[tokio::test]
async fn autopilot_pauses_when_asked_and_then_runs_to_the_end_alone() {
    let _machine = machine().await;
    let bench = Bench::new().await;
    // Long enough that a whole window is still to come when the first one is noticed.
    let plan = SessionPlan {
        size: WorkSize {
            requests: Some(8),
            concurrency: Some(2),
            output_tokens: Some(16),
            arrivals: None,
        },
        budget: 2,
        ..tiny()
    };
    let session = bench.begun(plan).await;
    let (_, running) = bench.in_mid_run(&session, Step::Autopilot).await;
    assert!(bench.tuner.job(&session).autopilot);
    bench.tuner.pause(&session, true);
    assert!(bench.tuner.job(&session).pausing);
    running.await.unwrap().unwrap();
    let record = bench.record(&session).await;
    assert_eq!(record.trials.len(), 2, "the trial that ran was finished");
    assert_eq!(record.session.ending, None);
    assert!(!bench.tuner.job(&session).running);

    bench.tuner.start(&session, Step::Autopilot).unwrap();
    let ended = async {
        while bench.tuner.job(&session).running {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(120), ended)
        .await
        .expect("autopilot went on for two minutes");
    let record = bench.record(&session).await;
    assert_eq!(record.session.ending, Some(Ending::BudgetSpent));
    assert_eq!(record.trials.len(), 3);
}

#[tokio::test]
async fn a_default_that_failed_is_tried_again_when_autopilot_is_started_again() {
    let _machine = machine().await;
    let bench = Bench::new().await;
    let model = bench.folder().join("model.gguf");
    std::fs::copy(crate::bench::small_model(), &model).unwrap();
    let plan = SessionPlan {
        model: Some(model.clone()),
        budget: 0,
        repeats: 1,
        ..tiny()
    };
    let session = bench.session(plan).await;
    let whole = std::fs::read(&model).unwrap();
    std::fs::write(&model, &whole[..whole.len() / 2]).unwrap();
    let tuner = &bench.tuner;
    // It says nothing about the settings: it stops with its cause, and nothing counts as tried.
    let stopped = tuner.perform(&session, Step::Autopilot).await;
    let Err(TunerError::Surroundings { cause, message, .. }) = stopped else {
        panic!("{stopped:?}");
    };
    assert_eq!(cause, FailureCause::ModelCorrupt);
    assert!(message.contains("model.gguf"), "{message}");
    assert!(message.contains("again"), "{message}");
    assert_eq!(next(&bench, &session).await, Next::MeasureDefault);

    std::fs::write(&model, &whole).unwrap();
    tuner.perform(&session, Step::Autopilot).await.unwrap();
    let record = bench.record(&session).await;
    assert_eq!(record.trials.len(), 1);
    assert_eq!(record.trials[0].state, TrialState::Complete);
    assert_eq!(record.trials[0].purpose, Purpose::Default);
    assert_eq!(record.session.ending, Some(Ending::BudgetSpent));
}

#[tokio::test]
async fn nothing_is_asked_before_the_default_is_measured_or_after_the_end() {
    let bench = Bench::new().await;
    let session = bench.session(tiny()).await;
    let early = bench.tuner.perform(&session, Step::Ask).await.unwrap_err();
    assert!(early.to_string().contains("default first"), "{early}");
    bench.seed(&session, &[], &DEFAULT).await;
    bench.tuner.stop(&session).await.unwrap();
    let late = bench.tuner.perform(&session, Step::Ask).await.unwrap_err();
    assert!(late.to_string().contains("not asked"), "{late}");
    assert!(bench.record(&session).await.proposals.is_empty());
}
