//! Each change of a confirmed winner is undone by itself, with a real engine.

use crate::bench::{Bench, DEFAULT, machine, tiny};
use wattsmith_domain::{
    Confirmation, ConfirmationId, Decision, Ending, Interval, PairSpread, Repeat, SessionId,
    Threshold, UndoVerdict, Undoing, UndoneChange,
};
use wattsmith_report::undone_lines;
use wattsmith_stats::{Analysis, undo_look};
use wattsmith_store::Side;
use wattsmith_testkit::fixtures::{Fixture, Shown};
use wattsmith_tuner::{SessionPlan, Step, UndoOffer};

/// A session that ended with a winner, by three changes; one of them cannot be undone by itself.
async fn won(bench: &Bench) -> SessionId {
    won_below(bench, tiny().threshold).await
}

/// The same with this goal.
async fn won_below(bench: &Bench, threshold: Threshold) -> SessionId {
    let plan = SessionPlan {
        threshold,
        ..tiny()
    };
    let session = bench.session(plan).await;
    bench.seed(&session, &[], &DEFAULT).await;
    let changes = [("parallel", 1), ("batch", 256), ("ubatch", 256)];
    let winner = bench.seed(&session, &changes, &DEFAULT).await;
    let confirmation = Confirmation {
        id: ConfirmationId::from("confirmation"),
        session: session.clone(),
        trial: winner.id,
        number: 1,
        alpha: 0.01,
        best: Vec::new(),
        default: Vec::new(),
        discarded: Vec::new(),
        ratio: Some(Interval {
            mean: 0.8,
            low: 0.75,
            high: 0.85,
            n: 5,
        }),
        decision: Some(Decision::Below),
        chance: None,
        spread: Some(PairSpread {
            log_sd: 0.05,
            windows: 8.0,
        }),
        created_at: "2026-01-15T10:00:00Z".to_owned(),
    };
    let store = bench.store();
    store.put_confirmation(&confirmation).await.unwrap();
    let mut ended = bench.record(&session).await.session;
    ended.ending = Some(Ending::ThresholdReached);
    store.put_session(&ended).await.unwrap();
    store.close().await.unwrap();
    session
}

#[tokio::test]
async fn each_change_is_measured_beside_the_winner_and_what_was_begun_is_gone_on_with() {
    let _machine = machine().await;
    let bench = Bench::new().await;
    let session = won(&bench).await;
    bench
        .tuner
        .perform(&session, Step::UndoEach(1))
        .await
        .unwrap();
    let record = bench.record(&session).await;
    let undoing = record.undoing.as_ref().unwrap();
    let names: Vec<&str> = undoing
        .changes
        .iter()
        .map(|one| one.name.as_str())
        .collect();
    assert_eq!(names, ["batch", "parallel", "ubatch"]);
    let [measured @ .., refused] = undoing.changes.as_slice() else {
        panic!("there are changes")
    };
    assert_eq!(refused.verdict, Some(UndoVerdict::Refused));
    let why = refused.why.as_deref().unwrap_or_default();
    assert!(why.contains("at most batch"), "{why}");
    for change in measured {
        assert_eq!(change.undone.len(), change.winner.len(), "{}", change.name);
        assert!(!change.undone.is_empty(), "{}", change.name);
        let decided = matches!(
            change.verdict,
            Some(UndoVerdict::Dropped | UndoVerdict::Earns)
        );
        assert!(!decided || change.cost.is_some(), "{}", change.name);
    }
    assert!(record.energy_spent().0 > 0.0);
    assert!(bench.engines().is_empty());
    let lines = undone_lines(&record);
    assert!(
        lines.iter().any(|line| line.contains("need not add up")),
        "{lines:?}"
    );

    let pairs = |record: &wattsmith_domain::SessionRecord| -> usize {
        let undoing = record.undoing.as_ref().unwrap();
        undoing.changes.iter().map(|one| one.undone.len()).sum()
    };
    let (before, open) = (
        pairs(&record),
        undoing.changes.iter().any(|one| one.verdict.is_none()),
    );
    bench
        .tuner
        .perform(&session, Step::UndoEach(1))
        .await
        .unwrap();
    let record = bench.record(&session).await;
    assert_eq!(record.undoing.as_ref().unwrap().allowed_s, 120.0);
    assert!(!open || pairs(&record) > before, "it goes on where it was");
}

#[tokio::test]
async fn without_a_confirmed_winner_or_minutes_nothing_is_undone() {
    let _machine = machine().await;
    let bench = Bench::new().await;
    let session = bench.session(tiny()).await;
    bench.seed(&session, &[], &DEFAULT).await;
    let refused = bench.tuner.perform(&session, Step::UndoEach(5)).await;
    assert!(refused.unwrap_err().to_string().contains("no winner"));
    let session = won(&bench).await;
    let refused = bench.tuner.perform(&session, Step::UndoEach(0)).await;
    assert!(refused.unwrap_err().to_string().contains("1 to 600"));
    assert_eq!(bench.record(&session).await.undoing, None);
}

