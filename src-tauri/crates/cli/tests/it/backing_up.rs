//! `sessions backup`, and what a clean end leaves.

use crate::call::{Home, code, err, lines, machine, out, run};

#[test]
fn a_backup_is_a_data_folder_of_its_own_and_overwrites_nothing() {
    let _machine = machine();
    let home = Home::new();
    let done = run(home.tiny("trial --quick --repeats 1"));
    assert_eq!(code(&done), 0, "{}", err(&done));
    // Nothing but the one file is needed, and it is whole.
    let data = home.path("data");
    assert!(data.join("wattsmith.db").exists());
    assert!(!data.join("wattsmith.db-wal").exists());

    std::fs::create_dir(home.path("other")).unwrap();
    let copy = home.path("other/wattsmith.db");
    let mut command = home.command("sessions backup");
    command.arg(&copy);
    let output = run(command);
    assert_eq!(code(&output), 0, "{}", err(&output));
    assert_eq!(out(&output).trim(), copy.display().to_string());
    let there = lines(&run(home.command("sessions --json"))).remove(0);
    let mut elsewhere = std::process::Command::new(env!("CARGO_BIN_EXE_wattsmith-cli"));
    elsewhere
        .args(["sessions", "--json", "--data-dir"])
        .arg(home.path("other"));
    assert_eq!(lines(&run(elsewhere)).remove(0), there);

    let mut again = home.command("sessions backup");
    again.arg(&copy);
    let output = run(again);
    assert_eq!(code(&output), 1);
    assert!(err(&output).contains("overwrites none"), "{}", err(&output));
}

#[test]
fn a_session_goes_into_one_file_and_comes_out_of_it_elsewhere_the_same() {
    let _machine = machine();
    let home = Home::new();
    let done = run(home.tiny("trial --quick --repeats 2"));
    assert_eq!(code(&done), 0, "{}", err(&done));
    let file = home.path("one.json");
    let mut command = home.command("sessions export latest --out");
    command.arg(&file);
    let output = run(command);
    assert_eq!(code(&output), 0, "{}", err(&output));

    let other = Home::new();
    let import = |file: &std::path::Path| {
        let mut command = other.command("sessions import --json");
        command.arg(file);
        run(command)
    };
    let output = import(&file);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let report = |home: &Home| {
        let mut command = home.command("report latest --format json --out");
        let out = home.path("report.json");
        command.arg(&out);
        let output = run(command);
        assert_eq!(code(&output), 0, "{}", err(&output));
        let text = std::fs::read_to_string(out).unwrap();
        serde_json::from_str::<serde_json::Value>(&text).unwrap()
    };
    let (before, after) = (report(&home), report(&other));
    let trials = |report: &serde_json::Value| report.pointer("/record/trials").cloned();
    assert!(trials(&before).is_some(), "{before}");
    assert_eq!(trials(&before), trials(&after));

    // It is marked as what came from elsewhere, in the list and in its report.
    let list = lines(&run(other.command("sessions --json"))).remove(0);
    assert_eq!(list["sessions"][0]["imported"], true, "{list}");
    assert!(after.pointer("/record/session/imported_at").is_some());

    // To look at alone, it is marked as what it is.
    let looking = Home::new();
    let mut command = looking.command("sessions import --example");
    command.arg(&file);
    assert_eq!(code(&run(command)), 0);
    let list = lines(&run(looking.command("sessions --json"))).remove(0);
    assert_eq!(list["sessions"][0]["example"], true, "{list}");

    // Twice is once too often; and what is none of these is refused by what it is.
    let output = import(&file);
    assert_eq!(code(&output), 1);
    assert!(err(&output).contains("is here already"), "{}", err(&output));
    let text = std::fs::read_to_string(&file).unwrap();
    for (name, bytes, said) in [
        ("cut", &text[..text.len() / 2], "damaged or cut off"),
        ("other", "{\"a\": 1}", "does not say that it is one"),
        ("newer", "{\"wattsmith_session\": 99}", "a newer Wattsmith"),
    ] {
        let path = home.path(name);
        std::fs::write(&path, bytes).unwrap();
        let output = import(&path);
        assert_eq!(code(&output), 1, "{name}");
        assert!(err(&output).contains(said), "{name}: {}", err(&output));
    }
    let list = lines(&run(other.command("sessions --json"))).remove(0);
    assert_eq!(list["sessions"].as_array().unwrap().len(), 1, "{list}");
}
