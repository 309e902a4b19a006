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
