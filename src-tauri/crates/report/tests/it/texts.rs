//! Markdown, CSV and JSON.

use wattsmith_domain::{
    Connection, EarlierPoint, EarlierSession, Memory, SensorFault, SessionId, SessionRecord,
    TrialState, Warning, WarningKind,
};
use wattsmith_report::{csv, html, json, markdown};
use wattsmith_testkit::fixtures;

#[test]
fn notes_are_as_they_were() {
    for (name, record) in [
        ("empty", fixtures::empty()),
        ("measured", fixtures::measured()),
        ("confirmed", fixtures::confirmed()),
        ("estimated", fixtures::estimated()),
        ("with_failure", fixtures::with_failure()),
        ("hostile", fixtures::hostile()),
    ] {
        insta::assert_snapshot!(name, markdown(&record));
    }
}

#[test]
fn tables_are_as_they_were() {
    insta::assert_snapshot!("table_confirmed", csv(&fixtures::confirmed()));
    insta::assert_snapshot!("table_estimated", csv(&fixtures::estimated()));
}

/// Made: a plug that reads too little beside a GPU whose two readers contradict each other, and a trial
/// whose sensor froze.
#[test]
fn a_sensors_fault_is_told_with_its_code_in_every_format() {
    let warning = |kind, text: &str, fault| Warning {
        kind,
        text: text.to_owned(),
        fault: Some(fault),
    };
    let mut record = fixtures::with_failure();
    let repeat = &mut record.trials[0].repeats[0];
    repeat.energy.undecided = vec!["GPU 0".to_owned()];
    repeat.warnings.extend([
        warning(
            WarningKind::SensorDisagreement,
            "GPU 0: its energy counter told 100 W and its power 150 W.",
            SensorFault::ReadersContradict,
        ),
        warning(
            WarningKind::SensorDoubtful,
            "plug: it told 50 W, less than what it should contain.",
            SensorFault::LessThanItsParts,
        ),
    ]);
    record.session.machine.sensors[0].fault = Some(SensorFault::Mirrored);
    for trial in &mut record.trials {
        if let TrialState::Failed { fault, message, .. } = &mut trial.state {
            *fault = Some(SensorFault::Frozen);
            *message = "plug is frozen".to_owned();
        }
    }
    let page = html(&record).unwrap();
    for (format, text) in [
        ("HTML", page.as_str()),
        ("Markdown", &markdown(&record)),
        ("JSON", &json(&record).unwrap()),
    ] {
        for code in ["readers-contradict", "less-than-its-parts", "frozen"] {
            assert!(text.contains(code), "{format} lacks {code}");
        }
    }
    for code in ["[readers-contradict]", "[less-than-its-parts]"] {
        assert!(csv(&record).contains(code), "CSV lacks {code}");
    }
    assert!(page.contains("[mirrored]"));
    assert!(markdown(&record).contains("NOT CERTAIN"));
    assert!(page.contains("nobody has said yet which one"));
}

/// A reader of RFC 4180, for the test.
fn read_csv(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.next_if_eq(&'"').is_some() => cell.push('"'),
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut cell)),
            '\r' if !quoted => {}
            '\n' if !quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            _ => cell.push(letter),
        }
    }
    rows
}

#[test]
fn every_window_is_one_row_with_its_figures_in_full() {
    let mut record = fixtures::everything();
    record.session.name = "=HYPERLINK(\"x\"),\n\"quoted\"".to_owned();
    let rows = read_csv(&csv(&record));
    let trials: usize = record
        .trials
        .iter()
        .map(|one| one.repeats.len() + one.discarded.len())
        .sum();
    let confirmations: usize = record
        .confirmations
        .iter()
        .map(|one| one.best.len() + one.default.len() + one.discarded.len())
        .sum();
    assert_eq!(rows.len(), 1 + trials + confirmations);
    assert!(rows.iter().all(|row| row.len() == rows[0].len()));
    let column = |name: &str| rows[0].iter().position(|head| head == name).unwrap();
    let first = &record.trials[0].repeats[0];
    assert_eq!(
        rows[1][column("joules_per_unit_gross_J")].parse(),
        Ok(first.joules_per_unit())
    );
    assert_eq!(
        rows[1][column("session")],
        "'=HYPERLINK(\"x\"),\n\"quoted\""
    );
    assert_eq!(rows[1][column("set_threads")], "8");
}

#[test]
fn json_holds_the_whole_record_and_what_follows_from_it() {
    let record = fixtures::confirmed();
    let report: serde_json::Value = serde_json::from_str(&json(&record).unwrap()).unwrap();
    assert_eq!(report["schema"], "wattsmith-report/1");
    assert_eq!(report["measured"], true);
    let trials = report["record"]["trials"].as_array().unwrap();
    assert_eq!(trials.len(), record.trials.len());
    let back: SessionRecord = serde_json::from_value(report["record"].clone()).unwrap();
    assert_eq!(back.session, record.session);
    assert_eq!(back.exchanges, record.exchanges);
    let mut analysis = report["analysis"].clone();
    round(&mut analysis);
    insta::assert_json_snapshot!("analysis_confirmed", analysis);
}

/// To six digits, so that another processor's last bit is no difference.
fn round(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(fields) => fields.values_mut().for_each(round),
        serde_json::Value::Array(list) => list.iter_mut().for_each(round),
        serde_json::Value::Number(number) if number.is_f64() => {
            let digits = format!("{:.5e}", number.as_f64().unwrap());
            *value = digits.parse::<f64>().unwrap().into();
        }
        _ => {}
    }
}

#[test]
fn what_a_search_drew_on_is_said_and_never_counted() {
    let mut record = fixtures::confirmed();
    let alone = markdown(&record);
    let earlier = SessionId::from("earlier");
    record.session.memory = Memory {
        sessions: vec![EarlierSession {
            doubts: "2 of 12 windows were disturbed".to_owned(),
            id: earlier.clone(),
            name: "SmolLM2 · batch".to_owned(),
            model: "SmolLM2".to_owned(),
            differs: "the workload batch".to_owned(),
            weight: 0.5,
        }],
        points: vec![EarlierPoint {
            worth: 1.0,
            session: earlier,
            configuration: record.session.space.default_configuration(),
            relative: 1.0,
        }],
    };
    let note = "drew on one configuration measured in one earlier session: SmolLM2 · batch (the \
                workload batch; 2 of 12 windows were disturbed)";
    let report: serde_json::Value = serde_json::from_str(&json(&record).unwrap()).unwrap();
    assert!(report["memory"].as_str().unwrap().contains(note));
    assert!(wattsmith_report::html(&record).unwrap().contains(note));
    let with = markdown(&record);
    assert!(with.contains(note), "{with}");
    let others = |line: &&str| !line.contains("Memory: ");
    assert!(with.lines().filter(others).eq(alone.lines()));
}

#[test]
fn no_secret_leaves_in_any_format() {
    let mut record = fixtures::confirmed();
    record.session.connection = Some(Connection::OpenAi {
        base_url: "https://sam:s3cret@host/v1".to_owned(),
        model: "m".to_owned(),
    });
    for trial in &mut record.trials {
        let launch = trial.launch.as_mut().unwrap();
        let key = launch
            .argv
            .iter()
            .position(|one| one == "--api-key")
            .unwrap();
        launch.argv[key + 1] = "s3cret".to_owned();
    }
    for text in [
        wattsmith_report::html(&record).unwrap(),
        csv(&record),
        json(&record).unwrap(),
        markdown(&record),
    ] {
        assert!(!text.contains("s3cret"));
    }
}
