//! An example is to look at, and part of nothing else.

use crate::bench::{Bench, tiny};
use std::path::PathBuf;
use wattsmith_domain::{Advisor, Ending, SessionId};
use wattsmith_stats::{Analysis, Outcome};
use wattsmith_testkit::fixtures::Shown;
use wattsmith_tuner::{Listed, SessionPlan, Step, TunerError};

fn surrogate() -> SessionPlan {
    SessionPlan {
        advisor: Advisor::Surrogate,
        ..tiny()
    }
}

/// A session of another machine, as a file.
async fn file(bench: &Bench) -> PathBuf {
    let elsewhere = Bench::new().await;
    let session = elsewhere.begun(surrogate()).await;
    let shown = [Shown(107.0, 25.8); 3];
    elsewhere.seed(&session, &[("parallel", 4)], &shown).await;
    let file = bench.folder().join("example.json");
    elsewhere
        .tuner
        .export_session(&session, &file)
        .await
        .unwrap();
    file
}

async fn example(bench: &Bench) -> SessionId {
    let file = file(bench).await;
    bench.tuner.import_example(&file).await.unwrap()
}

#[tokio::test]
async fn it_is_marked_ended_and_goes_as_every_session_does() {
    let bench = Bench::new().await;
    let tuner = &bench.tuner;
    let id = example(&bench).await;
    let session = bench.record(&id).await.session;
    assert!(session.example);
    assert_eq!(session.ending, Some(Ending::Stopped));
    let [Listed::Session(line)] = &tuner.list().await.unwrap()[..] else {
        panic!("one line");
    };
    assert!(line.example);
    tuner.delete(&id).await.unwrap();
    assert!(tuner.list().await.unwrap().is_empty());
}

#[tokio::test]
async fn nothing_is_measured_in_it_here() {
    let bench = Bench::new().await;
    let tuner = &bench.tuner;
    let id = example(&bench).await;
    let trial = bench.record(&id).await.trials[0].id.clone();
    let refused = |done: Result<(), TunerError>| {
        let refused = done.unwrap_err().to_string();
        assert!(refused.contains("Begin a session of your own"), "{refused}");
    };
    refused(tuner.resume(&id, 4).await);
    for step in [
        Step::MeasureDefault,
        Step::CheckDefault,
        Step::Ask,
        Step::MoreRepeats(trial),
        Step::Confirm,
        Step::Numeric,
    ] {
        refused(tuner.perform(&id, step).await);
    }
}

#[tokio::test]
async fn no_session_learns_from_it_while_one_that_is_imported_as_ones_own_teaches() {
    let bench = Bench::new().await;
    let tuner = &bench.tuner;
    let file = file(&bench).await;
    let begun = async || {
        let id = bench.session(surrogate()).await;
        let session = bench.record(&id).await.session;
        tuner.delete(&id).await.unwrap();
        (session.memory, session.noise.unwrap().prior)
    };
    let (_, untaught) = begun().await;
    let id = tuner.import_example(&file).await.unwrap();
    let (memory, prior) = begun().await;
    assert!(memory.is_empty());
    assert_eq!(prior, untaught);
    // The same file tells what would have been learned.
    tuner.delete(&id).await.unwrap();
    tuner.import_session(&file).await.unwrap();
    let (memory, prior) = begun().await;
    assert!(!memory.is_empty());
    assert_ne!(prior, untaught);
}

#[tokio::test]
async fn what_is_here_already_is_said_in_one_line() {
    let bench = Bench::new().await;
    let file = file(&bench).await;
    bench.tuner.import_example(&file).await.unwrap();
    let refused = bench.tuner.import_session(&file).await.unwrap_err();
    let refused = refused.to_string();
    assert!(refused.contains("is here already"), "{refused}");
    assert!(!refused.contains(['\\', '\n']), "{refused}");
}

#[tokio::test]
async fn the_one_that_comes_along_is_worth_showing_and_names_no_place() {
    let bench = Bench::new().await;
    let tuner = &bench.tuner;
    let id = tuner.example_session().await.unwrap();
    assert_eq!(tuner.example_session().await.unwrap(), id, "a second time");
    let record = bench.record(&id).await;
    assert!(record.session.example);
    let complete = record.trials.iter().filter(|one| one.is_complete());
    assert!(complete.count() >= 8);
    // What fresh repeats decided of it, whatever that is, can be told.
    let outcome = Outcome::of(&record, &Analysis::of(&record));
    assert!(outcome.pairs.is_some(), "{}", outcome.words());
    let text = serde_json::to_string(&record).unwrap();
    for place in ["/home/", "/root", "/tmp/", "/work/"] {
        assert!(!text.contains(place), "{place} is told");
    }
}
