//! Sessions on a file of the person's own prompts or chats.

use crate::bench::{Bench, DEFAULT, machine, tiny};
use std::path::PathBuf;
use wattsmith_domain::{Arrivals, FailureCause, TrialState};
use wattsmith_testkit::gguf::Gguf;
use wattsmith_tuner::{Format, SessionPlan, Step, TunerError, WorkSize};

const CHATS: &str = r#"{"messages": [{"role": "user", "content": "Name a fruit."}], "output_tokens": 4}
{"messages": [{"role": "user", "content": "Name a tree."}], "output_tokens": 6}
{"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Name a bird."}], "output_tokens": 4}
{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello!"}, {"role": "user", "content": "Name a fish."}], "output_tokens": 4}
{"messages": [{"role": "user", "content": "Name a river."}], "output_tokens": 8}
{"messages": [{"role": "user", "content": "Name a colour."}], "output_tokens": 4}
"#;

fn file(bench: &Bench, text: &str) -> PathBuf {
    let path = bench.folder().join("mine.jsonl");
    std::fs::write(&path, text).unwrap();
    path
}

/// A plan with that file in place of shipped work.
fn on(path: PathBuf) -> SessionPlan {
    SessionPlan {
        work_file: Some(path),
        size: WorkSize::default(),
        repeats: 1,
        ..tiny()
    }
}

#[tokio::test]
async fn a_session_on_a_file_of_chats_records_the_file_and_its_tokens() {
    let _machine = machine().await;
    let bench = Bench::new().await;
    let session = bench.session(on(file(&bench, CHATS))).await;
    let tuner = &bench.tuner;
    tuner.perform(&session, Step::MeasureDefault).await.unwrap();
    let record = bench.record(&session).await;
    let trial = record.default_trial().unwrap();
    assert_eq!(trial.state, TrialState::Complete, "{:?}", trial.state);
    let work = &record.session.workload;
    let own = work.own.clone().unwrap();
    assert_eq!((work.requests, own.entries, own.chats), (6, 6, 6));
    assert_eq!((own.output_tokens, own.shortest_answer), (30, 4));
    let repeat = &trial.repeats[0];
    assert_eq!(repeat.units.0, 30 * u64::from(work.passes));
    let prompts = own.prompt_tokens.unwrap();
    assert!(prompts > 100, "{prompts} with the template's own");
    assert_eq!(
        repeat.performance.prompt_tokens.0,
        prompts * u64::from(work.passes)
    );
    assert!(
        record.session.name.ends_with("mine.jsonl"),
        "{}",
        record.session.name
    );
    let report = tuner.report(&session, Format::Html, None).await.unwrap();
    let report = std::fs::read_to_string(report).unwrap();
    assert!(report.contains(&own.sha256));
    assert!(!report.contains(&own.path), "where it lies is not told");
}

#[tokio::test]
async fn a_request_that_fails_ends_the_trial() {
    let _machine = machine().await;
    let bench = Bench::new().await;
    let long = "word ".repeat(3000);
    let text = format!("{{\"prompt\": \"short\"}}\n{{\"prompt\": \"{long}\"}}\n");
    let session = bench.session(on(file(&bench, &text))).await;
    let tuner = &bench.tuner;
    tuner.perform(&session, Step::MeasureDefault).await.unwrap();
    let record = bench.record(&session).await;
    let trial = record.default_trial().unwrap();
    assert_eq!(trial.repeats, [], "a part of the work is no figure");
    let TrialState::Failed { cause, message, .. } = &trial.state else {
        panic!("{:?}", trial.state);
    };
    assert_eq!(*cause, FailureCause::RequestFailed);
    assert!(message.contains("line 2 of "), "{message}");
}

#[tokio::test]
async fn a_file_that_changed_since_the_session_began_is_refused_with_both_hashes() {
    let bench = Bench::new().await;
    let path = file(&bench, CHATS);
    let session = bench.session(on(path.clone())).await;
    bench.seed(&session, &[], &DEFAULT).await;
    let proposal = bench.proposal(&session).await;
    let was = bench
        .record(&session)
        .await
        .session
        .workload
        .own
        .unwrap()
        .sha256;
    std::fs::write(&path, CHATS.replace("fruit", "nut")).unwrap();
    let is = bench.tuner.preview_work(&path).await.unwrap().sha256;
    let refused = bench.tuner.perform(&session, Step::Run(proposal)).await;
    let refused = refused.unwrap_err();
    let words = refused.to_string();
    assert!(words.contains(&was) && words.contains(&is), "{words}");
    assert_eq!(refused.name(), "file-changed");
    let record = bench.record(&session).await;
    assert_eq!(record.trials.len(), 1, "nothing was run");
}

#[tokio::test]
async fn own_work_is_another_workload_to_the_memory_unless_its_hash_is_the_same() {
    let bench = Bench::new().await;
    let path = file(&bench, CHATS);
    let earlier = bench.begun(on(path.clone())).await;
    bench.seed(&earlier, &[("batch", 256)], &DEFAULT).await;
    let plan = |path: PathBuf| SessionPlan {
        advisor: wattsmith_domain::Advisor::Surrogate,
        ..on(path)
    };
    let differs = async |path: PathBuf| {
        let session = bench.session(plan(path)).await;
        let memory = bench.record(&session).await.session.memory;
        memory.sessions.first().map(|one| one.differs.clone())
    };
    assert_eq!(differs(path.clone()).await.as_deref(), Some(""));
    let copy = bench.folder().join("copy.jsonl");
    std::fs::copy(&path, &copy).unwrap();
    assert_eq!(differs(copy).await.as_deref(), Some(""));
    std::fs::write(&path, CHATS.replace("fruit", "nut")).unwrap();
    let told = differs(path).await.unwrap();
    assert!(told.contains("the workload mine.jsonl (SHA-256 "), "{told}");
}

#[tokio::test]
async fn what_cannot_be_measured_is_refused_before_anything_is_run() {
    let bench = Bench::new().await;
    let refused = async |plan: SessionPlan| {
        let error = bench.tuner.create_session(plan).await.unwrap_err();
        let TunerError::Invalid(words) = error else {
            panic!("{error}");
        };
        words
    };
    let words = refused(on(bench.folder().join("gone.jsonl"))).await;
    assert!(words.contains("gone.jsonl: It cannot be read"), "{words}");
    let words = refused(on(file(&bench, "{\"promt\": \"a\"}\n{}"))).await;
    assert!(
        words.contains("line 1: ") && words.contains("2 in all"),
        "{words}"
    );
    let path = file(&bench, CHATS);
    let arrive = |arrivals: Arrivals, concurrency: Option<u32>| SessionPlan {
        size: WorkSize {
            arrivals: Some(arrivals),
            concurrency,
            ..WorkSize::default()
        },
        ..on(path.clone())
    };
    let words = refused(arrive(Arrivals::Timestamps, None)).await;
    assert!(words.contains("arrival_s"), "{words}");
    let words = refused(arrive(Arrivals::All, Some(3))).await;
    assert!(words.contains("has no effect"), "{words}");
    let shipped = SessionPlan {
        work_file: None,
        ..arrive(Arrivals::Timestamps, None)
    };
    assert!(refused(shipped).await.contains("Only a file of work"));
    let base = Gguf::model("llama").write(bench.folder().join("Base.gguf"));
    let words = refused(SessionPlan {
        model: Some(base),
        ..on(path.clone())
    })
    .await;
    assert!(
        words.contains("base model") && words.contains("6 of the requests"),
        "{words}"
    );
    assert!(bench.tuner.session_ids().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_long_prompt_gets_the_context_that_it_needs() {
    let bench = Bench::new().await;
    let context = async |plan: SessionPlan| {
        let plan = SessionPlan {
            start: crate::bench::configuration(&[("threads", 1), ("threads-batch", 1)]),
            size: WorkSize::default(),
            ..plan
        };
        let session = bench.session(plan).await;
        let space = bench.record(&session).await.session.space;
        space.default_configuration().int("context-per-slot")
    };
    let named = |workload: &str| SessionPlan {
        workload: workload.to_owned(),
        ..tiny()
    };
    assert_eq!(context(named("long")).await, Some(4096));
    assert_eq!(
        context(named("code")).await,
        None,
        "the usual one is enough"
    );
    let own = format!("{{\"prompt\": \"{}\"}}", "word ".repeat(4000));
    assert_eq!(context(on(file(&bench, &own))).await, Some(7168));
}
