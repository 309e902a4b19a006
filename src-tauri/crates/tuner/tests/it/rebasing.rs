//! A default that fresh windows contradict: what comes next, and what a reopened session knows of it.

use crate::bench::{Bench, DEFAULT, machine, tiny};
use wattsmith_domain::{Decision, TrialId, Value};
use wattsmith_stats::{Analysis, DefaultCheck};
use wattsmith_testkit::fixtures::{self, Fixture, Shown};
use wattsmith_tuner::{EventKind, Next, SessionPlan, Step, trials_used, words};

fn next(record: &wattsmith_domain::SessionRecord) -> Next {
    Next::of(record, &Analysis::of(record))
}

#[test]
fn a_contradicted_default_is_measured_again_before_anything_is_confirmed() {
    // The crossing of the old basis is there all along.
    let doubt = fixtures::moved_default(1);
    assert!(Analysis::of(&doubt).crossing.is_some());
    assert_eq!(next(&doubt), Next::CheckDefault(DefaultCheck::Doubt));
    assert_eq!(
        next(&fixtures::moved_default(2)),
        Next::CheckDefault(DefaultCheck::Fresh)
    );
    assert_eq!(
        next(&fixtures::moved_default(3)),
        Next::Ask,
        "and not: confirm"
    );
}

#[test]
fn trials_from_before_the_change_are_given_back_to_the_budget_once() {
    let mut record = fixtures::moved_default(3);
    assert_eq!(trials_used(&record), 0);
    record.session.budget = 2;
    assert_eq!(trials_used(&record), 1, "no more than the budget has");
    record.session.budget = 1;
    assert_eq!(trials_used(&record), 2);
    assert_eq!(trials_used(&fixtures::moved_default(0)), 3);
    // What was confirmed by fresh windows is compared, so it counts.
    assert_eq!(trials_used(&fixtures::busy_then_quiet()), 1);
}

#[test]
fn the_words_after_a_confirmation_agree_with_it() {
    for (label, record) in fixtures::every_outcome() {
        let analysis = Analysis::of(&record);
        let last = words::outcome(&record, &analysis);
        let Some(confirmation) = record.confirmations.last() else {
            continue;
        };
        let said = words::confirmation(confirmation).to_lowercase();
        match confirmation.decision {
            // Below the goal, and not certainly below the default.
            Some(Decision::Below) if label == "goal-reached" => {
                assert!(said.starts_with("goal reached"), "{label}: {said}");
            }
            Some(Decision::Below) => assert!(said.starts_with("confirmed"), "{label}: {said}"),
            Some(_) => {
                let word = said.split(':').next().unwrap();
                assert!(last.starts_with(word), "{label}: {said} and then {last}");
                assert!(!last.contains("not confirmed"), "{label}: {last}");
            }
            None => assert!(said.contains("not decided yet") || said.contains("may be luck")),
        }
    }
}

#[tokio::test]
async fn settings_from_before_the_change_may_be_measured_again_also_after_a_restart() {
    let bench = Bench::new().await;
    let session = bench.begun(tiny()).await;
    bench
        .seed(&session, &[("parallel", 4)], &[Shown(107.0, 25.8); 2])
        .await;
    let settings = crate::bench::configuration(&[("parallel", 4)]);
    let refused = bench.tuner.propose_by_hand(&session, &settings).await;
    assert!(
        refused
            .unwrap_err()
            .to_string()
            .contains("measured already")
    );

    // The default costs a fifth now.
    let default = bench.record(&session).await.trials[0].id.clone();
    let mut fixture = Fixture::resumed(bench.record(&session).await);
    let store = bench.store();
    for index in 4..7 {
        let repeat = fixture.repeat(index, Shown(400.0, 26.0));
        store.add_repeat(&default, &repeat, &[]).await.unwrap();
    }
    store.close().await.unwrap();
    let bench = bench.reopened().await;
    let record = bench.record(&session).await;
    assert_eq!(words::changes(&record, &Analysis::of(&record)).len(), 1);
    assert_eq!(next(&record), Next::Ask);
    bench
        .tuner
        .propose_by_hand(&session, &settings)
        .await
        .unwrap();
}

