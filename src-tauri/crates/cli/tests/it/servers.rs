//! Servers of the person's own: one that a file describes, and one that runs already.

use crate::call::{Home, code, err, lines, machine, model, out, run, run_with};
use std::path::PathBuf;
use wattsmith_testkit::ollama::{MODEL, StandIn};
use wattsmith_testkit::theirs::Theirs;

fn engine() -> PathBuf {
    let root = model().parent().unwrap().parent().unwrap().to_owned();
    root.join("engines/llama-server/0.1.3/bin/llama-server")
}

fn theirs() -> Theirs {
    let words = ["--parallel", "2", "--ctx-size", "2048", "--threads", "1"];
    Theirs::llama_server(&engine(), &model(), &words).unwrap()
}

const WORK: &str = "--quick --repeats 1 --requests 4 --concurrency 2 --output-tokens 4";

#[test]
fn what_can_be_started_is_listed_with_what_is_missing() {
    let home = Home::new();
    let list = lines(&run(home.command("servers --json"))).remove(0);
    let known = list["known"].as_array().unwrap();
    assert_eq!(known[0]["name"], "llama-server");
    assert!(
        known[0]["program"]
            .as_str()
            .unwrap()
            .ends_with("llama-server")
    );
    let vllm = known.iter().find(|one| one["name"] == "vllm").unwrap();
    assert!(
        vllm["program"].is_string() != vllm["missing"].is_string(),
        "{vllm}"
    );
    assert!(list["running"].is_array());
    let text = out(&run(home.command("servers")));
    assert!(text.contains("--engine FILE"), "{text}");
}

/// By the stand-in for Ollama's daemon, and a store of its own.
#[test]
fn a_model_of_a_servers_own_store_is_measured_by_its_name() {
    let _machine = machine();
    let home = Home::new();
    let files = (engine(), model());
    let stand_in = home.path("stand-in");
    let stand_in = StandIn::install(&stand_in, (&files.0, &files.1), ("", "llama")).unwrap();
    let call = |words: &str| {
        let mut command = home.command(words);
        command.env("WATTSMITH_OLLAMA", &stand_in.program);
        command.env("OLLAMA_MODELS", &stand_in.store);
        run(command)
    };
    let settings = "--set num-thread=1 --set num-parallel=2 --set num-ctx=512";
    let output = call(&format!(
        "trial --json {WORK} --engine ollama --model {MODEL} {settings}"
    ));
    assert_eq!(code(&output), 0, "{}", err(&output));
    let last = lines(&output).pop().unwrap();
    assert_eq!(last["engine"]["name"], "ollama", "{last}");
    assert!((4..=16).contains(&last["output_tokens"].as_u64().unwrap()));
    assert!(last["joules_per_token"]["mean"].as_f64().unwrap() > 0.0);
    assert_eq!(last["measured"], false, "estimated");

    let file = home.path("Modelfile");
    let output = call(&format!(
        "report latest --format modelfile --out {}",
        file.display()
    ));
    assert_eq!(code(&output), 0, "{}", err(&output));
    let text = std::fs::read_to_string(file).unwrap();
    for line in [
        "FROM smollm2:135m",
        "PARAMETER num_ctx 512",
        "#   OLLAMA_NUM_PARALLEL=2",
    ] {
        assert!(text.lines().any(|one| one == line), "{line} in\n{text}");
    }

    let output = call(&format!("trial {WORK} --engine ollama --model no-such:1b"));
    assert_ne!(code(&output), 0);
    assert!(
        err(&output).contains("ollama pull no-such:1b"),
        "{}",
        err(&output)
    );
}

#[test]
fn a_server_is_measured_as_a_file_describes_it() {
    let _machine = machine();
    let home = Home::new();
    let file = home.path("mine.toml");
    let text = format!(
        r#"
[server]
name = "mine"
program = "{}"
fetch = "Run make setup"
command = ["{{program}}", "--model", "{{model}}", "--host", "127.0.0.1", "--port", "{{port}}",
  "--no-webui", "--offline", "--ctx-size", "1024", "--parallel", "2", "--cache-ram", "0", "--no-cache-prompt"]
environment = {{ LLAMA_API_KEY = "{{key}}" }}
model = "gguf"
ready = "/health"
pages = ["/props"]
speaks = "chat"

[[parameter]]
name = "threads"
kind = "int"
min = 1
max = "logical-cores"
levels = "thread-counts"
default = 1
told = {{ flag = "--threads" }}
effect = "Cores."
"#,
        engine().display()
    );
    std::fs::write(&file, &text).unwrap();
    let words = format!("trial --json {WORK} --engine {}", file.display());
    let mut command = home.command(&words);
    command.arg("--model").arg(model());
    let output = run(command);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let last = lines(&output).pop().unwrap();
    assert_eq!(last["engine"]["name"], "mine", "{last}");
    assert_eq!(last["output_tokens"], 16);
    assert!(last["joules_per_token"]["mean"].as_f64().unwrap() > 0.0);

    std::fs::write(
        &file,
        text.replace("speaks = \"chat\"", "speaks = \"morse\""),
    )
    .unwrap();
    let output = run(home.command(&words));
    assert_ne!(code(&output), 0);
    let told = err(&output);
    assert!(
        told.contains("mine.toml") && told.contains("line 12, speaks"),
        "{told}"
    );
}

#[test]
fn a_server_that_runs_already_is_measured_and_left_as_it_is() {
    let _machine = machine();
    let home = Home::new();
    let theirs = theirs();
    let output = run(home.command(&format!("trial --json {WORK} --attach {}", theirs.url)));
    assert_eq!(code(&output), 0, "{}", err(&output));
    let last = lines(&output).pop().unwrap();
    assert_eq!(last["engine"]["name"], "attached", "{last}");
    assert_eq!(last["engine"]["path"], theirs.url);
    assert_eq!(last["configuration"]["parallel"], 2);
    assert_eq!(last["source"], "estimate");
    assert!(theirs.is_healthy());

    // Nobody is at the terminal to set it otherwise.
    let words = format!(
        "tune --auto {WORK} --budget 1 --advisor sobol --parameters parallel --attach {}",
        theirs.url
    );
    let output = run_with(home.command(&words), "");
    assert_eq!(code(&output), 1);
    let told = err(&output);
    assert!(
        told.contains("Set this on your server") && told.contains("--parallel "),
        "{told}"
    );
    assert!(told.contains("nobody is at the terminal"), "{told}");
}

#[test]
fn words_that_cannot_go_together_are_refused_before_anything_runs() {
    let home = Home::new();
    for (words, said) in [
        (
            "trial --attach http://127.0.0.1:1 --engine vllm",
            "cannot be used with",
        ),
        ("trial --runs-on here", "--attach"),
        ("trial --engine nothing-like-it", "choose among"),
        (
            "trial --attach http://me:word@127.0.0.1:1",
            "WATTSMITH_ATTACHED_KEY",
        ),
    ] {
        let output = run(home.command(words));
        assert_ne!(code(&output), 0, "{words}");
        let told = err(&output);
        assert!(told.contains(said), "{words}: {told}");
        assert!(!told.contains("word@"), "{told}");
    }
}
