//! `models fetch`, against a model hub that stands on this machine.

use crate::call::{Home, all_lines, code, err, events, lines, out, run, start};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::Read as _;
use std::process::Command;
use wattsmith_testkit::file_server::{Fault, FileServer};
use wattsmith_testkit::gguf::Gguf;

const ON_HUB: &str = "some-one/tiny-GGUF/Tiny.gguf";

fn model() -> Vec<u8> {
    Gguf::model("llama")
        .number("llama.context_length", 512)
        .tensor("blk.0.attn_q.weight", &[256, 256], 0, 256 * 256 * 4)
        .bytes()
}

fn fetch(home: &Home, hub: &FileServer, words: &str) -> Command {
    let mut command = home.command(&format!("models fetch {words}"));
    command.env("HF_ENDPOINT", &hub.address);
    command
}

/// Runs what blocks beside the server.
async fn with_hub(test: impl FnOnce(FileServer) + Send + 'static) {
    let hub = FileServer::with(&model()).await.unwrap();
    tokio::task::spawn_blocking(move || test(hub))
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fetched_model_is_told_in_json_and_listed_from_then_on() {
    with_hub(|hub| {
        let home = Home::new();
        let told = lines(&run(fetch(&home, &hub, &format!("{ON_HUB} --json"))));
        let first = events(&told, "progress")[0].clone();
        assert_eq!(
            (&first["name"], &first["stage"]),
            (&"Tiny.gguf".into(), &"fetching".into())
        );
        let last = told.last().unwrap();
        assert_eq!(
            (&last["event"], &last["ended"]),
            (&"model".into(), &"complete".into())
        );
        assert_eq!(last["verified"], false);
        let sha256 = last["files"][0]["sha256"].as_str().unwrap().to_owned();
        let path = home.path("data/models/Tiny.gguf");
        assert_eq!(last["path"], path.display().to_string());
        assert_eq!(std::fs::read(&path).unwrap(), model());
        let list = lines(&run(home.command("models --json"))).remove(0);
        let models = list["models"].as_array().unwrap();
        assert!(
            models.iter().any(|one| one["path"] == last["path"]),
            "{list}"
        );
        // With its hash it is there already, and verified.
        let again = run(fetch(&home, &hub, &format!("{ON_HUB} --sha256 {sha256}")));
        assert_eq!(code(&again), 0, "{}", err(&again));
        assert!(
            out(&again).contains("It was here already"),
            "{}",
            out(&again)
        );
        assert_eq!(hub.asked().len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_words_and_wrong_content_end_with_their_own_codes() {
    with_hub(|hub| {
        let home = Home::new();
        for words in ["tiny", "a/b.gguf", "a/b/c.gguf --sha256 abc", ""] {
            let output = run(fetch(&home, &hub, words));
            assert_eq!(code(&output), 2, "{words}: {}", err(&output));
        }
        let wrong = "ab".repeat(32);
        let output = run(fetch(
            &home,
            &hub,
            &format!("{ON_HUB} --json --sha256 {wrong}"),
        ));
        assert_eq!(code(&output), 1);
        let last = all_lines(&output).pop().unwrap();
        assert_eq!(
            (&last["cause"], &last["ended"]),
            (&"wrong-hash".into(), &"failed".into())
        );
        assert!(!home.path("data/models/Tiny.gguf").exists());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_download_is_kept_and_gone_on_with() {
    with_hub(|hub| {
        let home = Home::new();
        hub.faults(&[Fault::Silent(100_000)]);
        let command = fetch(&home, &hub, &format!("{ON_HUB} --json"));
        let (mut child, mut stdout) = start(command, "\"fetching\"");
        kill(Pid::from_raw(child.id() as i32), Signal::SIGINT).unwrap();
        let mut rest = String::new();
        stdout.read_to_string(&mut rest).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(130), "{rest}");
        assert!(rest.contains("\"ended\":\"interrupted\""), "{rest}");
        let mut words = String::new();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut words)
            .unwrap();
        assert!(words.contains("is kept"), "{words}");
        let output = run(fetch(&home, &hub, ON_HUB));
        assert_eq!(code(&output), 0, "{}", err(&output));
        assert_eq!(
            std::fs::read(home.path("data/models/Tiny.gguf")).unwrap(),
            model()
        );
        assert!(matches!(&hub.asked()[1], Some(range) if range.starts_with("bytes=")));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lets_somebody_in_is_in_no_line_and_no_file() {
    with_hub(|hub| {
        let home = Home::new();
        let host = hub.address.replace("http://", "http://sam:planted@");
        for (path, ends) in [("missing/a.gguf", 1), ("files/a.gguf", 0)] {
            for json in ["", " --json"] {
                let mut command = fetch(&home, &hub, &format!("{host}/{path}?token=planted{json}"));
                command.env("WATTSMITH_LOG", "trace");
                let output = run(command);
                let said = out(&output) + &err(&output);
                // The second time it lies there, and nobody knows whether it is the same.
                let wanted = if ends == 0 && !json.is_empty() {
                    1
                } else {
                    ends
                };
                assert_eq!(code(&output), wanted, "{said}");
                assert!(!said.contains("planted"), "{said}");
            }
        }
        for entry in std::fs::read_dir(home.path("data/models")).unwrap() {
            let bytes = std::fs::read(entry.unwrap().path()).unwrap();
            assert!(!bytes.windows(7).any(|part| part == b"planted"));
        }
    })
    .await;
}

#[test]
fn the_list_ends_with_what_can_be_fetched_and_whether_it_fits() {
    let home = Home::new();
    let list = lines(&run(home.command("models --json"))).remove(0);
    let offered = list["fetchable"].as_array().unwrap();
    let qwen = offered
        .iter()
        .find(|one| one["name"] == "Qwen2.5-Coder-1.5B")
        .unwrap();
    assert_eq!(qwen["bytes"], 1_117_320_768);
    assert!(qwen["fits"].is_boolean());
    let text = out(&run(home.command("models")));
    let (_, offered) = text.split_once("\nTo fetch, when you say so:\n").unwrap();
    assert!(
        offered.contains("models fetch OWNER/REPOSITORY/FILE.gguf"),
        "{text}"
    );
    if qwen["path"].is_null() {
        assert!(
            offered.contains("Qwen2.5-Coder-1.5B  1117 MB  Apache-2.0"),
            "{text}"
        );
    }
}
