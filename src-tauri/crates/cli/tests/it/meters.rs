//! `meters`: added, listed, tested and taken out.

use crate::call::{Home, code, err, lines, out, run};

#[test]
fn a_meter_is_added_read_listed_and_taken_out() {
    let home = Home::new();
    let add = |words: &str| {
        let mut command = home.command("meters add mine");
        command.args(words.split_whitespace());
        run(command)
    };
    let added =
        add("--kind command --mode once --unit watts --scope platform --error 0.05 -- echo 42");
    assert_eq!(code(&added), 0, "{}", err(&added));
    assert!(
        out(&added).contains("42.0 W (whole platform)"),
        "{}",
        out(&added)
    );

    let list = lines(&run(home.command("meters list --json"))).remove(0);
    let meter = &list["meters"][0];
    assert_eq!(
        (&meter["name"], &meter["answers"]),
        (&"mine".into(), &true.into())
    );
    assert!(list["estimate"]["idle_w"].as_f64().unwrap() > 0.0);
    assert!(
        list["beside"].as_array().unwrap().contains(&"mine".into()),
        "{list}"
    );
    let tested = lines(&run(home.command("meters test mine --json"))).remove(0);
    assert_eq!(tested["watts"], 42.0);

    // The same name changes it; one that does not answer is kept and says why.
    let changed = add("--kind tasmota --url http://127.0.0.1:9");
    assert_eq!(code(&changed), 1);
    assert!(
        err(&changed).contains("cannot be reached"),
        "{}",
        err(&changed)
    );
    let list = out(&run(home.command("meters list")));
    assert!(
        list.contains("tasmota") && list.contains("does not answer"),
        "{list}"
    );

    assert_eq!(code(&run(home.command("meters remove mine"))), 0);
    assert!(out(&run(home.command("meters list"))).contains("No meter of your own"));
    assert_eq!(code(&run(home.command("meters remove mine"))), 2);
}

#[test]
fn what_cannot_be_a_meter_is_bad_usage_and_a_broken_file_says_its_line() {
    let home = Home::new();
    for (words, reason) in [
        ("--kind shelly2", "needs `url`"),
        ("--kind shelly3 --url http://a", "unknown variant"),
        (
            "--kind prometheus --url http://a --query up",
            "needs `unit`",
        ),
        (
            "--kind tasmota --url http://a --query up",
            "does not belong",
        ),
    ] {
        let mut command = home.command("meters add mine");
        command.args(words.split_whitespace());
        let output = run(command);
        assert_eq!(code(&output), 2, "{}", err(&output));
        assert!(err(&output).contains(reason), "{}", err(&output));
    }
    std::fs::create_dir_all(home.path("data")).unwrap();
    let file = home.path("data/meters.toml");
    let text = "# mine\n[[meter]]\nname = 5\n";
    std::fs::write(&file, text).unwrap();
    let output = run(home.command("meters list"));
    assert_eq!(code(&output), 1);
    assert!(err(&output).contains("line 3"), "{}", err(&output));
    let doctor = lines(&run(home.command("doctor --fresh --json"))).remove(0);
    let sensors = doctor["machine"]["sensors"].as_array().unwrap();
    assert!(sensors.iter().any(|one| {
        one["reason"]
            .as_str()
            .is_some_and(|why| why.contains("line 3"))
    }));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
}

#[test]
fn without_any_meter_there_is_nothing_to_calibrate_against() {
    let home = Home::new();
    let list = lines(&run(home.command("meters list --json"))).remove(0);
    if !list["figure"].as_array().unwrap().is_empty() {
        return; // This machine has a sensor, and calibrating takes a minute of full load.
    }
    let output = run(home.command("meters calibrate"));
    assert_eq!(code(&output), 1);
    assert!(
        err(&output).contains("no meter answers"),
        "{}",
        err(&output)
    );
}

#[test]
fn what_lets_somebody_into_a_meter_stays_in_its_file() {
    let home = Home::new();
    let mut add = home.command("meters add plug --kind shelly2");
    add.args(["--url", "http://sam:hunter2@127.0.0.1:9"]);
    let added = run(add);
    let mut add = home.command("meters add mine --kind command --unit watts --scope wall");
    add.args(["--mode", "once", "--error", "0.05", "--"]);
    add.args(["false", "--password", "hunter2", "http://h/?token=hunter2"]);
    let program = run(add);
    let told = [
        added,
        program,
        run(home.command("meters list")),
        run(home.command("meters list --json")),
        run(home.command("meters test plug --json")),
        run(home.command("doctor")),
        run(home.command("doctor --json")),
    ];
    for output in &told {
        let all = out(output) + &err(output);
        assert!(!all.contains("hunter2"), "{all}");
    }
    // It is asked with it all the same, and nobody else may read the file.
    use std::os::unix::fs::PermissionsExt as _;
    let file = lines(&told[3])[0]["file"].as_str().unwrap().to_owned();
    assert!(std::fs::read_to_string(&file).unwrap().contains("hunter2"));
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0);
}

#[test]
fn which_reader_stands_is_listed_and_an_unknown_device_or_reader_is_refused() {
    let home = Home::new();
    let list = lines(&run(home.command("meters reader --json"))).remove(0);
    assert!(list["readers"].is_array(), "{list}");
    for (words, status, reason) in [
        ("meters reader gpu", 2, "say which reader stands"),
        ("meters reader gpu loudest", 2, "loudest"),
        ("meters reader no-such-device counter", 2, "ead in two ways"),
    ] {
        let output = run(home.command(words));
        assert_eq!(code(&output), status, "{}", err(&output));
        assert!(err(&output).contains(reason), "{}", err(&output));
    }
}
