//! Models from a model hub that stands on this machine: fetched, checked, found, refused, cancelled.

use crate::bench::Bench;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;
use wattsmith_domain::Advisor;
use wattsmith_testkit::fake_nvml::FakeNvml;
use wattsmith_testkit::file_server::{Fault, FileServer};
use wattsmith_testkit::gguf::Gguf;
use wattsmith_tuner::{
    EventKind, MachineLock, ModelWish, PhaseKind, SessionPlan, TunerError, download_job,
};

const ON_HUB: &str = "some-one/tiny-GGUF/Tiny-Q8_0.gguf";

fn model() -> Vec<u8> {
    Gguf::model("llama")
        .number("llama.context_length", 512)
        .text("general.name", "Tiny")
        .bytes()
}

/// A model large enough to be cut in the middle.
fn large() -> Vec<u8> {
    Gguf::model("llama")
        .tensor("blk.0.attn_q.weight", &[256, 256], 0, 256 * 256 * 4)
        .bytes()
}

fn wish(what: &str) -> ModelWish {
    ModelWish {
        what: what.to_owned(),
        sha256: None,
    }
}

async fn bench_with(content: &[u8]) -> (Bench, FileServer) {
    let server = FileServer::with(content).await.unwrap();
    let bench = Bench::new().await.with_hub(&server.address).await;
    (bench, server)
}

fn file(bench: &Bench) -> PathBuf {
    bench.tuner.paths().own_models().join("Tiny-Q8_0.gguf")
}

#[tokio::test]
async fn a_model_that_was_fetched_is_found_like_every_other() {
    let (bench, _server) = bench_with(&model()).await;
    let told = Mutex::new(Vec::new());
    let tell = |progress: &wattsmith_tuner::Progress| told.lock().unwrap().push(progress.bytes);
    let fetched = bench.tuner.fetch_model(wish(ON_HUB), &tell).await.unwrap();
    assert_eq!(fetched.path(), file(&bench));
    assert!(!fetched.verified());
    let words = fetched.in_words();
    assert!(
        words.contains("not verified") && words.contains(&fetched.files[0].sha256),
        "{words}"
    );
    assert!(!told.lock().unwrap().is_empty());
    let shelf = bench.tuner.model_shelf().await;
    assert!(
        shelf.models.iter().any(|one| one.path == file(&bench)),
        "{shelf:?}"
    );
    assert!(!bench.tuner.downloading().running);
}

#[tokio::test]
async fn what_is_no_model_is_named_and_not_kept() {
    for (content, words) in [
        (
            b"<!DOCTYPE html><html><body>Sign in</body></html>".to_vec(),
            "web page",
        ),
        (
            Gguf::model("clip")
                .text("general.type", "mmproj")
                .flag("clip.has_vision_encoder", true)
                .bytes(),
            "vision part",
        ),
        (model()[..model().len() - 100].to_vec(), "damaged"),
    ] {
        let (bench, _server) = bench_with(&content).await;
        let error = bench
            .tuner
            .fetch_model(wish(ON_HUB), &|_| {})
            .await
            .unwrap_err();
        let said = error.to_string();
        assert!(said.contains(words) && said.contains("not kept"), "{said}");
        let left = std::fs::read_dir(bench.tuner.paths().own_models()).unwrap();
        assert_eq!(left.count(), 0);
    }
}

#[tokio::test]
async fn all_files_of_a_set_are_fetched_and_are_one_model() {
    let (bench, server) = bench_with(b"").await;
    let first = Gguf::model("llama")
        .number("llama.context_length", 512)
        .part(1, 2, 2);
    let second = Gguf::empty()
        .tensor("blk.1.attn_norm.weight", &[64], 0, 256)
        .part(2, 2, 2);
    let names = ["Set-00001-of-00002.gguf", "Set-00002-of-00002.gguf"];
    for (name, part) in names.iter().zip([&first, &second]) {
        server
            .shelf()
            .others
            .insert((*name).to_owned(), part.bytes());
    }
    // Named by any of them.
    let named = format!("some-one/set-GGUF/{}", names[1]);
    let fetched = bench
        .tuner
        .fetch_model(wish(&named), &|_| {})
        .await
        .unwrap();
    let found: Vec<_> = fetched
        .files
        .iter()
        .map(|file| file.path.file_name().unwrap().to_str().unwrap())
        .collect();
    assert_eq!(found, names);
    assert!(fetched.path().ends_with(names[0]));
    assert_eq!(fetched.note, "");
    let shelf = bench.tuner.model_shelf().await;
    let set = shelf
        .models
        .iter()
        .find(|one| one.path == fetched.path())
        .unwrap();
    assert_eq!(set.parts, 2);
    let hash = ModelWish {
        sha256: Some("ab".repeat(32)),
        ..wish(&named)
    };
    let error = bench.tuner.fetch_model(hash, &|_| {}).await.unwrap_err();
    assert!(error.to_string().contains("several files"), "{error}");
}

