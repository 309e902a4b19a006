//! A chat LLM on this machine as advisor: it chooses from a short list, is gone before anything is
//! measured, and what it cost is known.

use crate::bench::{Bench, asset, machine, runs, small_model, tiny};
use std::path::Path;
use wattsmith_domain::{Advisor, Connection, ExchangeOutcome, SessionRecord};
use wattsmith_stats::Analysis;
use wattsmith_tuner::{EventKind, Next, PhaseKind, SessionPlan, Step};

fn advised_by(model: &Path) -> SessionPlan {
    SessionPlan {
        advisor: Advisor::Enhanced,
        connection: Some(Connection::Local {
            model: model.display().to_string(),
        }),
        ..tiny()
    }
}

/// Asks the advisor with a seeded default, and checks what holds for any model.
async fn asked(model: &Path) -> SessionRecord {
    let _machine = machine().await;
    let bench = Bench::new().await;
    let session = bench.begun(advised_by(model)).await;
    let mut events = bench.tuner.watch();
    bench.tuner.perform(&session, Step::Ask).await.unwrap();
    assert_eq!(bench.engines(), Vec::<u32>::new(), "the advisor still runs");
    let (mut loading, mut words) = (false, String::new());
    while let Ok(event) = events.try_recv() {
        match event.kind {
            EventKind::Phase(phase) => loading |= phase.kind == PhaseKind::LoadingAdvisor,
            EventKind::Reply(more) => words.push_str(&more),
            _ => {}
        }
    }
    assert!(loading && !words.is_empty());

    let record = bench.record(&session).await;
    let last = record.exchanges.last().unwrap();
    assert!(last.connection.starts_with("local"), "{}", last.connection);
    assert!(
        last.prompt.contains("Choose one of these"),
        "{}",
        last.prompt
    );
    assert!(last.joules.is_some_and(|joules| joules > 0.0));
    assert!(last.prompt_tokens.is_some_and(|tokens| tokens > 100));
    assert!(record.energy_spent().0 > last.joules.unwrap_or_default());
    assert!(words.ends_with(&last.reply) || words.contains(last.reply.trim()));
    record
}

#[tokio::test]
async fn a_small_local_model_chooses_from_the_list_and_is_gone_before_measuring() {
    let record = asked(&small_model()).await;
    // Whether 135 million weights make sense is not for a test to say; but what they say is held to
    // the list, so that it either is a proposal or is told why not.
    match Next::of(&record, &Analysis::of(&record)) {
        Next::Decide(_) => {
            let proposal = record.proposals.last().unwrap();
            assert!(!record.tried().contains(&proposal.configuration.key()));
            assert_eq!(
                record.exchanges.last().unwrap().outcome,
                ExchangeOutcome::Accepted
            );
        }
        Next::Stuck { reason } => assert!(!reason.is_empty()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn cancelling_while_the_local_advisor_loads_or_writes_leaves_none() {
    let _machine = machine().await;
    let bench = Bench::new().await;
    let session = bench.begun(advised_by(&small_model())).await;
    let mut events = bench.tuner.watch();
    let mut pid = None;
    let cancelling = async {
        loop {
            if let EventKind::Phase(phase) = events.recv().await.unwrap().kind
                && phase.kind == PhaseKind::Asking
            {
                pid = bench.engines().first().copied();
                assert!(bench.tuner.cancel(&session));
                break;
            }
        }
    };
    let (asked, ()) = tokio::join!(bench.tuner.perform(&session, Step::Ask), cancelling);
    assert!(matches!(asked, Err(wattsmith_tuner::TunerError::Cancelled)));
    assert!(!runs(pid.expect("an advisor ran")));
    assert_eq!(bench.engines(), Vec::<u32>::new());
    assert!(bench.record(&session).await.proposals.is_empty());
}

/// Needs the big model and up to some minutes: part of `make test-local-advisor`.
#[tokio::test]
#[ignore = "needs the 1.1 GB advisor model; run `make test-local-advisor`"]
async fn local_qwen_gives_a_proposal_that_was_not_tried() {
    let model = asset("models/qwen2.5-coder-1.5b-instruct-q4_k_m.gguf");
    let record = asked(&model).await;
    let proposal = record.proposals.last().expect("no proposal came");
    assert_eq!(proposal.advisor, Advisor::Enhanced);
    assert!(!proposal.reason.is_empty());
    assert!(proposal.predicted_joules_per_unit.is_some());
    assert!(!record.tried().contains(&proposal.configuration.key()));
    println!(
        "{} after {:.0} s and {:.0} J: {}",
        proposal.configuration,
        record.exchanges.last().unwrap().duration_s,
        record.exchanges.last().unwrap().joules.unwrap_or_default(),
        proposal.reason
    );
}
