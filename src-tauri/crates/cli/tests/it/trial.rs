//! `trial`.

use crate::call::{Home, code, err, events, lines, machine, out, run};
use wattsmith_testkit::unpacked::Unpacked;

#[test]
fn a_trial_ends_with_an_object_that_holds_every_field() {
    let _machine = machine();
    let home = Home::new();
    let lines = lines(&run(home.tiny("trial --quick --json --repeats 2")));
    let phases: Vec<&str> = events(&lines, "phase")
        .iter()
        .map(|line| line["phase"].as_str().unwrap())
        .collect();
    for phase in ["Loading the model", "Warming up", "Measuring"] {
        assert!(phases.contains(&phase), "{phases:?}");
    }
    let last = lines.last().unwrap();
    for field in [
        "joules_per_token",
        "joules_per_token_net",
        "scope",
        "source",
        "measured",
        "sensor_error",
        "unit",
        "tokens_per_second",
        "output_tokens",
        "configuration",
        "engine",
        "warnings",
    ] {
        assert!(last.get(field).is_some(), "{field} is missing: {last}");
    }
    let joules = &last["joules_per_token"];
    assert_eq!(joules["n"], 2);
    let figure = |name: &str| joules[name].as_f64().unwrap();
    assert!(0.0 < figure("low") && figure("low") < figure("mean"));
    assert!(figure("mean") < figure("high"));
    assert_eq!(last["output_tokens"], 2 * 4 * 4);
    assert_eq!(last["configuration"]["parallel"], 2);
    assert_eq!(last["unit"], "output-token");
    assert_eq!(last["measured"] == false, last["source"] == "estimate");
    assert!(!last["warnings"].as_array().unwrap().is_empty(), "{last}");
    let argv = last["launch"]["argv"].to_string();
    assert!(
        argv.contains("--threads") && !argv.contains("key"),
        "{argv}"
    );
    assert_eq!(home.engines(), Vec::<u32>::new());
}

#[test]
fn a_person_reads_the_figure_with_its_errors_and_sees_each_phase() {
    let _machine = machine();
    let home = Home::new();
    let output = run(home.tiny("trial --quick --repeats 1"));
    let text = out(&output);
    assert!(text.starts_with("Default: "), "{text}");
    assert!(text.contains("J/token"), "{text}");
    assert!(text.contains("1 repeat ·"), "{text}");
    assert!(text.contains("tokens/s"), "{text}");
    assert!(text.contains("note: The window lasted"), "{text}");
    let phases = err(&output);
    assert!(
        phases.contains("Measuring (the default · repeat 1 of 1)"),
        "{phases}"
    );
}

#[test]
fn a_trial_that_fails_says_why_and_what_to_do() {
    let _machine = machine();
    let home = Home::new();
    // The header is whole, the weights are not.
    let broken = home.path("broken.gguf");
    let whole = std::fs::read(crate::call::model()).unwrap();
    std::fs::write(&broken, &whole[..whole.len() / 2]).unwrap();
    let mut command = home.command("trial --quick --json --repeats 1 --model");
    command.arg(&broken);
    let output = run(command);
    assert_eq!(code(&output), 1, "{}", out(&output));
    let words = err(&output);
    assert!(words.contains("broken.gguf"), "{words}");
    assert!(!words.contains("panicked"), "{words}");
}

#[test]
fn the_bundle_of_a_trial_checks_itself_and_tells_a_changed_sample() {
    let _machine = machine();
    let home = Home::new();
    let done = run(home.tiny("trial --quick --repeats 1"));
    assert_eq!(code(&done), 0, "{}", err(&done));
    let file = home.path("audit.tar");
    let mut command = home.command("report latest --format bundle --out");
    command.arg(&file);
    let written = run(command);
    assert_eq!(code(&written), 0, "{}", err(&written));
    let bundle = Unpacked::of(&file).unwrap();
    let (ended, said) = bundle.recomputed().unwrap();
    assert_eq!(ended, Some(0), "{said}");
    assert!(said.contains("Windows checked: 1. Wrong: 0."), "{said}");

    let stem = bundle.path("windows/trial-1-repeat-1");
    let told = std::fs::read(stem.with_extension("json")).unwrap();
    let told: serde_json::Value = serde_json::from_slice(&told).unwrap();
    let within = |line: &str| {
        let at: Option<u64> = line.split(',').nth(2).and_then(|at| at.parse().ok());
        let edge = |name: &str| told["marks_ns"][name].as_u64().unwrap();
        at.is_some_and(|at| edge("from") < at && at <= edge("to"))
    };
    let samples = stem.with_extension("csv");
    let before = std::fs::read_to_string(&samples).unwrap();
    let line = before.lines().find(|line| within(line)).unwrap();
    let (place, value) = line.rsplit_once(',').unwrap();
    let more = value.parse::<f64>().unwrap() + 1000.0;
    std::fs::write(&samples, before.replace(line, &format!("{place},{more}"))).unwrap();
    let (ended, said) = bundle.recomputed().unwrap();
    assert_eq!(ended, Some(1), "{said}");
    assert!(
        said.contains("not the file that SHA256SUMS names"),
        "{said}"
    );
    bundle.hash_anew().unwrap();
    let (ended, said) = bundle.recomputed().unwrap();
    assert_eq!(ended, Some(1), "{said}");
    assert!(
        said.contains("differs") && !said.contains("not the file"),
        "{said}"
    );
}

#[test]
fn nobody_reading_does_not_spoil_the_measurement_and_is_an_error() {
    let _machine = machine();
    let home = Home::new();
    let mut command = home.tiny("trial --quick --repeats 1 --json");
    command.stdout(std::process::Stdio::piped());
    command.stderr(std::process::Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    drop(child.stderr.take());
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert_eq!(home.engines(), Vec::<u32>::new());
    let sessions = lines(&run(home.command("sessions --json")));
    assert_eq!(sessions[0]["sessions"][0]["trials"], 1);
}
