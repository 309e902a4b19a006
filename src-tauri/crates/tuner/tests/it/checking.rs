//! The bundle of a session that was really measured is checked by its own program, without Wattsmith.

use crate::bench::{Bench, machine, tiny};
use wattsmith_testkit::fake_nvml::FakeNvml;
use wattsmith_testkit::unpacked::Unpacked;
use wattsmith_tuner::{Format, ReportWish, SessionPlan, WorkSize};

/// A board whose power goes up and down within the window.
const LOAD: &str = "name 0 Scripted H100\nuuid 0 GPU-aa\npower 0 square 80 260 700\n";

/// Measures the default of a session with these sensors and checks its bundle; gives the sources and what the
/// program said.
async fn checked(driver: Option<&FakeNvml>) -> (String, String) {
    let bench = Bench::with(driver.map(FakeNvml::library)).await;
    let plan = SessionPlan {
        size: WorkSize {
            requests: Some(8),
            concurrency: Some(2),
            output_tokens: Some(16),
            arrivals: None,
        },
        ..tiny()
    };
    let (session, record) = bench.measured(plan).await;
    let trial = record.default_trial().unwrap();
    assert_eq!(trial.repeats.len(), 2, "{:?}", trial.state);
    let out = bench.folder().join("bundle.tar");
    let wish = ReportWish::new(Format::Bundle, Some(&out));
    bench.tuner.report_as(&session, wish).await.unwrap();
    let bundle = Unpacked::of(&out).unwrap();
    let (code, said) = bundle.recomputed().unwrap();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("Windows checked: 2. Wrong: 0."), "{said}");

    // A session that was taken in from a file is checked as well.
    let file = bench.folder().join("session.json");
    bench.tuner.export_session(&session, &file).await.unwrap();
    let elsewhere = Bench::new().await;
    let there = elsewhere.tuner.import_session(&file).await.unwrap();
    let wish = ReportWish::new(Format::Bundle, Some(&out));
    elsewhere.tuner.report_as(&there, wish).await.unwrap();
    let (code, again) = Unpacked::of(&out).unwrap().recomputed().unwrap();
    assert_eq!((code, &again), (Some(0), &said));
    (trial.repeats[0].energy.source(), said)
}

#[tokio::test]
async fn what_a_counter_told_is_enough_to_work_its_joules_out_again() {
    let driver = FakeNvml::new(LOAD).unwrap();
    let _machine = machine().await;
    let (source, said) = checked(Some(&driver)).await;
    assert_eq!(source, "nvml-counter", "{said}");
}

#[tokio::test]
async fn what_a_board_without_a_counter_told_is_enough_to_work_its_joules_out_again() {
    let driver = FakeNvml::new(&format!("{LOAD}counter 0 3\n")).unwrap();
    let _machine = machine().await;
    let (source, said) = checked(Some(&driver)).await;
    assert_eq!(source, "nvml-instant", "{said}");
}

#[tokio::test]
async fn an_estimate_is_worked_out_again_like_any_other() {
    let _machine = machine().await;
    let (source, said) = checked(None).await;
    assert_eq!(source, "estimate", "{said}");
}