#[tokio::test]
async fn the_prompt_marks_trials_from_before_the_change() {
    let bench = Bench::new().await;
    let session = bench
        .begun(crate::bench::chatting("http://127.0.0.1:9/v1"))
        .await;
    bench
        .seed(&session, &[("parallel", 4)], &[Shown(107.0, 25.8); 2])
        .await;
    let (_, before) = bench.tuner.preview(&session).await.unwrap();
    assert!(!before.contains("machine changed"), "{before}");
    let default = bench.record(&session).await.trials[0].id.clone();
    let mut fixture = Fixture::resumed(bench.record(&session).await);
    let store = bench.store();
    for index in 4..7 {
        let repeat = fixture.repeat(index, Shown(400.0, 26.0));
        store.add_repeat(&default, &repeat, &[]).await.unwrap();
    }
    store.close().await.unwrap();
    let (_, after) = bench.tuner.preview(&session).await.unwrap();
    assert!(
        after.contains("measured before the machine changed"),
        "{after}"
    );
}

#[tokio::test]
async fn memory_drops_ratios_to_a_contradicted_default_and_says_why_it_counts_less() {
    let bench = Bench::new().await;
    let plan = SessionPlan {
        advisor: wattsmith_domain::Advisor::Surrogate,
        ..tiny()
    };
    let session = bench.session(plan.clone()).await;
    // Nine tenths of the machine were taken while the default was measured.
    let busy: Vec<Shown> = DEFAULT
        .iter()
        .map(|one| Shown(one.0 / 10.0, one.1))
        .collect();
    bench.seed(&session, &[], &busy).await;
    bench
        .seed(&session, &[("parallel", 4)], &[Shown(107.0, 25.8); 3])
        .await;
    let later = || async {
        let id = bench.session(plan.clone()).await;
        let memory = bench.record(&id).await.session.memory;
        bench.tuner.delete(&id).await.unwrap();
        memory
    };
    let fooled = later().await;
    let four = |memory: &wattsmith_domain::Memory| {
        let points = memory.points.iter();
        points
            .filter(|point| point.configuration.int("parallel") == Some(4))
            .map(|point| point.relative)
            .next()
    };
    assert!(four(&fooled).unwrap() < 0.1, "it would teach 90 % and more");

    let default = bench.record(&session).await.trials[0].id.clone();
    let mut fixture = Fixture::resumed(bench.record(&session).await);
    let store = bench.store();
    for index in 4..7 {
        let repeat = fixture.repeat(index, Shown(80.0, 26.0));
        store.add_repeat(&default, &repeat, &[]).await.unwrap();
    }
    store.close().await.unwrap();
    let memory = later().await;
    assert_eq!(four(&memory), None);
    assert!(
        memory.sessions[0].doubts.contains("the machine changed"),
        "{memory:?}"
    );
}

#[tokio::test]
async fn the_tuner_measures_the_default_again_and_tells_that_the_machine_changed() {
    let _machine = machine().await;
    let bench = Bench::new().await;
    // What the engine does here is nowhere near these figures.
    let session = bench.session(tiny()).await;
    let far = [Shown(0.08, 26.0), Shown(0.081, 26.0)];
    bench.seed(&session, &[], &far).await;
    bench.seed(&session, &[("parallel", 4)], &far).await;
    bench.seed(&session, &[("parallel", 8)], &far).await;
    let early = bench.tuner.perform(&session, Step::CheckDefault).await;
    assert!(early.is_err(), "there is no doubt yet");
    // After the fourth trial the default is measured again, to see drift.
    let settings = crate::bench::configuration(&[("parallel", 1)]);
    bench
        .tuner
        .propose_by_hand(&session, &settings)
        .await
        .unwrap();
    let proposal = bench.record(&session).await.proposals[0].id.clone();
    bench
        .tuner
        .perform(&session, Step::Run(proposal))
        .await
        .unwrap();
    assert_eq!(
        next(&bench.record(&session).await),
        Next::CheckDefault(DefaultCheck::Doubt)
    );
    let mut events = bench.tuner.watch();
    let mut asked = 0;
    while let Next::CheckDefault(_) = next(&bench.record(&session).await) {
        bench
            .tuner
            .perform(&session, Step::CheckDefault)
            .await
            .unwrap();
        asked += 1;
        assert!(asked < 8, "it ends");
    }
    let record = bench.record(&session).await;
    assert_eq!(record.trials[0].repeats.len(), 3 + asked);
    assert!(asked >= 1);
    assert!(!words::changes(&record, &Analysis::of(&record)).is_empty());
    let mut told = 0;
    while let Ok(event) = events.try_recv() {
        told += usize::from(matches!(event.kind, EventKind::MachineChanged(_)));
    }
    assert!(told >= 1);
    let stale = Analysis::of(&record);
    let second = TrialId(record.trials[1].id.0.clone());
    assert!(stale.trial(&second).unwrap().stale);
    assert_eq!(
        record.trials[1].configuration.get("parallel"),
        Some(&Value::Int(4))
    );
}
