//! What fuzzers begin with is read as it should be: model files, catalogues, work, and streams of answers.

use std::path::PathBuf;
use std::sync::Arc;
use tempfile::TempDir;
use wattsmith_engine::{
    About, Catalogue, OpenAi, Protocol, Stay, WorkChoice, inspect_model, look_at_head,
    own_workload, read_work, server,
};
use wattsmith_testkit::anything::seeds_are_read_as_they_should;
use wattsmith_testkit::fixtures;

fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(work)
}

fn file(folder: &TempDir, seed: &[u8], ending: &str) -> PathBuf {
    let path = folder.path().join(format!("seed.{ending}"));
    std::fs::write(&path, seed).unwrap();
    path
}

#[test]
fn model_files_that_fuzzers_begin_with_are_read_as_they_should() {
    let folder = tempfile::tempdir().unwrap();
    seeds_are_read_as_they_should("gguf", |seed| {
        let file = file(&folder, seed, "gguf");
        let model = wait(inspect_model(&file));
        assert_eq!(
            model.is_ok(),
            wait(look_at_head(&file)).is_ok(),
            "{model:?}"
        );
        model.is_ok()
    });
}

/// Taken are those whose head says that the weights are random: it is all that is read of it.
#[test]
fn weights_that_fuzzers_begin_with_are_read_as_they_should() {
    let folder = tempfile::tempdir().unwrap();
    let pictures = server("stable-diffusion").unwrap();
    seeds_are_read_as_they_should("safetensors", |seed| {
        let file = file(&folder, seed, "safetensors");
        assert!(wait(inspect_model(&file)).is_err());
        wait(pictures.model(&file)).unwrap().unwrap().random_weights
    });
}

#[test]
fn catalogues_that_fuzzers_begin_with_are_read_as_they_should() {
    let machine = fixtures::empty().session.machine;
    seeds_are_read_as_they_should("catalogue", |seed| {
        let text = std::str::from_utf8(seed).unwrap();
        let read = Catalogue::parse(text);
        read.is_ok_and(|one| !one.space(&About::machine(&machine)).parameters.is_empty())
    });
}

#[test]
fn work_that_fuzzers_begin_with_is_read_as_it_should() {
    let folder = tempfile::tempdir().unwrap();
    for ending in ["csv", "jsonl"] {
        seeds_are_read_as_they_should(&format!("work-{ending}"), |seed| {
            let file = file(&folder, seed, ending);
            let work = wait(read_work(&file));
            work.is_ok_and(|work| {
                let _ = work.preview();
                own_workload(&work, WorkChoice::default()).is_ok()
            })
        });
    }
}

#[test]
fn streams_that_fuzzers_begin_with_are_read_as_they_should() {
    seeds_are_read_as_they_should("engine-stream", |seed| {
        let (which, stream) = seed.split_first().unwrap();
        let protocol = match which % 3 {
            0 => Protocol::Completion,
            1 => Protocol::OpenAi(Arc::new(OpenAi::default())),
            _ => Protocol::Ollama(Stay::Always),
        };
        let (events, sound) = protocol.looked_over(&[stream]);
        let pieces: Vec<&[u8]> = stream.chunks(7).collect();
        assert_eq!(protocol.looked_over(&pieces), (events, sound));
        // A token and the end of it.
        events >= 2 && sound
    });
}
