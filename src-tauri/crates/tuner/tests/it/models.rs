//! Model files on this machine: sets of parts, what is no model, which one is meant, and what a model
//! limits.

use crate::bench::{Bench, configuration, machine, small_model, tiny};
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};
use wattsmith_domain::{Advisor, Connection, FailureCause, Kind};
use wattsmith_testkit::gguf::{Gguf, split, with_number};
use wattsmith_tuner::{Format, SessionPlan, Step, TunerError};

fn models_of(bench: &Bench) -> PathBuf {
    bench.tuner.paths().data.join("models")
}

fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// A plan that leaves everything but the model to the defaults.
fn plain(model: Option<&Path>) -> SessionPlan {
    SessionPlan {
        model: model.map(Path::to_path_buf),
        advisor: Advisor::Sobol,
        ..SessionPlan::default()
    }
}

#[tokio::test]
async fn a_set_of_parts_is_one_model_with_the_sum_of_their_sizes_and_all_their_hashes() {
    let bench = Bench::new().await;
    // In a folder of its own, as downloads make it.
    let parts = split(&small_model(), &models_of(&bench).join("smol/Smol"), 100);
    let shelf = bench.tuner.model_shelf().await;
    let ours: Vec<_> = shelf
        .models
        .iter()
        .filter(|one| one.path.starts_with(models_of(&bench)))
        .collect();
    assert_eq!(ours.len(), 1, "{ours:?}");
    let sum: u64 = parts.iter().map(|one| one.metadata().unwrap().len()).sum();
    assert_eq!((ours[0].bytes, ours[0].parts), (sum, 4));
    assert_eq!(shelf.unfit, []);
    // The first part is by far the smallest file, and is not chosen for it.
    assert_eq!(
        bench.tuner.default_model().await.unwrap().path,
        small_model()
    );

    let session = bench.begun(SessionPlan {
        model: Some(parts[0].clone()),
        ..tiny()
    });
    let session = session.await;
    let model = bench.record(&session).await.session.model;
    let list: String = parts
        .iter()
        .map(|part| {
            let name = part.file_name().unwrap().to_string_lossy();
            format!("{}  {name}\n", hash(&std::fs::read(part).unwrap()))
        })
        .collect();
    assert_eq!(model.sha256, hash(list.as_bytes()));
    assert_eq!(model.bytes, sum);
    let mut reports = String::new();
    for format in [Format::Html, Format::Json] {
        let report = bench.tuner.report(&session, format, None).await;
        reports.push_str(&std::fs::read_to_string(report.unwrap()).unwrap());
    }
    assert_eq!(model.parts.len(), 4);
    for part in &model.parts {
        assert!(list.contains(&format!("{}  {}", part.sha256, part.name)));
        assert_eq!(reports.matches(&part.sha256).count(), 2, "{}", part.name);
    }
}

#[tokio::test]
async fn the_model_that_is_meant_is_the_last_one_used_and_never_the_smallest() {
    let bench = Bench::new().await;
    let models = models_of(&bench);
    Gguf::model("llama").write(models.join("Tiny.gguf"));
    let usual = async || bench.tuner.default_model().await.unwrap().path;
    assert_eq!(usual().await, small_model());
    // Used once, from any folder.
    let own = bench.folder().join("mine/own.gguf");
    std::fs::create_dir_all(own.parent().unwrap()).unwrap();
    std::fs::copy(small_model(), &own).unwrap();
    bench.session(plain(Some(&own))).await;
    assert_eq!(usual().await, small_model(), "nothing was measured with it");
    bench.begun(plain(Some(&own))).await;
    assert_eq!(usual().await, own);
    let session = bench.session(plain(None)).await;
    let record = bench.record(&session).await;
    assert_eq!(record.session.model.path, own.display().to_string());
    // It is gone: the one that Wattsmith brings.
    std::fs::remove_file(&own).unwrap();
    assert_eq!(usual().await, small_model());
    // It is there again, and no model any more.
    std::fs::write(&own, "<html>").unwrap();
    assert_eq!(usual().await, small_model());
}

