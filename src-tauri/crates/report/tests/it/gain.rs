//! The first section: what was gained, what was given up, what is certain.

use wattsmith_domain::{EnergyUnit, SessionRecord, Settings, Value, WorkUnit};
use wattsmith_report::{ReportOptions, html_with, json_with, markdown_with};
use wattsmith_testkit::fixtures::{self, Fixture, Shown};

fn entered() -> Settings {
    Settings {
        price_per_kwh: Some(0.32),
        currency: "€".to_owned(),
        grid_g_per_kwh: Some(380.0),
        answers_per_day: Some(25_000),
        ..Settings::default()
    }
}

fn with(settings: Settings) -> ReportOptions {
    ReportOptions {
        settings,
        ..ReportOptions::default()
    }
}

/// The section as Markdown.
fn section(record: &SessionRecord, settings: Settings) -> String {
    let text = markdown_with(record, &with(settings));
    let (_, rest) = text.split_once("### In plain words").expect("the section");
    let end = rest.find("\n### ").unwrap_or(rest.len());
    rest[..end].to_owned()
}

#[test]
fn a_lay_reader_is_told_what_was_gained_given_up_and_is_certain() {
    for (name, record) in [
        ("confirmed", fixtures::confirmed()),
        ("measured", fixtures::measured()),
        ("estimated", fixtures::estimated()),
    ] {
        insta::assert_snapshot!(format!("gain_{name}"), section(&record, entered()));
    }
    insta::assert_snapshot!(
        "gain_nothing_entered",
        section(&fixtures::confirmed(), Settings::default())
    );
}

#[test]
fn money_and_carbon_are_shown_only_once_they_were_entered_and_one_line_says_where() {
    let record = fixtures::confirmed();
    let bare = section(&record, Settings::default());
    assert!(bare.contains("Wh") && !bare.contains('€'), "{bare}");
    assert_eq!(bare.matches("Not shown").count(), 1, "{bare}");
    for missing in [
        "price of a kWh",
        "grid intensity",
        "answers a day",
        "Settings",
    ] {
        assert!(bare.contains(missing), "{missing}: {bare}");
    }
    let full = section(&record, entered());
    assert!(!full.contains("Not shown"), "{full}");
    assert!(
        full.contains("kWh") && full.contains('€') && full.contains("CO₂e"),
        "{full}"
    );
    // Without a count there is no year, and money is that of a thousand answers.
    let counted = Settings {
        answers_per_day: None,
        ..entered()
    };
    let text = section(&record, counted);
    assert!(!text.contains("A year") && text.contains('€'), "{text}");
    // A price without its currency is no money.
    let bare = Settings {
        currency: String::new(),
        ..entered()
    };
    assert!(section(&record, bare).contains("its currency"));
}

#[test]
fn what_was_not_confirmed_is_not_called_saved() {
    for (label, record) in fixtures::every_outcome() {
        let text = markdown_with(&record, &with(entered()));
        let Some((_, gain)) = text.split_once("### In plain words") else {
            assert_eq!(label, "nothing");
            continue;
        };
        let gain = gain.split("\n### ").next().unwrap();
        let claims = gain.contains("have confirmed that it is less");
        let decided = label == "confirmed" || label == "less";
        assert_eq!(claims, decided, "{label}: {gain}");
        if !decided {
            for line in gain.lines().filter(|line| line.starts_with("- Saved")) {
                assert!(line.contains("if it is confirmed"), "{label}: {line}");
            }
            assert!(!gain.contains("Certain:"), "{label}: {gain}");
        }
    }
}

#[test]
fn an_estimate_is_called_one_beside_every_amount() {
    let gain = section(&fixtures::estimated(), entered());
    assert!(gain.starts_with(", ESTIMATED"), "{gain}");
    for line in gain.lines().filter(|line| line.contains("**")) {
        assert!(line.contains("estimated"), "{line}");
    }
    assert!(gain.contains("No power sensor was read"), "{gain}");
}

#[test]
fn settings_that_can_change_answers_are_named() {
    let record = Fixture::on_gpu()
        .trial(&[], &[Shown(420.0, 118.0), Shown(421.0, 118.2)])
        .trial(
            &[("cache-type-k", Value::Choice("q8_0".to_owned()))],
            &[Shown(520.0, 118.0), Shown(521.0, 118.1)],
        );
    let mut record = record.build();
    record.session.objective.constraints.quality_lock = false;
    let gain = section(&record, entered());
    assert!(gain.contains("Answers may change: cache-type-k"), "{gain}");
    record.session.workload.unit = WorkUnit::Image;
    let gain = section(&record, entered());
    assert!(gain.contains("1,000 images"), "{gain}");
    assert!(gain.contains("Pictures may change"), "{gain}");
}

#[test]
fn amounts_are_in_the_unit_that_was_chosen_and_the_same_in_every_format() {
    let record = fixtures::confirmed();
    let joules = Settings {
        energy_unit: EnergyUnit::Joules,
        ..entered()
    };
    let text = section(&record, joules);
    assert!(text.contains("kJ") && text.contains("kWh"), "{text}");
    let text = section(&record, entered());
    let page = html_with(&record, &with(entered())).unwrap();
    let page = page.replace('\u{a0}', " ");
    for line in text.lines().filter(|line| line.contains("**")) {
        let value = line.split("**").nth(1).unwrap();
        assert!(page.contains(value), "{value}");
    }
    let json = json_with(&record, &with(entered())).unwrap();
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["worth"]["standing"], "confirmed");
    assert_eq!(json["worth"]["price_per_kwh"], 0.32);
    assert!(json["worth"]["saved_joules"]["mean"].as_f64().unwrap() > 0.0);
}
