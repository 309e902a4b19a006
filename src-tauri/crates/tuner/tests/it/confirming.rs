//! Fresh repeats decide whether the goal is reached.

use crate::bench::{Bench, DEFAULT, machine, tiny};
use wattsmith_domain::{
    Confirmation, ConfirmationId, Decision, Ending, SessionId, Threshold, TrialId,
};
use wattsmith_stats::Analysis;
use wattsmith_store::Side;
use wattsmith_testkit::fixtures::{Fixture, Shown};
use wattsmith_tuner::{Next, SessionPlan, Step};

async fn next(bench: &Bench, session: &SessionId) -> Next {
    let record = bench.record(session).await;
    Next::of(&record, &Analysis::of(&record))
}

#[tokio::test]
async fn a_confirmed_crossing_ends_the_session_by_its_threshold() {
    let _machine = machine().await;
    let bench = Bench::new().await;
    // A goal that nothing can miss, so that the outcome does not hang on this machine's noise.
    let plan = SessionPlan {
        threshold: Threshold::Joules { joules: 1e100 },
        ..tiny()
    };
    let session = bench.begun(plan).await;
    let default = bench.record(&session).await.trials[0].id.clone();
    assert_eq!(next(&bench, &session).await, Next::Confirm(default.clone()));
    bench.tuner.perform(&session, Step::Confirm).await.unwrap();

    let record = bench.record(&session).await;
    let [confirmation] = &record.confirmations[..] else {
        panic!("{:?}", record.confirmations);
    };
    assert_eq!(confirmation.trial, default);
    assert_eq!(confirmation.decision, Some(Decision::Below));
    // What the session knows of the spread of pairs lets it look from the second on.
    assert!(confirmation.spread.is_some());
    assert_eq!(
        (confirmation.best.len(), confirmation.default.len()),
        (2, 2)
    );
    assert!(confirmation.ratio.is_some_and(|ratio| ratio.n == 2));
    assert!(confirmation.alpha > 0.0 && confirmation.alpha < 0.05);
    // Interleaved, the first of each pair in turn.
    let first: Vec<bool> = confirmation
        .best
        .iter()
        .zip(&confirmation.default)
        .map(|(best, default)| best.started_at < default.started_at)
        .collect();
    assert_eq!(first, [true, false]);
    assert_eq!(record.session.ending, Some(Ending::ThresholdReached));
    assert_eq!(
        next(&bench, &session).await,
        Next::Ended(Ending::ThresholdReached)
    );
    assert_eq!(
        Analysis::of(&record).confirmed.map(|(id, _)| id),
        Some(default)
    );
    let again = bench.tuner.perform(&session, Step::Confirm).await;
    assert!(again.is_err(), "there is nothing more to confirm");
}

