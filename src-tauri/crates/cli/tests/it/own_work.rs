//! `work`, and sessions on a file of one's own.

use crate::call::{Home, all_lines, code, err, lines, machine, model, out, run};
use std::path::PathBuf;

const CHATS: &str = r#"{"messages": [{"role": "user", "content": "Name a fruit."}], "output_tokens": 4, "arrival_s": 0}
{"messages": [{"role": "user", "content": "Name a tree."}], "output_tokens": 6, "arrival_s": 0.1}
{"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Name a bird."}], "output_tokens": 4, "arrival_s": 0.2}
{"messages": [{"role": "user", "content": "Name a fish."}], "output_tokens": 4, "arrival_s": 0.3}
{"messages": [{"role": "user", "content": "Name a river."}], "output_tokens": 8, "arrival_s": 0.4}
{"messages": [{"role": "user", "content": "Name a colour."}], "output_tokens": 4, "arrival_s": 0.5}
"#;

fn file(home: &Home, name: &str, text: &str) -> PathBuf {
    let path = home.path(name);
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn a_look_at_a_file_tells_what_is_in_it() {
    let home = Home::new();
    let mut command = home.command("work");
    command.arg(file(&home, "chats.jsonl", CHATS));
    let text = out(&run(command));
    for word in [
        "6 requests, 6 of them chats",
        "Characters: 12 in the shortest, 13 in the middle one, 21 in the longest",
        "All say when they arrive, 0.5 s from first to last",
        "SHA-256 ",
        "  1. Name a fruit.\n  2. Name a tree.\n  3. Name a bird.",
    ] {
        assert!(text.contains(word), "{word}: {text}");
    }
    assert!(!home.path("data").exists(), "a look writes nothing");
}

#[test]
fn faults_are_listed_with_their_lines_and_are_a_failure() {
    let home = Home::new();
    let path = file(
        &home,
        "broken.csv",
        "prompt,output_tokens\nWhy?,12\n,3\nHow?,none\n",
    );
    let mut command = home.command("work");
    command.arg(&path);
    let output = run(command);
    assert_eq!(code(&output), 1);
    let text = out(&output);
    assert!(
        text.contains("broken.csv, line 3: prompt is empty."),
        "{text}"
    );
    assert!(text.contains("line 4: output_tokens is none."), "{text}");
    assert!(err(&output).contains("2 faults"), "{}", err(&output));
    let mut command = home.command("work --json");
    command.arg(&path);
    let last = all_lines(&run(command)).pop().unwrap();
    assert_eq!(last["ended"], "failed");
    assert_eq!(
        (&last["fault_count"], &last["requests"]),
        (&2.into(), &1.into())
    );
}

#[test]
fn a_tune_on_a_file_of_chats_records_it() {
    let _machine = machine();
    let home = Home::new();
    let path = file(&home, "chats.jsonl", CHATS);
    let mut command = home.command(
        "tune --auto --json --quick --advisor sobol --budget 1 --repeats 1 --parameters batch \
         --arrivals poisson:20 --set threads=1 --set threads-batch=1 --set parallel=2 \
         --set context-per-slot=512 --set batch=512",
    );
    command.arg("--model").arg(model()).arg("--work").arg(&path);
    let output = run(command);
    let all = lines(&output);
    assert_eq!(all.last().unwrap()["ended"], "complete", "{}", err(&output));
    let report = home.path("report.json");
    let mut command = home.command("report latest --format json --out");
    command.arg(&report);
    assert_eq!(code(&run(command)), 0);
    let report: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&report).unwrap()).unwrap();
    let work = &report["record"]["session"]["workload"];
    assert_eq!(work["name"], "chats.jsonl");
    assert_eq!(work["arrivals"]["per_second"], 20.0);
    let own = &work["own"];
    assert_eq!(
        (&own["chats"], &own["output_tokens"]),
        (&6.into(), &30.into())
    );
    assert!(own["prompt_tokens"].as_u64().unwrap() > 60, "{own}");
    assert_eq!(own["sha256"].as_str().unwrap().len(), 64);
    let trials = report["record"]["trials"].as_array().unwrap();
    assert_eq!(trials.len(), 2);
    for trial in trials {
        assert_eq!(trial["state"], "complete", "{trial}");
    }
}

#[test]
fn words_that_do_not_go_together_are_refused() {
    let home = Home::new();
    let path = file(&home, "chats.jsonl", CHATS);
    let with_file = |words: &str| {
        let mut command = home.command(words);
        command.arg("--work").arg(&path);
        run(command)
    };
    assert_eq!(code(&with_file("trial --workload chat")), 2);
    assert_eq!(code(&with_file("trial --arrivals often")), 2);
    let output = with_file("tune --session latest");
    assert_eq!(code(&output), 2);
    assert!(
        err(&output).contains("--work has no effect"),
        "{}",
        err(&output)
    );
    let output = with_file("trial --arrivals all --concurrency 3");
    assert_ne!(code(&output), 0);
    assert!(err(&output).contains("no effect"), "{}", err(&output));
}
