//! A real Prometheus server that scrapes an exporter of the test's own, read as a meter.

use crate::machine::{Machine, now};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use wattsmith_domain::{MeterRole, MeterUnit, OutsideKind, OutsideMeter, Scope};
use wattsmith_meter::{Meter, MeterOptions, OutsideSettings, try_meter};

/// Long enough for a server that shares two cores with a build.
const PATIENCE: Duration = Duration::from_secs(120);
/// What the exporter says is drawn, and counted.
const WATTS: f64 = 50.0;

/// Says 50 W, and joules that grow by 50 a second, until it is switched off.
struct Exporter {
    address: String,
    on: Arc<AtomicBool>,
}

impl Exporter {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let on = Arc::new(AtomicBool::new(true));
        let is_on = Arc::clone(&on);
        let begin = Instant::now();
        // It ends with the test process.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
                while lines.next().is_some_and(|line| !line.is_empty()) {}
                let status = if is_on.load(Ordering::Relaxed) {
                    "200 OK"
                } else {
                    "503 Service Unavailable"
                };
                let millijoules = begin.elapsed().as_secs_f64() * WATTS * 1e3;
                let body = format!(
                    "board_watts{{gpu=\"0\"}} {WATTS}\nboard_millijoules_total {millijoules}\n\
                     per_board{{gpu=\"0\"}} 1\nper_board{{gpu=\"1\"}} 2\n\
                     shared_watts{{UUID=\"GPU-1\",pod=\"a\"}} {WATTS}\n\
                     shared_watts{{UUID=\"GPU-1\",pod=\"b\"}} {WATTS}\n"
                );
                let _ = write!(
                    &stream,
                    "HTTP/1.1 {status}\r\ncontent-type: text/plain\r\nconnection: close\r\n\
                     content-length: {}\r\n\r\n{body}",
                    body.len()
                );
            }
        });
        Self { address, on }
    }
}

/// The server, on 127.0.0.1 only; killed when dropped.
struct Prometheus {
    url: String,
    child: Child,
    _data: TempDir,
}

impl Prometheus {
    fn start(exporter: &Exporter) -> Self {
        Self::scraping(&format!(
            "{{job_name: test, static_configs: [{{targets: ['{}']}}]}}",
            exporter.address
        ))
    }

    /// One that gets its series from another server.
    fn above(other: &Self) -> Self {
        let target = other.url.trim_start_matches("http://");
        Self::scraping(&format!(
            "{{job_name: federate, honor_labels: true, metrics_path: /federate, \
             params: {{'match[]': ['{{job=\"test\"}}']}}, \
             static_configs: [{{targets: ['{target}']}}]}}"
        ))
    }

