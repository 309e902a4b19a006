//! Whether settings change what a model says, measured on the real engine: caches of few bits do.

use crate::bench::{Bench, machine, tiny};
use wattsmith_domain::{
    Configuration, Constraints, FailureCause, SessionId, Trial, TrialState, Value,
};
use wattsmith_tuner::{SessionPlan, Step, words};

fn plan(min_same_tokens: f64) -> SessionPlan {
    let mut plan = tiny();
    plan.tuned = ["parallel", "cache-type-k", "cache-type-v", "flash-attn"]
        .map(str::to_owned)
        .into();
    plan.constraints = Constraints {
        quality_lock: false,
        min_same_tokens: Some(min_same_tokens),
        ..Constraints::default()
    };
    plan.repeats = 1;
    plan
}

/// Runs the default with these changes; gives its trial.
async fn run(bench: &Bench, session: &SessionId, changes: &[(&str, &str)]) -> Trial {
    let asked: Configuration = changes
        .iter()
        .map(|(name, value)| ((*name).to_owned(), Value::Choice((*value).to_owned())))
        .collect();
    let id = bench.tuner.propose_by_hand(session, &asked).await.unwrap();
    bench.tuner.perform(session, Step::Run(id)).await.unwrap();
    bench.record(session).await.trials.last().unwrap().clone()
}

#[tokio::test]
async fn settings_that_change_the_answers_too_much_are_given_up_before_they_are_measured() {
    let _machine = machine().await;
    let bench = Bench::new().await;
    let session = bench.session(plan(0.9)).await;
    bench
        .tuner
        .perform(&session, Step::MeasureDefault)
        .await
        .unwrap();
    let default = bench.record(&session).await.trials[0].clone();
    let own = default.answers.as_ref().unwrap();
    assert_eq!((own.pieces.len(), own.agreement.of), (12, 12 * 32));
    let floor = own.agreement.share().unwrap();
    println!("{}", words::answers(&default).unwrap());
    assert!(floor > 0.5, "{floor}");

    let few_bits = [
        ("cache-type-k", "q4_0"),
        ("cache-type-v", "q4_0"),
        ("flash-attn", "on"),
    ];
    let trial = run(&bench, &session, &few_bits).await;
    let TrialState::Failed { cause, message, .. } = &trial.state else {
        panic!("{:?}: {:?}", trial.state, words::answers(&trial));
    };
    println!("{message}");
    assert_eq!(*cause, FailureCause::AnswersDiffer);
    assert!(
        message.contains("at least 90.0 % is asked for"),
        "{message}"
    );
    assert_eq!(trial.repeats, [], "nothing more is spent on it");

    // What cannot change answers is not asked for any.
    let trial = run(&bench, &session, &[("parallel", "1")]).await;
    assert_eq!(trial.state, TrialState::Complete);
    assert_eq!(trial.answers, None);
    assert_eq!(bench.engines(), Vec::<u32>::new());
}

#[tokio::test]
async fn a_limit_that_is_kept_leaves_its_share_in_the_record() {
    let _machine = machine().await;
    let bench = Bench::new().await;
    let session = bench.session(plan(0.05)).await;
    bench
        .tuner
        .perform(&session, Step::MeasureDefault)
        .await
        .unwrap();
    let trial = run(&bench, &session, &[("cache-type-k", "q8_0")]).await;
    assert_eq!(trial.state, TrialState::Complete, "{:?}", trial.state);
    let said = words::answers(&trial).unwrap();
    println!("{said}");
    assert!(
        said.starts_with("Its answers beside the default's: "),
        "{said}"
    );
    let answers = trial.answers.unwrap();
    let share = answers.agreement.share().unwrap();
    assert!((0.05..=1.0).contains(&share), "{share}");
    // llama-server tells log-probabilities: caches of eight bits move them, and not by much.
    let apart = answers.apart.unwrap();
    assert!(0 < apart.tokens && apart.tokens <= answers.agreement.same);
    assert!(0.0 < apart.mean && apart.mean < 1.0, "{apart:?}");
    assert!(said.contains("log-probabilities are"), "{said}");
}

#[tokio::test]
async fn a_limit_needs_answers_that_may_change() {
    let bench = Bench::new().await;
    for (locked, least, said) in [
        (true, 0.9, "--allow-output-changes"),
        (false, 0.0, "above 0 and at most 1"),
        (false, 90.0, "above 0 and at most 1"),
    ] {
        let mut plan = plan(least);
        plan.constraints.quality_lock = locked;
        let refused = bench.tuner.create_session(plan).await.unwrap_err();
        assert!(refused.to_string().contains(said), "{refused}");
    }
}
