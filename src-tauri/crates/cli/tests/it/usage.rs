//! Wrong words: exit code 2, and what the right ones are.

use crate::call::{Home, code, err, run};

fn refused(words: &str) -> String {
    let home = Home::new();
    let output = run(home.command(words));
    assert_eq!(code(&output), 2, "{words}: {}", err(&output));
    err(&output)
}

#[test]
fn an_unknown_setting_is_refused_with_the_names_there_are() {
    let words = refused("trial --set thread=2");
    for name in ["thread;", "threads", "parallel", "ubatch"] {
        assert!(words.contains(name), "{words}");
    }
    assert!(refused("trial --set threads=lots").contains("threads cannot be lots"));
    assert!(refused("trial --set threads").contains("threads=2"));
    let words = refused("trial --set gpu-power-limit=300");
    assert!(words.contains("--allow-gpu-control"), "{words}");
}

#[test]
fn wrong_choices_are_refused_with_the_right_ones() {
    for (words, right) in [
        ("trial --workload poetry", "chat"),
        ("trial --repeats 0", "1..=20"),
        ("trial --engine other", "llama-server"),
        ("tune --advisor oracle", "sobol"),
        ("tune --threshold ten", "10%"),
        ("tune --connection pigeon", "paste"),
        ("tune --advisor sobol --parameters speed", "threads"),
        ("tune --advisor sobol --report out.docx", "html"),
        ("report latest --format pdf-ish", "csv"),
        ("report no-such-session", "sessions"),
        ("dance", "Usage"),
    ] {
        let said = refused(words);
        assert!(said.contains(right), "{words}: {said}");
    }
}

#[test]
fn an_option_without_effect_in_this_call_is_refused() {
    for (words, option) in [
        ("tune --session latest --threshold 5%", "--threshold"),
        ("tune --session latest --advisor gp --auto", "--advisor"),
        ("tune --session latest --set threads=2", "--set"),
        ("tune --session latest --no-memory", "--no-memory"),
        (
            "tune --session latest --min-tokens-per-second 5",
            "--min-tokens",
        ),
        ("tune --session latest --seed 1", "--seed"),
        ("tune --session latest --base-url http://h/v1", "--base-url"),
        ("tune --advisor sobol --connection paste", "--connection"),
        ("tune --advisor sobol --spending-cap 1", "--spending-cap"),
        ("tune --advisor sobol --no-memory", "--no-memory"),
        (
            "tune --advisor enhanced --base-url http://h/v1",
            "--base-url",
        ),
        (
            "tune --advisor enhanced --connection paste --base-url http://h/v1",
            "--base-url",
        ),
        ("say latest hello --base-url http://h/v1", "--base-url"),
    ] {
        let said = refused(words);
        assert!(
            said.contains(option) && (said.contains("no effect") || said.contains("--connection")),
            "{words}: {said}"
        );
    }
}

#[test]
fn nothing_goes_to_a_remote_server_unless_the_person_agrees() {
    let said = refused(
        "tune --advisor enhanced --connection openai:large --base-url http://chat.invalid/v1",
    );
    assert!(said.contains("chat.invalid"), "{said}");
    assert!(said.contains("--agree"), "{said}");
}

#[test]
fn what_is_not_there_is_a_failure_and_no_bad_usage() {
    let home = Home::new();
    let output = run(home.command("report latest"));
    assert_eq!(code(&output), 1);
    assert!(err(&output).contains("no session yet"));
    let mut command = home.command("trial");
    command.env("WATTSMITH_LLAMA_SERVER", home.path("nowhere"));
    let output = run(command);
    assert_eq!(code(&output), 1);
    assert!(err(&output).contains("WATTSMITH_LLAMA_SERVER"));
}
