//! The estimate on real processes, and how recordings end.

use crate::machine::{Machine, now, record, unavailable};
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tempfile::NamedTempFile;
use wattsmith_domain::{PowerSample, Scope};

/// A shell that waits for another shell that works until the file is gone.
struct Busy {
    file: Option<NamedTempFile>,
    child: Child,
}

impl Busy {
    /// Returns once the inner one works, so that it is found by the first look at the tree.
    fn start() -> Self {
        let file = NamedTempFile::new().unwrap();
        let work = "sh -c 'echo >\"$0\"; while [ -e \"$0\" ]; do :; done' \"$0\" & wait";
        let child = Command::new("sh")
            .args(["-c", work])
            .arg(file.path())
            .spawn()
            .unwrap();
        let begin = Instant::now();
        while std::fs::metadata(file.path()).unwrap().len() == 0 {
            assert!(begin.elapsed() < Duration::from_secs(20), "it never began");
            std::thread::sleep(Duration::from_millis(5));
        }
        Self {
            file: Some(file),
            child,
        }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        drop(self.file.take());
        let _ = self.child.wait();
    }
}

#[test]
fn the_cpu_seconds_of_a_busy_grandchild_show_up_in_the_estimate() {
    let machine = Machine::bare();
    let meter = machine.meter();
    assert_eq!(
        (meter.scope(), meter.is_measured()),
        (Scope::Estimated, false)
    );
    assert_eq!(
        (meter.source_label().as_str(), meter.sensor_error()),
        ("estimate", 0.5)
    );
    let busy = Busy::start();
    let live: Arc<Mutex<Vec<PowerSample>>> = Arc::default();
    let heard = Arc::clone(&live);
    let recording = meter.record(Some(busy.child.id()), move |sample| {
        heard.lock().unwrap().push(sample);
    });
    let from = now();
    std::thread::sleep(Duration::from_millis(1500));
    let to = now();
    let recorded = recording.finish();
    drop(busy);
    let used = recorded.cpu(from, to).unwrap();
    let window = to.since(from).0;
    assert!(used.engine_s > 0.05, "{used:?}");
    assert!(
        used.engine_s <= window * 1.1,
        "one thread of work: {used:?} in {window} s"
    );
    assert!(used.cores >= 1);
    let energy = recorded.energy(from, to).unwrap();
    let pricing = meter.pricing();
    let expected = pricing.idle.0 * window + pricing.busy_core.0 * used.engine_s;
    assert!(
        (energy.gross.0 - expected).abs() < 1e-6 * expected,
        "{energy:?} {expected}"
    );
    assert!(energy.estimate.is_some() && energy.net.is_none());
    let live = live.lock().unwrap();
    assert!(
        !live.is_empty() && live.len() <= 20,
        "{} live samples",
        live.len()
    );
    assert!(
        live.iter()
            .all(|sample| sample.power.0 > pricing.idle.0 - 1e-3),
        "{live:?}"
    );
}

#[test]
fn without_an_engine_the_estimate_is_the_idle_power() {
    let machine = Machine::bare();
    let meter = machine.meter();
    let (recorded, from, to) = record(&meter, Duration::from_millis(300));
    assert_eq!(recorded.cpu(from, to).unwrap().engine_s, 0.0);
    let watts = recorded.mean_power(from, to).unwrap();
    let idle = meter.pricing().idle.0;
    assert!((watts.0 - idle).abs() < 1e-6, "{watts}");
}

#[test]
fn dropping_a_recording_ends_its_threads() {
    let machine = Machine::bare();
    let meter = machine.meter();
    let held = Arc::new(());
    let by_callback = Arc::clone(&held);
    drop(meter.record(None, move |_| {
        let _ = &by_callback;
    }));
    let begin = Instant::now();
    while Arc::strong_count(&held) > 1 {
        assert!(
            begin.elapsed() < Duration::from_secs(10),
            "the thread lives on"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn finishing_reads_every_sensor_once_more_and_does_not_wait_for_the_next_period() {
    let machine = Machine::bare();
    let meter = machine.meter();
    for _ in 0..20 {
        let recording = meter.record(None, |_| {});
        let (from, to) = (now(), now());
        let recorded = recording.finish();
        assert!(recorded.cpu(from, to).is_some());
    }
}

#[test]
fn a_machine_without_procfs_has_no_figure_and_says_so() {
    let machine = Machine::bare();
    std::fs::remove_file(machine.root().join("proc")).unwrap();
    let meter = machine.meter();
    let (reason, _) = unavailable(&meter.sensors(), "Estimate");
    assert!(reason.contains("cannot be read"), "{reason}");
    let (recorded, from, to) = record(&meter, Duration::from_millis(150));
    let error = recorded.energy(from, to).unwrap_err();
    assert!(
        error.to_string().contains("no energy sensor answers"),
        "{error}"
    );
}