#[tokio::test]
async fn what_is_no_model_for_this_engine_is_told_and_neither_listed_nor_run() {
    let bench = Bench::new().await;
    let models = models_of(&bench);
    let cases = [
        (
            Gguf::model("clip").flag("clip.has_vision_encoder", true),
            "mmproj.gguf",
            "vision part of another model",
        ),
        (
            Gguf::model("novel9"),
            "Novel.gguf",
            "does not know the architecture novel9",
        ),
        (
            Gguf::empty().part(2, 3, 2).tensor("blk.1.a", &[8], 0, 32),
            "Lost-00002-of-00003.gguf",
            "part 1 is missing",
        ),
    ];
    for (gguf, name, _) in &cases {
        gguf.write(models.join(name));
    }
    let shelf = bench.tuner.model_shelf().await;
    assert!(
        shelf
            .models
            .iter()
            .all(|one| !one.path.starts_with(&models))
    );
    for (_, name, word) in &cases {
        let path = models.join(name);
        let unfit = shelf.unfit.iter().find(|one| one.path == path).unwrap();
        assert!(unfit.reason.contains(word), "{}", unfit.reason);
        let error = bench.tuner.create_session(plain(Some(&path))).await;
        let TunerError::Engine(error) = error.unwrap_err() else {
            panic!("{name}");
        };
        assert!(error.to_string().contains(word), "{error}");
        assert_ne!(error.cause(), Some(FailureCause::ModelCorrupt), "{error}");
    }
    assert!(bench.tuner.session_ids().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_context_beyond_the_models_limit_is_neither_offered_nor_tried() {
    let _machine = machine().await;
    let bench = Bench::new().await;
    let short = bench.folder().join("short.gguf");
    with_number(&small_model(), &short, "llama.context_length", 1024);
    let beyond = SessionPlan {
        start: configuration(&[("context-per-slot", 4096)]),
        ..plain(Some(&short))
    };
    let refused = bench.tuner.create_session(beyond).await.unwrap_err();
    assert!(
        refused.to_string().contains("the model's limit is 1024"),
        "{refused}"
    );

    let mut tuned = SessionPlan {
        tuned: vec!["context-per-slot".to_owned()],
        ..plain(Some(&short))
    };
    tuned.constraints.quality_lock = false;
    let session = bench.session(tuned).await;
    let space = bench.record(&session).await.session.space;
    let knob = space.get("context-per-slot").unwrap();
    let Kind::Int { max, levels, .. } = &knob.kind else {
        panic!("{knob:?}");
    };
    assert_eq!((*max, levels.as_slice()), (1024, &[512, 1024][..]));
    assert!(knob.danger.contains("limit is 1024"), "{}", knob.danger);
    assert!(
        space
            .check(&configuration(&[("context-per-slot", 2048)]))
            .is_err()
    );

    // Where it is not tuned, the engine is asked for no more than it gives.
    let mut start = tiny().start;
    start = start
        .iter()
        .filter(|(name, _)| *name != "context-per-slot")
        .map(|(name, value)| (name.to_owned(), value.clone()))
        .collect();
    let session = bench.session(SessionPlan {
        model: Some(short),
        start,
        repeats: 1,
        budget: 0,
        ..tiny()
    });
    let session = session.await;
    let tuner = &bench.tuner;
    tuner.perform(&session, Step::MeasureDefault).await.unwrap();
    let record = bench.record(&session).await;
    let launch = record.default_trial().unwrap().launch.clone().unwrap();
    assert_eq!(launch.differences, []);
    assert!(
        launch.argv.join(" ").contains("--ctx-size 2048"),
        "{:?}",
        launch.argv
    );
}

#[tokio::test]
async fn a_base_model_is_measured_and_does_not_advise() {
    let bench = Bench::new().await;
    let base = Gguf::model("llama").write(models_of(&bench).join("Base.gguf"));
    let entry = bench.tuner.model_shelf().await.models;
    let entry = entry.iter().find(|one| one.path == base).unwrap();
    assert!(!entry.chats);
    assert_ne!(
        bench.tuner.default_advisor_model().await.unwrap().path,
        base
    );
    let advised = SessionPlan {
        advisor: Advisor::Enhanced,
        connection: Some(Connection::Local {
            model: base.display().to_string(),
        }),
        ..tiny()
    };
    let refused = bench.tuner.create_session(advised).await.unwrap_err();
    let words = refused.to_string();
    assert!(
        words.contains("Base is a base model") && words.contains("instruct"),
        "{words}"
    );
    assert!(bench.tuner.create_session(plain(Some(&base))).await.is_ok());
}
