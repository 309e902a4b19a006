//! Secrets of every sort are planted, a real session is run, and whatever came of it is looked through:
//! every file, report, log and line.

use crate::call::{Home, err, machine, out, run};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};
use wattsmith_testkit::scripted_chat::{Script, ScriptedChat};

/// Of the chat server, which its replies repeat.
const CHAT_KEY: &str = "sk-planted-chat-4f1c";
/// Wherever else something secret can stand.
const PLANTED: [&str; 8] = [
    "planted-userinfo",
    "planted-query-token",
    "planted-query-key",
    "planted-option",
    "planted-joined",
    "planted-header",
    "planted-provider",
    "planted-other",
];
/// In a template of the person's own: it goes where they send it, but into no report.
const IN_TEMPLATE: &str = "planted-template";

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found
}

fn holds(bytes: &[u8], secret: &str) -> bool {
    bytes
        .windows(secret.len())
        .any(|part| part == secret.as_bytes())
}

/// Everything that a run left or said, by name.
struct Left(Vec<(String, Vec<u8>)>);

impl Left {
    fn said(&mut self, name: &str, output: &Output) {
        let text = out(output) + &err(output);
        self.0.push((name.to_owned(), text.into_bytes()));
    }

    fn assert_free_of(&self, secret: &str) {
        for (name, bytes) in &self.0 {
            assert!(
                !holds(bytes, secret) && !holds(name.as_bytes(), secret),
                "{secret} is in {name}"
            );
        }
    }
}

/// Adds meters that hold something secret in each way there is.
fn add_meters(home: &Home, left: &mut Left) {
    let prometheus = "--kind prometheus --query up --unit watts --scope platform";
    let plug = "http://sam:planted-userinfo@127.0.0.1:9/x?token=planted-query-token";
    let server = "http://127.0.0.1:9/?api_key=planted-query-key";
    for (name, words, url) in [
        ("plug", "--kind tasmota", plug),
        ("server", prometheus, server),
    ] {
        let mut command = home.command(&format!("meters add {name} {words} --url"));
        command.arg(url);
        // It does not answer, and says so with its address.
        left.said(name, &run(command));
    }
    let mut command = home.command(
        "meters add program --kind command --mode once --unit watts --scope platform --error 0.05 -- \
         sh -c",
    );
    command.args(["echo 42", "sh", "--password", "planted-option"]);
    command.args(["--auth-token=planted-joined", "-H"]);
    command.arg("Authorization: Bearer planted-header");
    left.said("program", &run(command));
}

/// The key of the engine that runs, from its environment.
fn engine_key(home: &Home) -> Option<String> {
    let engine = *home.engines().first()?;
    let environment = std::fs::read(format!("/proc/{engine}/environ")).ok()?;
    let mut variables = environment.split(|byte| *byte == 0);
    let key = variables.find_map(|one| one.strip_prefix(b"LLAMA_API_KEY="))?;
    String::from_utf8(key.to_vec()).ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_of_any_sort_is_in_any_file_report_log_or_line() {
    let script = vec![
        Script::Status(500, format!("{{\"error\": \"no {CHAT_KEY}\"}}")),
        Script::Status(500, format!("{{\"error\": \"no {CHAT_KEY}\"}}")),
        Script::Json(format!(
            "{{\"reason\": \"I was sent {CHAT_KEY}\", \"configuration\": {{\"parallel\": 4}}}}"
        )),
        // Nothing usable, and the key in every byte's own piece.
        Script::ByteByByte(format!("Nothing but {CHAT_KEY}, {CHAT_KEY}")),
        Script::Status(401, format!("{{\"error\": \"wrong key {CHAT_KEY}\"}}")),
    ];
    let chat = ScriptedChat::start(script).await.unwrap();
    let base_url = chat.base_url().to_owned();
    tokio::task::spawn_blocking(move || {
        let _machine = machine();
        let home = Home::new();
        let mut left = Left(Vec::new());
        add_meters(&home, &mut left);
        let template = include_str!("../../../chat/templates/baseline.j2");
        let templates = home.path("data/templates");
        std::fs::create_dir_all(&templates).unwrap();
        std::fs::write(
            templates.join("baseline.j2"),
            format!("{template}\nSee http://sam:{IN_TEMPLATE}@wiki/ for more.\n"),
        )
        .unwrap();

        let mut command = home.tiny(
            "tune --advisor baseline --connection openai:scripted --budget 2 --auto --json \
             --repeats 1 --threshold 99% --parameters parallel,ubatch",
        );
        command
            .args(["--base-url", &base_url])
            .env("WATTSMITH_API_KEY", CHAT_KEY)
            .env("ANTHROPIC_API_KEY", "planted-provider")
            .env("SOME_PASSWORD", "planted-other")
            .env("WATTSMITH_LOG", "trace")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        let began = Instant::now();
        let key = loop {
            if let Some(key) = engine_key(&home) {
                break key;
            }
            assert!(began.elapsed() < Duration::from_secs(120), "no engine ran");
            std::thread::sleep(Duration::from_millis(10));
        };
        let output = child.wait_with_output().unwrap();
        assert!(
            out(&output).contains("\"event\":\"trial\""),
            "{}",
            err(&output)
        );
        assert!(out(&output).contains("[key]"), "the reply was not heard");
        left.said("tune", &output);

        for format in ["html", "csv", "json", "md"] {
            let path = home.path(&format!("report.{format}"));
            let mut command = home.command(&format!("report latest --format {format}"));
            command.arg("--out").arg(&path);
            left.said("report", &run(command));
            let report = std::fs::read(&path).unwrap();
            assert!(!holds(&report, IN_TEMPLATE), "{format}");
            left.0.push((format!("report.{format}"), report));
        }
        for words in [
            "doctor",
            "doctor --json",
            "meters list",
            "meters list --json",
            "meters test plug",
            "meters test program --json",
            "sessions",
            "sessions --json",
            "sessions ledger latest",
        ] {
            left.said(words, &run(home.command(words)));
        }
        // What the person wrote there themselves has to be there, for them alone.
        let own = [home.path("data/meters.toml"), templates.clone()];
        let mode = std::fs::metadata(&own[0]).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let stored = files(&home.path("data"));
        assert!(stored.iter().any(|path| path.ends_with("wattsmith.db")));
        for path in stored {
            if !own.iter().any(|one| path.starts_with(one)) {
                let bytes = std::fs::read(&path).unwrap();
                left.0.push((path.display().to_string(), bytes));
            }
        }
        for secret in PLANTED.iter().copied().chain([CHAT_KEY, key.as_str()]) {
            left.assert_free_of(secret);
        }
    })
    .await
    .unwrap();
    assert!(chat.requests().len() >= 4);
}
