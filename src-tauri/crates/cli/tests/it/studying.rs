//! `landscape` and `study`.

use crate::call::{Home, code, err, events, lines, machine, out, run};
use std::path::PathBuf;
use wattsmith_testkit::scripted_chat::{Script, ScriptedChat};
use wattsmith_tuner::search::synthetic;

/// An invented landscape as a file.
fn landscape(home: &Home) -> PathBuf {
    let path = home.path("landscape.json");
    let text = serde_json::to_string(&synthetic::waiting_line(1)).unwrap();
    std::fs::write(&path, text).unwrap();
    path
}

fn study(home: &Home, words: &str) -> std::process::Command {
    let mut command = home.command(&format!("study {words}"));
    command.arg("--landscape").arg(landscape(home));
    command.arg("--out").arg(home.path("study"));
    command
}

#[test]
fn a_landscape_is_recorded_from_a_real_engine_or_kept_for_a_quieter_hour() {
    let _machine = machine();
    let home = Home::new();
    let path = home.path("own.json");
    let mut command = home.tiny(
        "landscape record --quick --points 2 --passes 2 --top 1 --fresh 2 --parameters parallel \
         --name mine",
    );
    command.arg("--out").arg(&path);
    let output = run(command);
    assert_eq!(home.engines(), Vec::<u32>::new());
    if code(&output) != 0 {
        // Other tests run beside this one: then windows are spoiled, and it says what to do.
        let said = err(&output);
        assert!(said.contains("same command"), "{said}");
        let partial = home.path("own.json.partial");
        let kept = std::fs::read_to_string(partial).unwrap();
        assert!(kept.contains("joules_per_unit"), "{kept}");
        return;
    }
    let mut command = home.command("landscape show --json");
    command.arg(&path);
    let shown = lines(&run(command)).remove(0);
    assert_eq!(shown["name"], "mine", "{shown}");
    let text = std::fs::read_to_string(path).unwrap();
    assert!(!text.contains(env!("CARGO_MANIFEST_DIR")));
    assert!(
        !text.contains("/models/"),
        "where the model lies is left out"
    );
}

#[test]
fn advisors_take_turns_on_a_real_engine_and_what_was_measured_is_measured_once() {
    let _machine = machine();
    let home = Home::new();
    let study = || {
        let mut command = home.tiny(
            "study --live --quick --parameters parallel --advisors surrogate,random --seeds 2 \
             --budget 2 --repeats 1 --fresh 2",
        );
        command.arg("--out").arg(home.path("live"));
        run(command)
    };
    let output = study();
    assert_eq!(home.engines(), Vec::<u32>::new());
    if code(&output) != 0 {
        // As for a landscape: other tests run beside this one.
        let said = err(&output);
        assert!(said.contains("same command"), "{said}");
        let partial = home.path("live/landscape.json.partial");
        assert!(partial.is_file(), "{said}");
        return;
    }
    let text = out(&output);
    assert!(text.contains("At most 28 windows"), "{text}");
    assert!(text.contains(": live, "), "{text}");
    let first = std::fs::read(home.path("live/study.json")).unwrap();
    // Figures of a second measurement would differ.
    assert_eq!(code(&study()), 0);
    assert_eq!(first, std::fs::read(home.path("live/study.json")).unwrap());
}

#[test]
fn what_a_landscape_holds_already_cannot_be_said_again() {
    let home = Home::new();
    let output = run(study(&home, "--workload code"));
    assert_eq!(code(&output), 2);
    assert!(err(&output).contains("--live"), "{}", err(&output));
    let mut both = study(&home, "--live");
    both.env("NO_COLOR", "1");
    assert_eq!(code(&run(both)), 2);
}

#[test]
fn a_study_compares_numeric_arms_and_leaves_its_files() {
    let home = Home::new();
    let words = "--advisors surrogate,sobol,random --seeds 4 --budget 4";
    let output = run(study(&home, words));
    let text = out(&output);
    assert_eq!(code(&output), 0, "{}", err(&output));
    for word in ["surrogate", "sobol", "random", "against", "check:"] {
        assert!(text.contains(word), "{text}");
    }
    for file in ["study.json", "study.csv", "study.html"] {
        assert!(home.path("study").join(file).is_file(), "{file}");
    }
    let lines = lines(&run(study(&home, &format!("{words} --json"))));
    let told = events(&lines, "study")[0];
    assert_eq!(told["study"]["arms"].as_array().unwrap().len(), 3);
    assert_eq!(told["study"]["synthetic"], true);
}

#[test]
fn shares_of_a_chat_model_are_arms_and_masked_knobs_are_told() {
    let home = Home::new();
    let words = "--advisors surrogate,random --llm-share 0 --masked --seeds 2 --budget 3 --json";
    let output = run(study(&home, words));
    assert_eq!(code(&output), 0, "{}", err(&output));
    let told = lines(&output);
    let study_told = &events(&told, "study")[0]["study"];
    let name = study_told["landscape"].as_str().unwrap();
    assert!(name.ends_with("knobs masked"), "{name}");
    let arms = study_told["arms"].as_array().unwrap();
    let named: Vec<_> = arms.iter().filter_map(|arm| arm["name"].as_str()).collect();
    assert_eq!(named, ["surrogate", "random", "llm-0"]);

    let asking = run(study(&home, "--advisors surrogate --llm-share 25"));
    assert_eq!(code(&asking), 2);
    assert!(err(&asking).contains("--connection"), "{}", err(&asking));
    assert_eq!(code(&run(study(&home, "--llm-share 101"))), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_study_that_asked_a_chat_is_replayed_without_it() {
    let home = Home::new();
    let reply = Script::Json("{\"reason\": \"first\", \"choice\": 1}".to_owned());
    let server = ScriptedChat::start(vec![reply; 8]).await.unwrap();
    let words = "--advisors guided,random --seeds 2 --budget 3";
    let connection = format!(
        "{words} --connection openai:scripted --base-url {}",
        server.base_url()
    );
    let command = study(&home, &connection);
    let output = tokio::task::spawn_blocking(|| run(command)).await.unwrap();
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert!(out(&output).contains("Arms that ask: scripted"));
    assert_eq!(server.requests().len(), 6);
    let whole = || std::fs::read_to_string(home.path("study/study.json")).unwrap();
    let first = whole();

    let command = study(&home, words);
    let output = tokio::task::spawn_blocking(|| run(command)).await.unwrap();
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert_eq!(server.requests().len(), 6, "nobody was asked again");
    assert_eq!(whole(), first);
}

#[test]
fn what_cannot_be_studied_is_bad_usage_with_a_reason() {
    let home = Home::new();
    for (words, right) in [
        ("--advisors oracle", "surrogate"),
        ("--advisors guided --seeds 2", "--connection"),
        ("--advisors gp+memory,gp --seeds 2", "remember"),
    ] {
        let output = run(study(&home, words));
        assert_eq!(code(&output), 2, "{words}: {}", err(&output));
        assert!(err(&output).contains(right), "{words}: {}", err(&output));
    }
    let mut command = home.command("landscape show");
    command.arg(home.path("none.json"));
    let output = run(command);
    assert_eq!(code(&output), 1, "{}", err(&output));
    assert!(err(&output).contains("none.json"));
}
