//! A bundle is checked by its own program alone, whatever its joules came of, and says what it cannot check.

use std::path::PathBuf;
use tempfile::TempDir;
use wattsmith_domain::{
    EnergyReading, Joules, Marks, MonotonicNs, PowerSample, Reckoning, Repeat, Seconds,
    SessionRecord, Tokens, Watts, WindowOf,
};
use wattsmith_report::{KeptSamples, ReportOptions, bundle_with};
use wattsmith_testkit::fixtures::{self, Fixture, Shown};
use wattsmith_testkit::unpacked::Unpacked;

/// A clock that began long before.
const BEGAN: u64 = 90_000_000_000_123;

fn at(seconds: f64) -> MonotonicNs {
    MonotonicNs(BEGAN + (seconds * 1e9).round() as u64)
}

fn power(period: f64, until: f64, watts: impl Fn(f64) -> f64) -> Vec<PowerSample> {
    let count = (until / period) as u32;
    (0..=count)
        .map(|nth| f64::from(nth) * period)
        .map(|when| PowerSample {
            at: at(when),
            power: Watts(watts(when)),
        })
        .collect()
}

/// A counter that ticks ten times a second, read every 20 ms, a little after each tick.
fn counter(energy: impl Fn(f64) -> f64) -> Vec<EnergyReading> {
    (0..700_u32)
        .map(|nth| EnergyReading {
            at: at(f64::from(nth) * 0.02 + 0.007),
            energy: Joules(81_000_000.0 + energy(f64::from(nth / 5) * 0.1)),
        })
        .collect()
}

/// A way to reckon with the window's edges, its joules, and what was kept of it.
struct Case(Reckoning, f64, f64, f64, KeptSamples);

const DEVICE: &str = "NVIDIA RTX A4000 (GPU-0f3a)";

fn told(power: Vec<PowerSample>) -> KeptSamples {
    KeptSamples {
        power: vec![(DEVICE.to_owned(), power)],
        readings: Vec::new(),
    }
}

fn cases() -> Vec<Case> {
    let counted = |energy: &dyn Fn(f64) -> f64| KeptSamples {
        power: vec![(DEVICE.to_owned(), power(0.1, 14.0, |_| 7.0))],
        readings: vec![(DEVICE.to_owned(), counter(energy))],
    };
    let ticks = Reckoning::Counter {
        update: Some(Seconds(0.1)),
    };
    // Constant; and from rest to work in the middle between two ticks, where a straight line is 15 J off.
    let step = |t: f64| 100.0 * t + 300.0 * (t - 2.05).max(0.0);
    vec![
        Case(ticks, 2.03, 12.03, 2000.0, counted(&|t: f64| 200.0 * t)),
        Case(
            ticks,
            2.047,
            11.997,
            step(12.0) - step(2.05),
            counted(&step),
        ),
        Case(
            Reckoning::Power { lag: Seconds(0.05) },
            2.0,
            12.0,
            // The line from 2.05 to 12.05 s.
            1000.0 + 10.0 * (12.05 * 12.05 - 2.05 * 2.05),
            told(power(0.1, 14.0, |t| 100.0 + 20.0 * t)),
        ),
        Case(
            // The last value is held where the window is shifted beyond it.
            Reckoning::Power { lag: Seconds(0.5) },
            2.0,
            12.0,
            1500.0,
            told(power(0.1, 12.1, |_| 150.0)),
        ),
        Case(
            Reckoning::Averages {
                stretch: Seconds(1.0),
                update: Seconds(0.1),
            },
            4.2,
            64.7,
            150.0 * 60.5,
            told(power(0.025, 66.0, |_| 150.0)),
        ),
        Case(
            Reckoning::CpuTime,
            2.5,
            10.5,
            // Half of the step up to 3 s, seven whole ones, half of the one up to 11 s.
            8.0 + 168.0 + 16.0,
            told(power(1.0, 12.0, |t| 10.0 + 2.0 * t)),
        ),
    ]
}

/// A session with a window for each case and one that an older Wattsmith measured.
fn session() -> (SessionRecord, Vec<(WindowOf, KeptSamples)>) {
    let cases = cases();
    let shown = vec![Shown(100.0, 200.0); cases.len() + 1];
    let mut record = Fixture::on_gpu().trial(&[], &shown).build();
    let trial = &mut record.trials[0];
    let mut kept = Vec::new();
    for (repeat, case) in trial.repeats.iter_mut().zip(cases) {
        let Case(reckoning, from, to, joules, samples) = case;
        repeat.marks = Some(Marks {
            from: at(from),
            to: at(to),
        });
        repeat.units = Tokens(500);
        repeat.energy.gross = Joules(joules);
        repeat.energy.devices[0].joules = Joules(joules);
        repeat.energy.devices[0].reckoning = Some(reckoning);
        kept.push((WindowOf::Trial(trial.id.clone(), repeat.index), samples));
    }
    (record, kept)
}

