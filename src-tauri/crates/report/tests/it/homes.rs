//! The person's home is in no format of a report, unless it is asked for.

use wattsmith_domain::{Difference, FailureCause, SessionRecord, TrialState, Warning, WarningKind};
use wattsmith_report::{ReportOptions, charts_with, csv_with, html_with, json_with, markdown_with};
use wattsmith_testkit::fixtures;

const HOME: &str = "/home/planted-sam";

/// A record that tells of the home wherever a path can stand.
fn planted() -> SessionRecord {
    let path = format!("{HOME}/my models/a.gguf");
    let mut record = fixtures::everything();
    record.session.name = format!("Tuning {path}");
    record.session.engine.path = format!("{HOME}/bin/llama-server");
    record.session.model.path = path.clone();
    record.session.warnings.push(Warning {
        kind: WarningKind::OtherLoad,
        text: format!("{HOME}/bin/other used 40 % of the CPU"),
        fault: None,
    });
    for trial in &mut record.trials {
        trial.note = Some(format!("the log lies in {HOME}/logs"));
        if let Some(launch) = &mut trial.launch {
            launch.argv[0] = format!("{HOME}/bin/llama-server");
            launch.argv.push(format!("--lora={path}"));
            launch.differences.push(Difference {
                name: "model".to_owned(),
                asked: path.clone(),
                used: path.clone(),
            });
        }
        for repeat in &mut trial.repeats {
            repeat.warnings.push(Warning {
                kind: WarningKind::OtherLoad,
                text: format!("{HOME}/x was busy"),
                fault: None,
            });
        }
        if let TrialState::Failed { message, cause, .. } = &mut trial.state {
            *message = format!("cannot open {path}");
            *cause = FailureCause::ModelNotFound;
        }
    }
    for exchange in &mut record.exchanges {
        exchange.prompt = format!("The model is {path}.");
        exchange.reply = format!("I read {path}.");
    }
    for feedback in &mut record.feedback {
        feedback.draft = format!("see {HOME}");
    }
    record
}

fn every_format(options: &ReportOptions) -> Vec<(&'static str, String)> {
    let record = planted();
    let mut all = vec![
        ("html", html_with(&record, options).unwrap()),
        ("csv", csv_with(&record, options)),
        ("json", json_with(&record, options).unwrap()),
        ("md", markdown_with(&record, options)),
    ];
    let charts = charts_with(&record, options).unwrap();
    all.extend(charts.into_iter().map(|one| (one.name, one.svg)));
    all
}

#[test]
fn no_format_tells_the_home_unless_asked_for() {
    let hidden = ReportOptions {
        homes: vec![HOME.to_owned()],
        ..ReportOptions::default()
    };
    for (format, text) in every_format(&hidden) {
        assert!(!text.contains("planted-sam"), "{format}: {text}");
    }
    let told = every_format(&ReportOptions::default());
    for (format, text) in &told[..4] {
        assert!(text.contains("planted-sam"), "{format}");
    }
}

#[test]
fn the_command_can_still_be_pasted() {
    let hidden = ReportOptions {
        homes: vec![HOME.to_owned()],
        ..ReportOptions::default()
    };
    let page = markdown_with(&planted(), &hidden);
    assert!(page.contains("\n~/bin/llama-server"), "{page}");
    assert!(
        page.contains("--lora=\"$HOME\"/'my models/a.gguf'"),
        "{page}"
    );
}