#[tokio::test]
async fn a_name_that_is_not_on_the_list_asks_nobody() {
    let (bench, server) = bench_with(&model()).await;
    for what in ["Tiny", "", "some-one/tiny.gguf", "https://"] {
        let error = bench
            .tuner
            .fetch_model(wish(what), &|_| {})
            .await
            .unwrap_err();
        assert!(matches!(error, TunerError::Invalid(_)), "{what}: {error:?}");
    }
    let other = ModelWish {
        what: "qwen2.5-coder-1.5b".to_owned(),
        sha256: Some("ab".repeat(32)),
    };
    let error = bench.tuner.fetch_model(other, &|_| {}).await.unwrap_err();
    assert!(error.to_string().contains("cc324af0"), "{error}");
    assert!(server.asked().is_empty());
    assert!(!bench.tuner.paths().own_models().exists());
}

#[tokio::test]
async fn a_listed_model_of_another_size_or_hash_is_not_kept() {
    let (bench, _server) = bench_with(&model()).await;
    let error = bench
        .tuner
        .fetch_model(wish("Qwen2.5-Coder-1.5B"), &|_| {})
        .await
        .unwrap_err();
    assert_eq!(error.name(), "other-file", "{error}");
    let offered = bench.tuner.offered_models().await;
    assert_eq!(
        (&offered[0].begun, offered[0].model.name.as_str()),
        (&None, "Qwen2.5-Coder-1.5B")
    );
}

#[tokio::test]
async fn nothing_is_measured_and_nothing_else_fetched_meanwhile() {
    let (bench, server) = bench_with(&large()).await;
    server.faults(&[Fault::Silent(100_000)]);
    let mut events = bench.tuner.watch();
    bench.tuner.start_download(wish(ON_HUB)).unwrap();
    let phase = loop {
        let event = events.recv().await.unwrap();
        if let EventKind::Phase(phase) = event.kind
            && phase.progress.is_some()
        {
            break phase;
        }
    };
    assert_eq!(phase.kind, PhaseKind::Downloading);
    assert!(phase.detail.contains(" MB"), "{}", phase.detail);
    let second = bench.tuner.start_download(wish(ON_HUB)).unwrap_err();
    assert!(matches!(second, TunerError::Busy(_)), "{second}");
    let lock = MachineLock::acquire(bench.lock_file()).unwrap_err();
    assert!(lock.to_string().contains("fetching a model"), "{lock}");
    // Cancelled, what has come stays; taken up again it is whole.
    assert!(bench.tuner.cancel_download());
    while bench.tuner.downloading().running {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(bench.tuner.last_download(), None);
    assert!(!file(&bench).exists());
    let part = file(&bench).with_extension("gguf.part");
    assert_eq!(part.metadata().unwrap().len(), 100_000);
    bench.tuner.start_download(wish(ON_HUB)).unwrap();
    while bench.tuner.downloading().running {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let ended = bench.tuner.last_download().unwrap();
    assert_eq!(ended.done, Ok(file(&bench)), "{ended:?}");
    assert_eq!(std::fs::read(file(&bench)).unwrap(), large());
    assert_eq!(server.asked()[1], Some("bytes=100000-".to_owned()));
    assert!(MachineLock::acquire(bench.lock_file()).is_ok());
}

#[tokio::test]
async fn a_download_waits_for_whoever_measures() {
    let (bench, server) = bench_with(&model()).await;
    let _lock = MachineLock::acquire(bench.lock_file()).unwrap();
    let error = bench.tuner.start_download(wish(ON_HUB)).unwrap_err();
    assert!(matches!(error, TunerError::Busy(_)), "{error}");
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn one_that_failed_says_why_without_what_lets_somebody_in() {
    let (bench, server) = bench_with(&model()).await;
    let mut events = bench.tuner.watch();
    let host = server.address.replace("http://", "http://sam:planted@");
    let address = format!("{host}/missing/Tiny.gguf?token=planted");
    bench.tuner.start_download(wish(&address)).unwrap();
    let said = loop {
        let event = events.recv().await.unwrap();
        if event.session == download_job()
            && let EventKind::Failed(said) = event.kind
        {
            break said;
        }
    };
    let ended = bench.tuner.last_download().unwrap();
    assert_eq!(ended.done, Err("refused".to_owned()));
    assert!(said.contains("404") && said == ended.words, "{said}");
    assert!(!format!("{ended:?}").contains("planted"), "{ended:?}");
}

#[tokio::test]
async fn with_a_gpu_that_tells_its_memory_what_fits_neither_is_refused() {
    let script = "name 0 Scripted H100\nuuid 0 GPU-aa\npower 0 100\n";
    let huge = |bench: &Bench| {
        // Its cache alone takes terabytes.
        Gguf::model("llama")
            .number("llama.context_length", 8192)
            .number("llama.block_count", 20_000)
            .number("llama.attention.head_count", 1024)
            .number("llama.embedding_length", 1 << 20)
            .write(bench.folder().join("Huge.gguf"))
    };
    let create = async |script: &str| {
        let driver = FakeNvml::new(script).unwrap();
        let bench = Bench::with(Some(driver.library())).await;
        let plan = SessionPlan {
            model: Some(huge(&bench)),
            advisor: Advisor::Sobol,
            ..SessionPlan::default()
        };
        bench.tuner.create_session(plan).await
    };
    let told = format!("{script}memory 0 80e9 70e9\n");
    let said = create(&told).await.unwrap_err().to_string();
    assert!(said.contains("70.0 GB of GPU memory"), "{said}");
    // One that does not tell it may hold anything: the server has the word.
    create(script).await.unwrap();
}