fn unpacked(
    record: &SessionRecord,
    kept: &[(WindowOf, KeptSamples)],
    options: &ReportOptions,
) -> (TempDir, Unpacked) {
    let folder = tempfile::tempdir().unwrap();
    let file: PathBuf = folder.path().join("bundle.tar");
    std::fs::write(&file, bundle_with(record, kept, options).unwrap()).unwrap();
    let unpacked = Unpacked::of(&file).unwrap();
    (folder, unpacked)
}

fn first(record: &mut SessionRecord) -> &mut Repeat {
    &mut record.trials[0].repeats[0]
}

#[test]
fn every_way_of_reckoning_is_worked_out_again_and_a_window_without_samples_is_named() {
    let (record, kept) = session();
    let (_folder, bundle) = unpacked(&record, &kept, &ReportOptions::default());
    let (code, said) = bundle.recomputed().unwrap();
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("Windows checked: 6. Wrong: 0. Without samples, not checked: 1."),
        "{said}"
    );
    assert!(said.contains("no samples kept: "), "{said}");
    // All that the record says of the first window stands beside its samples.
    let told = std::fs::read(bundle.path("windows/trial-1-repeat-1.json")).unwrap();
    let told: serde_json::Value = serde_json::from_slice(&told).unwrap();
    assert_eq!(told["units"], 500);
    assert_eq!(told["marks_ns"]["from"], at(2.03).0);
    assert_eq!(told["recorded"]["idle_watts"], 62.0);
    assert_eq!(told["devices"][0]["source"], "nvml-counter");
    assert!(told["launch"]["argv"][0].is_string(), "{told}");
}

#[test]
fn a_changed_sample_is_told_by_its_hash_and_with_new_hashes_by_the_joules() {
    let (record, kept) = session();
    let (_folder, bundle) = unpacked(&record, &kept, &ReportOptions::default());
    let samples = bundle.path("windows/trial-1-repeat-3.csv");
    let before = std::fs::read_to_string(&samples).unwrap();
    let line = before.lines().nth(60).unwrap();
    let (place, watts) = line.rsplit_once(',').unwrap();
    let more = watts.parse::<f64>().unwrap() + 100.0;
    std::fs::write(&samples, before.replace(line, &format!("{place},{more}"))).unwrap();
    let (code, said) = bundle.recomputed().unwrap();
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("windows/trial-1-repeat-3.csv: not the file"),
        "{said}"
    );
    bundle.hash_anew().unwrap();
    let (code, said) = bundle.recomputed().unwrap();
    assert_eq!(code, Some(1), "{said}");
    assert!(!said.contains("not the file"), "{said}");
    assert!(said.contains("Wrong: 1."), "{said}");
    let row = said.lines().find(|line| line.contains("repeat 3")).unwrap();
    assert!(row.ends_with("differs"), "{said}");
}

#[test]
fn a_figure_that_its_samples_do_not_bear_out_is_told() {
    let (mut record, kept) = session();
    let repeat = first(&mut record);
    repeat.energy.gross = Joules(repeat.energy.gross.0 * 0.998);
    let (_folder, bundle) = unpacked(&record, &kept, &ReportOptions::default());
    let (code, said) = bundle.recomputed().unwrap();
    assert_eq!(code, Some(1), "{said}");
    // And samples that are cut off are none that bear anything out.
    let (record, mut kept) = session();
    kept[2].1.power[0].1.truncate(50);
    let (_folder, bundle) = unpacked(&record, &kept, &ReportOptions::default());
    let (code, said) = bundle.recomputed().unwrap();
    assert_eq!(code, Some(1), "{said}");
}

#[test]
fn where_nothing_can_be_checked_that_is_no_success() {
    let record = fixtures::everything();
    let (_folder, bundle) = unpacked(&record, &[], &ReportOptions::default());
    let (code, said) = bundle.recomputed().unwrap();
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("no samples kept: "), "{said}");
    let windows = record.trials.iter().map(|one| one.repeats.len());
    let confirmed = record.confirmations.iter();
    let fresh = confirmed.map(|one| one.best.len() + one.default.len());
    let undone = record.undoing.iter().flat_map(|one| &one.changes);
    let undone = undone.map(|one| one.undone.len() + one.winner.len());
    let all: usize = windows.chain(fresh).chain(undone).sum();
    assert!(
        said.contains(&format!(
            "checked: 0. Wrong: 0. Without samples, not checked: {all}."
        )),
        "{said}"
    );
}

#[test]
fn a_home_in_the_name_of_a_meter_is_hidden_and_its_samples_are_found() {
    let (mut record, mut kept) = session();
    let name = "/home/sam/bin/my-meter";
    first(&mut record).energy.devices[0].device = name.to_owned();
    kept[0].1.readings[0].0 = name.to_owned();
    kept[0].1.power[0].0 = name.to_owned();
    let options = ReportOptions {
        homes: vec!["/home/sam".to_owned()],
        ..ReportOptions::default()
    };
    let whole = bundle_with(&record, &kept, &options).unwrap();
    assert!(!String::from_utf8_lossy(&whole).contains("/home/sam"));
    let (_folder, bundle) = unpacked(&record, &kept, &options);
    let (code, said) = bundle.recomputed().unwrap();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("Windows checked: 6."), "{said}");
}
