//! From what the person chose to a session, and what cannot be chosen.

use crate::bench::{Bench, configuration, small_model, tiny};
use wattsmith_domain::{Advisor, Connection, Threshold, Value};
use wattsmith_tuner::{Format, SessionPlan, TunerError, WorkSize, default_name};

async fn refusal(bench: &Bench, plan: SessionPlan) -> String {
    match bench.tuner.create_session(plan).await {
        Err(TunerError::Invalid(words)) => words,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_plan_that_says_nothing_gives_a_session_that_can_run() {
    let bench = Bench::new().await;
    let session = bench.session(SessionPlan {
        model: Some(small_model()),
        advisor: Advisor::Sobol,
        ..SessionPlan::default()
    });
    let record = bench.record(&session.await).await;
    let session = &record.session;
    assert!(session.name.contains("chat"), "{}", session.name);
    assert_eq!(session.workload.name, "chat-quick");
    assert_eq!(session.connection, None);
    assert!(session.objective.constraints.quality_lock);
    assert!(
        session
            .space
            .parameters
            .iter()
            .all(|parameter| !parameter.changes_output)
    );
    let names: Vec<&str> = session
        .space
        .parameters
        .iter()
        .map(|parameter| parameter.name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "threads",
            "threads-batch",
            "parallel",
            "batch",
            "ubatch",
            "flash-attn"
        ]
    );
    let space = &session.space;
    let defaults = space.default_configuration();
    assert_eq!(space.check(&defaults).as_ref(), Ok(&defaults));
    assert_eq!(
        default_name(&record, Format::Html)
            .strip_suffix(".html")
            .and_then(|name| name.strip_prefix("wattsmith-"))
            .map(|name| name.chars().all(|c| c.is_alphanumeric() || c == '-')),
        Some(true)
    );
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_with_what_can() {
    let bench = Bench::new().await;
    let plans = [
        (
            SessionPlan {
                workload: "poetry".to_owned(),
                ..tiny()
            },
            "chat, chat-quick, single",
        ),
        (
            SessionPlan {
                tuned: vec!["thread".to_owned()],
                ..tiny()
            },
            "threads, threads-batch",
        ),
        (
            SessionPlan {
                start: [("threads".to_owned(), Value::Choice("many".to_owned()))]
                    .into_iter()
                    .collect(),
                ..tiny()
            },
            "threads cannot be many",
        ),
        (
            SessionPlan {
                start: configuration(&[("ubatch", 4096), ("batch", 256)]),
                ..tiny()
            },
            "ubatch (4096) must be at most batch (256)",
        ),
        (
            SessionPlan {
                tuned: vec!["cache-type-k".to_owned()],
                ..tiny()
            },
            "quality lock",
        ),
        (
            SessionPlan {
                threshold: Threshold::PercentBelowDefault { percent: 100.0 },
                ..tiny()
            },
            "choose 1 to 99",
        ),
        (
            SessionPlan {
                threshold: Threshold::Joules { joules: f64::NAN },
                ..tiny()
            },
            "above 0",
        ),
        (
            SessionPlan {
                size: WorkSize {
                    output_tokens: Some(1),
                    ..WorkSize::default()
                },
                ..tiny()
            },
            "two tokens",
        ),
    ];
    for (plan, word) in plans {
        let words = refusal(&bench, plan).await;
        assert!(words.contains(word), "{words}");
        assert!(words.ends_with('.'), "{words}");
    }
    let text = bench.folder().join("notes.gguf");
    std::fs::write(&text, "no model").unwrap();
    let plan = SessionPlan {
        model: Some(text),
        ..tiny()
    };
    let error = bench.tuner.create_session(plan).await.unwrap_err();
    assert!(error.to_string().contains("notes.gguf"), "{error}");
    assert!(bench.tuner.session_ids().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_limit_that_is_not_tuned_still_holds() {
    let bench = Bench::new().await;
    let session = bench
        .session(SessionPlan {
            tuned: vec!["ubatch".to_owned()],
            start: configuration(&[("batch", 256), ("ubatch", 64)]),
            ..tiny()
        })
        .await;
    let space = bench.record(&session).await.session.space;
    let batch = space.get("batch").unwrap();
    assert_eq!(batch.kind.levels(), [Value::Int(256)]);
    let beyond = space.check(&configuration(&[("ubatch", 512)])).unwrap_err();
    assert!(
        beyond[0].to_string().contains("at most batch"),
        "{beyond:?}"
    );
    // Also where nobody touched the limit.
    let session = bench
        .session(SessionPlan {
            tuned: vec!["ubatch".to_owned()],
            start: Default::default(),
            ..tiny()
        })
        .await;
    let space = bench.record(&session).await.session.space;
    assert!(space.check(&configuration(&[("ubatch", 4096)])).is_err());
    assert!(space.check(&configuration(&[("ubatch", 2048)])).is_ok());
}

#[tokio::test]
async fn an_advisor_that_needs_a_chat_gets_the_local_one_when_none_is_named() {
    let bench = Bench::new().await;
    let session = bench
        .session(SessionPlan {
            advisor: Advisor::Enhanced,
            ..tiny()
        })
        .await;
    let connection = bench.record(&session).await.session.connection;
    let Some(Connection::Local { model }) = connection else {
        panic!("{connection:?}");
    };
    assert!(std::path::Path::new(&model).is_file(), "{model}");
}

#[tokio::test]
async fn a_models_hash_is_that_of_its_file_and_follows_it() {
    let bench = Bench::new().await;
    let model = bench.folder().join("model.gguf");
    let mut bytes = std::fs::read(small_model()).unwrap();
    std::fs::write(&model, &bytes).unwrap();
    let plan = SessionPlan {
        model: Some(model.clone()),
        ..tiny()
    };
    let first = bench.session(plan.clone()).await;
    let again = bench.session(plan.clone()).await;
    bytes.push(0);
    std::fs::write(&model, &bytes).unwrap();
    let changed = bench.session(plan).await;
    let mut hashes = Vec::new();
    for session in [first, again, changed] {
        hashes.push(bench.record(&session).await.session.model.sha256);
    }
    assert_eq!(hashes[0], hashes[1]);
    assert_ne!(hashes[0], hashes[2]);
}

#[tokio::test]
async fn reports_are_written_whole_in_every_format() {
    let bench = Bench::new().await;
    let session = bench.begun(tiny()).await;
    for (format, sign) in [
        (Format::Html, "</html>"),
        (Format::Csv, "trial"),
        (Format::Json, "\"trials\""),
        (Format::Markdown, "#"),
    ] {
        let path = bench.tuner.report(&session, format, None).await.unwrap();
        assert!(path.starts_with(bench.tuner.paths().reports()));
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(sign), "{text}");
    }
    let blocked = bench.folder().join("lock/report.html");
    std::fs::write(bench.folder().join("lock"), "").unwrap();
    let error = bench
        .tuner
        .report(&session, Format::Html, Some(&blocked))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("report.html"), "{error}");
}