/// The record of a session that ended with a winner, whose changes were all undone: one of them costs nothing, so that
/// there are simpler settings. What pairs showed is scripted, and judged as it would have been when it was measured.
async fn decided(bench: &Bench) -> SessionId {
    let session = won_below(bench, Threshold::Joules { joules: 1e100 }).await;
    let record = bench.record(&session).await;
    let winner = &record.trials[1];
    let default = record.session.space.default_configuration();
    let mut fixture = Fixture::without_sensors();
    let mut windows = |watts: f64| -> Vec<Repeat> {
        (1..=6)
            .map(|index| fixture.repeat(index, Shown(80.0, watts)))
            .collect()
    };
    let mut change = |name: &str, undone_watts: f64| {
        let mut change = UndoneChange {
            name: name.to_owned(),
            changed: winner.configuration.get(name).unwrap().clone(),
            default: default.get(name).unwrap().clone(),
            undone: windows(undone_watts),
            winner: windows(26.0),
            cost: None,
            verdict: None,
            why: None,
        };
        let seen = undo_look(&change, None);
        (change.cost, change.verdict) = (seen.cost, seen.verdict);
        change
    };
    let undoing = Undoing {
        session: session.clone(),
        trial: winner.id.clone(),
        allowed_s: 600.0,
        spread: None,
        changes: vec![change("batch", 26.0), change("parallel", 31.0)],
        simpler: None,
        created_at: "2026-01-15T11:00:00Z".to_owned(),
    };
    let verdicts: Vec<_> = undoing.changes.iter().map(|one| one.verdict).collect();
    assert_eq!(
        verdicts,
        [Some(UndoVerdict::Dropped), Some(UndoVerdict::Earns)]
    );
    let store = bench.store();
    store.put_undoing(&undoing).await.unwrap();
    store.close().await.unwrap();
    session
}

#[tokio::test]
async fn the_simpler_settings_are_measured_as_a_trial_and_confirmed_anew() {
    let _machine = machine().await;
    let bench = Bench::new().await;
    let session = decided(&bench).await;
    let before = bench.record(&session).await;
    bench
        .tuner
        .perform(&session, Step::UndoEach(1))
        .await
        .unwrap();
    let record = bench.record(&session).await;
    let undoing = record.undoing.as_ref().unwrap();
    let pairs = |record: &wattsmith_domain::SessionRecord| -> Vec<usize> {
        let undoing = record.undoing.as_ref().unwrap();
        undoing.changes.iter().map(|one| one.undone.len()).collect()
    };
    assert_eq!(pairs(&record), pairs(&before), "all were decided");

    // The winner's settings, but for the change that costs nothing.
    let simpler = record.trial(undoing.simpler.as_ref().unwrap()).unwrap();
    let winner = &record.trials[1];
    let default = record.session.space.default_configuration();
    assert_eq!(simpler.number, 3);
    assert!(simpler.is_complete() && !simpler.repeats.is_empty());
    let value = |of: &wattsmith_domain::Configuration, name: &str| of.get(name).cloned();
    assert_eq!(
        value(&simpler.configuration, "batch"),
        value(&default, "batch")
    );
    assert_eq!(
        value(&simpler.configuration, "parallel"),
        value(&winner.configuration, "parallel")
    );

    // Fresh pairs of these settings alone, beside those that the winner had.
    let [of_winner, anew] = &record.confirmations[..] else {
        panic!("{:?}", record.confirmations);
    };
    assert_eq!(*of_winner, before.confirmations[0]);
    assert_eq!((&anew.trial, anew.number), (&simpler.id, 2));
    assert_eq!(anew.decision, Some(Decision::Below));
    assert_eq!(anew.best.len(), anew.default.len());
    assert!(anew.best.len() >= 2);
    assert_eq!(record.session.ending, Some(Ending::ThresholdReached));
    let lines = undone_lines(&record).join(" ");
    assert!(lines.contains("trial 3, were confirmed anew"), "{lines}");
    assert_eq!(UndoOffer::of(&record, &Analysis::of(&record)), None);
    assert!(bench.engines().is_empty());

    // Once more there is nothing to be done.
    bench
        .tuner
        .perform(&session, Step::UndoEach(1))
        .await
        .unwrap();
    let again = bench.record(&session).await;
    assert_eq!(again.trials, record.trials);
    assert_eq!(again.confirmations, record.confirmations);
}

#[tokio::test]
async fn a_confirmation_of_simpler_settings_that_was_interrupted_is_gone_on_with() {
    let bench = Bench::new().await;
    let session = decided(&bench).await;
    // The trial is there, and pairs that decide, but nobody looked at them yet.
    let settings = [("parallel", 1), ("ubatch", 256)];
    let simpler = bench.seed(&session, &settings, &DEFAULT).await;
    let open = Confirmation {
        id: ConfirmationId::from("confirmation-anew"),
        trial: simpler.id.clone(),
        number: 2,
        ratio: None,
        decision: None,
        ..bench.record(&session).await.confirmations[0].clone()
    };
    let store = bench.store();
    store.put_confirmation(&open).await.unwrap();
    let mut fixture = Fixture::without_sensors();
    for index in 1..=10 {
        for (side, watts) in [(Side::Best, 20.0), (Side::Default, 26.0)] {
            let repeat = fixture.repeat(index, Shown(80.0, watts));
            store
                .add_confirmation_repeat(&open.id, side, &repeat, &[])
                .await
                .unwrap();
        }
    }
    store.close().await.unwrap();
    bench
        .tuner
        .perform(&session, Step::UndoEach(1))
        .await
        .unwrap();
    let record = bench.record(&session).await;
    let undoing = record.undoing.as_ref().unwrap();
    assert_eq!(undoing.simpler, Some(simpler.id), "what is there is taken");
    assert_eq!(record.trials.len(), 3);
    assert_eq!(record.confirmations.len(), 2);
    let anew = &record.confirmations[1];
    assert_eq!(anew.decision, Some(Decision::Below));
    assert_eq!(anew.best.len(), 10, "no window is measured for it");
    let ratio = anew.ratio.unwrap();
    assert!((ratio.mean - 20.0 / 26.0).abs() < 0.02, "{ratio:?}");
}