#[tokio::test]
async fn an_interrupted_confirmation_goes_on_with_what_it_has_and_luck_is_not_confirmed() {
    let _machine = machine().await;
    let bench = Bench::new().await;
    let plan = SessionPlan {
        threshold: Threshold::PercentBelowDefault { percent: 90.0 },
        ..tiny()
    };
    let session = bench.begun(plan).await;
    // A trial that looked many times better, by luck.
    let lucky = bench
        .seed(&session, &[("parallel", 4)], &[Shown(4000.0, 26.0); 3])
        .await;
    assert_eq!(
        next(&bench, &session).await,
        Next::Confirm(lucky.id.clone())
    );
    let mut fixture = Fixture::without_sensors();
    let confirmation = Confirmation {
        id: ConfirmationId::from("confirmation"),
        session: session.clone(),
        trial: lucky.id.clone(),
        number: 1,
        alpha: 0.01,
        best: Vec::new(),
        default: Vec::new(),
        discarded: Vec::new(),
        ratio: None,
        decision: None,
        chance: None,
        spread: None,
        created_at: "2026-01-15T10:00:00Z".to_owned(),
    };
    let store = bench.store();
    store.put_confirmation(&confirmation).await.unwrap();
    for index in 1..=5 {
        for side in [Side::Best, Side::Default] {
            // Interrupted in the middle of the fifth pair.
            if index == 5 && side == Side::Default {
                continue;
            }
            let repeat = fixture.repeat(index, Shown(80.0 + f64::from(index), 26.0));
            store
                .add_confirmation_repeat(&confirmation.id, side, &repeat, &[])
                .await
                .unwrap();
        }
    }
    store.close().await.unwrap();
    let bench = bench.reopened().await;
    assert_eq!(
        next(&bench, &session).await,
        Next::Confirm(lucky.id.clone())
    );
    bench.tuner.perform(&session, Step::Confirm).await.unwrap();

    let record = bench.record(&session).await;
    let [confirmation] = &record.confirmations[..] else {
        panic!("{:?}", record.confirmations);
    };
    assert_eq!(confirmation.default.len(), 5);
    assert_eq!(
        confirmation.best.len(),
        5,
        "what was there is not measured again"
    );
    assert_eq!(confirmation.decision, Some(Decision::NotDecided));
    assert_eq!(record.session.ending, None);
    // What the engine did in the one real window is no seeded figure, so the default may be in doubt.
    let after = next(&bench, &session).await;
    assert!(
        matches!(after, Next::Ask | Next::CheckDefault(_)),
        "the search goes on: {after:?}"
    );
    assert_eq!(Analysis::of(&record).confirmed, None);
}

#[tokio::test]
async fn repeats_that_cannot_be_judged_end_a_confirmation_undecided() {
    let bench = Bench::new().await;
    let plan = SessionPlan {
        threshold: Threshold::Joules { joules: 1e9 },
        ..tiny()
    };
    let session = bench.session(plan).await;
    let default: TrialId = bench.seed(&session, &[], &DEFAULT).await.id;
    // A sensor came and went between the pairs, so they do not cover the same part of the machine.
    let (mut with, mut without) = (Fixture::on_gpu(), Fixture::without_sensors());
    let confirmation = Confirmation {
        id: ConfirmationId::from("confirmation"),
        session: session.clone(),
        trial: default,
        number: 1,
        alpha: 0.01,
        best: Vec::new(),
        default: Vec::new(),
        discarded: Vec::new(),
        ratio: None,
        decision: None,
        chance: None,
        spread: None,
        created_at: "2026-01-15T10:00:00Z".to_owned(),
    };
    let store = bench.store();
    store.put_confirmation(&confirmation).await.unwrap();
    for index in 1..=10 {
        for (side, fixture) in [(Side::Best, &mut with), (Side::Default, &mut without)] {
            let repeat = fixture.repeat(index, Shown(80.0, 26.0));
            store
                .add_confirmation_repeat(&confirmation.id, side, &repeat, &[])
                .await
                .unwrap();
        }
    }
    store.close().await.unwrap();
    bench.tuner.perform(&session, Step::Confirm).await.unwrap();
    let record = bench.record(&session).await;
    assert_eq!(record.confirmations[0].decision, Some(Decision::NotDecided));
    assert_eq!(next(&bench, &session).await, Next::Ask);
}

#[tokio::test]
async fn more_repeats_of_a_trial_are_added_to_it_until_they_tell_enough() {
    let _machine = machine().await;
    let bench = Bench::new().await;
    let session = bench.begun(tiny()).await;
    let trial = bench.seed(&session, &[("parallel", 1)], &DEFAULT).await;
    let before = trial.repeats.len();
    let step = Step::MoreRepeats(trial.id.clone());
    bench.tuner.perform(&session, step.clone()).await.unwrap();
    let record = bench.record(&session).await;
    let after = record.trial(&trial.id).unwrap();
    let more = after.repeats.len() - before;
    assert!((1..=5).contains(&more), "{more}");
    assert!(after.is_complete());
    assert_eq!(record.trials.len(), 2, "no trial of the budget is spent");

    bench.tuner.stop(&session).await.unwrap();
    let refused = bench.tuner.perform(&session, step).await.unwrap_err();
    assert!(
        refused.to_string().contains("Take it up again"),
        "{refused}"
    );
}
