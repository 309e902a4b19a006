//! Meters played by local servers, files and programs: what they answer, and every way to fail.

mod files;
mod plugs;
mod programs;
mod queries;
mod trials;

use super::*;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use wattsmith_domain::{
    Availability, CommandMode, Decimal, MeterRole, MeterUnit, Part, SensorFault,
};

/// A server that gives each path of its own an answer, and 404 to all others.
struct Server {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

/// What a path is answered with: a status and a body, after each other and then the last again. A
/// status of 0 says nothing.
type Answers = Vec<(u16, String)>;

impl Server {
    /// `answers` by the beginning of what is asked for.
    fn start(answers: Vec<(&'static str, Answers)>) -> Self {
        let counts: Vec<AtomicUsize> = answers.iter().map(|_| AtomicUsize::new(0)).collect();
        Self::with(move |path| {
            let place = answers
                .iter()
                .position(|(known, _)| path.starts_with(known))?;
            let list = &answers[place].1;
            let asked = counts[place].fetch_add(1, Ordering::Relaxed);
            list.get(asked).or(list.last()).cloned()
        })
    }

    /// Answers by a function of what is asked for.
    fn with(answer: impl Fn(&str) -> Option<(u16, String)> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let heard = Arc::clone(&asked);
        // It ends with the test process.
        std::thread::spawn(move || {
            let mut held = Vec::new();
            for stream in listener.incoming().flatten() {
                let first = request(&stream);
                let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
                heard.lock().unwrap().push(path.clone());
                match answer(&path) {
                    Some((0, _)) => held.push(stream),
                    Some((status, body)) => say(&stream, status, &body),
                    None => say(&stream, 404, "Not Found"),
                }
            }
        });
        Self { url, asked }
    }

    fn one(path: &'static str, status: u16, body: &str) -> Self {
        Self::start(vec![(path, vec![(status, body.to_owned())])])
    }
}

fn request(stream: &TcpStream) -> String {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next().and_then(Result::ok).unwrap_or_default();
    for line in lines.map_while(Result::ok) {
        if line.is_empty() {
            break;
        }
    }
    first
}

fn say(mut stream: &TcpStream, status: u16, body: &str) {
    let _ = write!(
        stream,
        "HTTP/1.1 {status} OK\r\ncontent-type: application/json\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
}

fn meter(kind: OutsideKind, unit: MeterUnit) -> OutsideMeter {
    OutsideMeter {
        name: "mine".to_owned(),
        kind,
        unit,
        scope: Scope::Wall,
        error: 0.03,
        role: MeterRole::Beside,
        period_s: Some(0.2),
        averaging_s: None,
        flip: false,
        machine: None,
    }
}

/// One reading: watts, or joules; else the code and the words.
fn read(meter: &OutsideMeter) -> Result<f64, String> {
    again(&Opened::of(meter))
}

fn again(opened: &Opened) -> Result<f64, String> {
    match &opened.sensor {
        Sensor::Counter(counter) => counter.joules().map(|(joules, _)| joules.0),
        Sensor::Gauge(gauge) => gauge.watts().map(|watts| watts.0),
    }
    .map_err(|refusal| format!("{}: {}", refusal.fault, refusal.what))
}

fn watts(kind: OutsideKind) -> Result<f64, String> {
    read(&meter(kind, MeterUnit::Watts))
}

#[track_caller]
fn refused(read: Result<f64, String>, fault: SensorFault, words: &str) {
    let error = read.unwrap_err();
    assert!(error.starts_with(fault.code()), "{error}");
    assert!(error.contains(words), "{error}");
}

fn program(argv: &[&str], mode: CommandMode) -> OutsideKind {
    OutsideKind::Command {
        argv: argv.iter().map(|&word| word.to_owned()).collect(),
        mode,
        part: Part::Only,
    }
}

#[test]
fn units_become_watts_and_joules() {
    for (unit, expected) in [
        (MeterUnit::Watts, 2.0),
        (MeterUnit::Milliwatts, 0.002),
        (MeterUnit::Joules, 2.0),
        (MeterUnit::Millijoules, 0.002),
        (MeterUnit::Microjoules, 2e-6),
        (MeterUnit::WattHours, 7200.0),
        (MeterUnit::KilowattHours, 7.2e6),
    ] {
        let two = program(&["echo", "2"], CommandMode::Once);
        let value = read(&meter(two, unit)).unwrap();
        assert!((value / expected - 1.0).abs() < 1e-12, "{unit:?}: {value}");
    }
}

#[test]
fn opening_gives_a_report_of_each_and_a_device_of_those_that_answer() {
    let good = meter(program(&["echo", "5"], CommandMode::Once), MeterUnit::Watts);
    let bad = meter(program(&["echo", "?"], CommandMode::Once), MeterUnit::Watts);
    let opened = open(&[good, bad]);
    let (report, device) = &opened[0];
    assert!(matches!(
        report.availability,
        Availability::Available { period_ms: Some(ms), .. } if ms == 200.0
    ));
    assert_eq!(report.fault, None);
    let info = &device.as_ref().unwrap().info;
    assert_eq!((info.scope, info.error), (Scope::Wall, 0.03));
    assert_eq!(info.update, Some(Duration::from_millis(200)));
    let (report, device) = &opened[1];
    assert!(device.is_none());
    assert_eq!(report.fault, Some(SensorFault::Unreadable));
    let Availability::Unavailable { reason, remedy } = &report.availability else {
        panic!("available");
    };
    assert!(reason.contains("no number") && remedy.contains("meters test mine"));
}