    fn scraping(job: &str) -> Self {
        let data = tempfile::tempdir().unwrap();
        let config = data.path().join("prometheus.yml");
        let text = format!(
            "global: {{scrape_interval: 1s, scrape_timeout: 1s}}\nscrape_configs:\n- {job}\n"
        );
        std::fs::write(&config, text).unwrap();
        let address = {
            let free = TcpListener::bind("127.0.0.1:0").unwrap();
            free.local_addr().unwrap()
        };
        let child = Command::new("prometheus")
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", data.path().display()))
            .arg(format!("--web.listen-address={address}"))
            .arg("--log.level=error")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("prometheus cannot be started ({error}); run `scripts/setup test` first")
            });
        Self {
            url: format!("http://{address}"),
            child,
            _data: data,
        }
    }

    fn meter(&self, query: &str, unit: MeterUnit) -> OutsideMeter {
        OutsideMeter {
            name: "exporter".to_owned(),
            kind: OutsideKind::Prometheus {
                url: self.url.clone(),
                query: query.to_owned(),
            },
            unit,
            scope: Scope::GpuBoard,
            error: 0.05,
            role: MeterRole::Main,
            period_s: Some(1.0),
            averaging_s: None,
            flip: false,
            machine: None,
        }
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What trying gives: watts, or else code and words.
fn tried(meter: &OutsideMeter) -> Result<f64, String> {
    let trial = try_meter(meter).watts.map(|watts| watts.0);
    trial.map_err(|refusal| format!("{}: {}", refusal.fault, refusal.what))
}

/// Tries until `wanted` is met.
fn until(meter: &OutsideMeter, wanted: impl Fn(&Result<f64, String>) -> bool) {
    let begin = Instant::now();
    loop {
        let tried = tried(meter);
        if wanted(&tried) {
            return;
        }
        assert!(begin.elapsed() < PATIENCE, "{tried:?}");
    }
}

#[test]
fn a_real_prometheus_is_a_meter_and_its_faults_are_named() {
    let exporter = Exporter::start();
    let server = Prometheus::start(&exporter);
    let gauge = server.meter("sum(board_watts)", MeterUnit::Watts);
    until(&gauge, |tried| *tried == Ok(WATTS));

    // As the main meter of the GPU it makes the figure.
    let machine = Machine::bare();
    let meter = Meter::open(MeterOptions {
        root: machine.root().to_owned(),
        nvml_library: Some(machine.library.clone()),
        outside: OutsideSettings {
            meters: vec![gauge.clone()],
            ..OutsideSettings::default()
        },
        ..MeterOptions::default()
    });
    assert_eq!(meter.scope(), Scope::GpuBoard);
    assert_eq!(meter.least_window(), Duration::from_secs(100));
    let recording = meter.record(None, |_| {});
    std::thread::sleep(Duration::from_millis(1500));
    let from = now();
    std::thread::sleep(Duration::from_secs(3));
    let to = now();
    let energy = recording.finish().energy(from, to).unwrap();
    let watts = energy.gross.0 / to.since(from).0;
    assert!((watts / WATTS - 1.0).abs() < 1e-6, "{watts} W");
    assert_eq!(energy.source(), "prometheus");
    assert_eq!(energy.devices[0].device, "exporter");

    // A counter in mJ with a step a second, from its first change to its last by the times of the
    // scrapes; a slow machine may be late between its own clock and that of a scrape.
    let counter = server.meter("board_millijoules_total", MeterUnit::Millijoules);
    until(&counter, |tried| {
        tried
            .as_ref()
            .is_ok_and(|watts| (watts / WATTS - 1.0).abs() < 0.1)
    });

    let says = |query: &str, words: &str| {
        let error = tried(&server.meter(query, MeterUnit::Watts)).unwrap_err();
        assert!(error.contains(words), "{error}");
    };
    says("sum(", "refuses the query");
    says("no_such_metric", "gives nothing");
    says("per_board", "several-values");
    says("shared_watts", "one GPU (UUID GPU-1)");
    says("sum(shared_watts)", "100.0 where each once makes 50.0");
    says("board_watts[5s]", "not one number");
    says("board_watts / 0", "no finite number");
    says("vector(50)", "age-unknown");
    says("avg_over_time(board_watts[5s])", "averaged");
    says(
        "rate(board_millijoules_total[5s]) / 1e3",
        "board_millijoules_total itself",
    );
    let once = server.meter("max by (UUID) (shared_watts)", MeterUnit::Watts);
    assert_eq!(tried(&once), Ok(WATTS));

    exporter.on.store(false, Ordering::Relaxed);
    until(&gauge, |tried| {
        tried
            .as_ref()
            .is_err_and(|error| error.contains("gives nothing"))
    });
}

/// The upper server goes on giving the last value for five minutes: what is passed on has a time of
/// its own, and then nothing tells that a series has ended.
#[test]
fn a_dead_exporter_behind_another_server_is_stale_at_once() {
    let exporter = Exporter::start();
    let lower = Prometheus::start(&exporter);
    let upper = Prometheus::above(&lower);
    let meter = upper.meter("max by (gpu) (board_watts)", MeterUnit::Watts);
    until(&meter, |tried| *tried == Ok(WATTS));
    exporter.on.store(false, Ordering::Relaxed);
    until(&meter, |tried| {
        tried
            .as_ref()
            .is_err_and(|error| error.starts_with("stale") && error.contains("board_watts"))
    });
}
