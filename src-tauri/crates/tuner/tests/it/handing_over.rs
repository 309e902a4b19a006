//! The settings of a real session, handed over to a real llama-server.

use crate::bench::{Bench, asset, machine, tiny};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use wattsmith_tuner::report::SettingsFile;
use wattsmith_tuner::{Format, Step};

/// Ended with the test, however that ends.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn llama_server_reads_the_preset_as_it_was_measured() {
    let _machine = machine().await;
    let bench = Bench::new().await;
    let session = bench.session(tiny()).await;
    bench
        .tuner
        .perform(&session, Step::MeasureDefault)
        .await
        .unwrap();
    let preset = bench.folder().join("preset.ini");
    let form = Format::Settings(SettingsFile::Preset);
    bench
        .tuner
        .report(&session, form, Some(&preset))
        .await
        .unwrap();
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let mut router = Command::new(asset("engines/llama-server/0.1.3/bin/llama-server"));
    router
        .arg("--models-preset")
        .arg(&preset)
        .args(["--offline", "--no-webui", "--host", "127.0.0.1", "--port"])
        .arg(port.to_string())
        .env("LLAMA_CACHE", bench.folder())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let _router = Server(router.spawn().unwrap());
    let page = models(port);
    let own = page["data"].as_array().unwrap().iter().find(|one| {
        let id = one["id"].as_str().unwrap_or_default();
        id.contains("SmolLM2")
    });
    let own = own.unwrap_or_else(|| panic!("{page:#}"));
    let words: Vec<&str> = own["status"]["args"]
        .as_array()
        .unwrap_or_else(|| panic!("{own:#}"))
        .iter()
        .filter_map(|word| word.as_str())
        .collect();
    let value = |flag: &str| {
        let at = words.iter().position(|word| *word == flag)?;
        words.get(at + 1).copied()
    };
    for (flag, expected) in [
        ("--threads", "1"),
        ("--parallel", "2"),
        ("--ctx-size", "1024"),
        ("--batch-size", "512"),
    ] {
        assert_eq!(value(flag), Some(expected), "{words:?}");
    }
    assert!(
        words.iter().any(|word| word.ends_with(".gguf")),
        "{words:?}"
    );
}

/// The page of models, once the router answers.
fn models(port: u16) -> serde_json::Value {
    let begun = Instant::now();
    loop {
        // While it starts it answers with an error.
        if let Some(page) = page(port, "/models").filter(|page| page["data"].is_array()) {
            return page;
        }
        let waited = begun.elapsed();
        assert!(
            waited < Duration::from_secs(30),
            "the router does not answer"
        );
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn page(port: u16, route: &str) -> Option<serde_json::Value> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    let asked = format!("GET {route} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n");
    stream.write_all(asked.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (_, body) = answer.split_once("\r\n\r\n")?;
    serde_json::from_str(body).ok()
}
