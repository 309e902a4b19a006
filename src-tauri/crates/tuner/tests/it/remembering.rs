//! What earlier sessions teach a new one, how the person sees it, and how it goes away.

use crate::bench::{Bench, chatting, tiny};
use wattsmith_domain::{Advisor, Memory, SessionId};
use wattsmith_testkit::fixtures::Shown;
use wattsmith_tuner::{SessionPlan, WorkSize};

fn surrogate() -> SessionPlan {
    SessionPlan {
        advisor: Advisor::Surrogate,
        ..tiny()
    }
}

/// A session that found four slots to be a quarter cheaper.
async fn earlier(bench: &Bench, plan: SessionPlan) -> SessionId {
    let session = bench.begun(plan).await;
    bench
        .seed(&session, &[("parallel", 4)], &[Shown(107.0, 25.8); 3])
        .await;
    session
}

async fn memory(bench: &Bench, plan: SessionPlan) -> Memory {
    let session = bench.session(plan).await;
    let memory = bench.record(&session).await.session.memory;
    bench.tuner.delete(&session).await.unwrap();
    memory
}

#[tokio::test]
async fn a_session_remembers_ratios_of_earlier_ones_and_says_so_in_the_prompt() {
    let bench = Bench::new().await;
    let first = earlier(&bench, surrogate()).await;
    let session = bench.begun(chatting("http://127.0.0.1:9/v1")).await;
    let record = bench.record(&session).await;
    let memory = &record.session.memory;
    assert_eq!(memory.sessions.len(), 1);
    assert_eq!(memory.sessions[0].id, first);
    assert!((memory.sessions[0].weight - 1.0).abs() < 1e-9);
    assert_eq!(memory.sessions[0].differs, "");
    let four = memory
        .points
        .iter()
        .find(|point| point.configuration.int("parallel") == Some(4))
        .unwrap();
    assert!((four.relative - 0.75).abs() < 0.02, "{}", four.relative);
    let (_, prompt) = bench.tuner.preview(&session).await.unwrap();
    assert!(prompt.contains("# Earlier sessions"), "{prompt}");
    assert!(
        prompt.contains("parallel=4 used 25 % less than the default"),
        "{prompt}"
    );

    // It is a copy: what becomes of the earlier session changes nothing.
    bench.tuner.delete(&first).await.unwrap();
    assert_eq!(bench.record(&session).await.session.memory, *memory);
    bench.tuner.forget(&session).await.unwrap();
    assert!(bench.record(&session).await.session.memory.is_empty());
    let (_, prompt) = bench.tuner.preview(&session).await.unwrap();
    assert!(!prompt.contains("# Earlier sessions"), "{prompt}");
}

#[tokio::test]
async fn memory_can_be_switched_off_and_cleared_and_means_nothing_to_a_sequence() {
    let bench = Bench::new().await;
    let first = earlier(&bench, surrogate()).await;
    let off = SessionPlan {
        memory: false,
        ..surrogate()
    };
    assert!(memory(&bench, off).await.is_empty());
    assert!(memory(&bench, tiny()).await.is_empty(), "sobol");
    assert!(!memory(&bench, surrogate()).await.is_empty());
    bench.tuner.clear_memory().await.unwrap();
    assert!(memory(&bench, surrogate()).await.is_empty());
    assert!(
        bench.tuner.record(&first).await.is_ok(),
        "the session stays"
    );
    earlier(&bench, surrogate()).await;
    assert!(
        !memory(&bench, surrogate()).await.is_empty(),
        "what is new counts"
    );
}

#[tokio::test]
async fn what_differs_counts_less_and_another_default_not_at_all() {
    let bench = Bench::new().await;
    let other_work = SessionPlan {
        size: WorkSize {
            concurrency: Some(4),
            ..surrogate().size
        },
        ..surrogate()
    };
    earlier(&bench, other_work).await;
    let half = memory(&bench, surrogate()).await;
    assert!((half.sessions[0].weight - 0.5).abs() < 1e-9);
    assert!(half.sessions[0].differs.contains("workload"));

    let mut start = surrogate().start;
    start.set("parallel", wattsmith_domain::Value::Int(1));
    let other_default = SessionPlan {
        start,
        ..surrogate()
    };
    assert!(memory(&bench, other_default).await.is_empty());
}
