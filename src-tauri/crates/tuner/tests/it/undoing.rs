//! Each change of a confirmed winner is undone by itself, with a real engine.

use crate::bench::{Bench, DEFAULT, machine, tiny};
use wattsmith_domain::{
    Confirmation, ConfirmationId, Decision, Ending, Interval, PairSpread, SessionId, UndoVerdict,
};
use wattsmith_report::undone_lines;
use wattsmith_tuner::Step;

/// A session that ended with a winner, by three changes; one of them cannot be undone by itself.
async fn won(bench: &Bench) -> SessionId {
    let session = bench.session(tiny()).await;
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
