//! Meters played by local servers, files and programs: what they answer, and every way to fail.

use super::*;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use wattsmith_domain::{Availability, CommandMode, MeterRole};

/// A server that answers each request with the next of its answers, and then with the last again.
struct Server {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

enum Answer {
    Json(u16, &'static str),
    /// Takes the request and says nothing.
    Silence,
}

impl Server {
    fn start(answers: Vec<Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let heard = Arc::clone(&asked);
        // It ends with the test process.
        std::thread::spawn(move || {
            let mut answers = answers.into_iter().peekable();
            let mut held = Vec::new();
            for stream in listener.incoming() {
                let Ok(stream) = stream else { continue };
                heard.lock().unwrap().push(request(&stream));
                let answer = match answers.peek() {
                    Some(_) => answers.next().unwrap(),
                    None => return,
                };
                match answer {
                    Answer::Json(status, body) => say(&stream, status, body),
                    Answer::Silence => held.push(stream),
                }
            }
        });
        Self { url, asked }
    }

    fn json(body: &'static str) -> Self {
        Self::start(vec![Answer::Json(200, body)])
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
    }
}

/// One reading: watts, or joules.
fn read(kind: OutsideKind, unit: MeterUnit) -> Result<f64, String> {
    let device = device(&meter(kind, unit));
    match (&device.counter, &device.gauge) {
        (Some(counter), None) => counter.energy().map(|joules| joules.0),
        (None, Some(gauge)) => gauge.power().map(|watts| watts.0),
        _ => panic!("one sensor"),
    }
    .map_err(|error| error.0)
}

fn shelly1(url: &str) -> OutsideKind {
    OutsideKind::Shelly1 {
        url: url.to_owned(),
        switch: 0,
    }
}

fn shelly2(url: &str) -> OutsideKind {
    OutsideKind::Shelly2 {
        url: url.to_owned(),
        switch: 0,
    }
}

fn tasmota(url: &str) -> OutsideKind {
    OutsideKind::Tasmota {
        url: format!("{url}/"),
    }
}

fn prometheus(url: &str) -> OutsideKind {
    OutsideKind::Prometheus {
        url: url.to_owned(),
        query: "sum(power{x=\"a b\"})".to_owned(),
    }
}

const SHELLY1: &str = r#"{"relays":[{"ison":true}],
    "meters":[{"power":63.27,"is_valid":true,"timestamp":1,"total":75219}]}"#;
const SHELLY2: &str = r#"{"id":0,"output":true,"apower":88.9,"voltage":231.2,
    "aenergy":{"total":6532.115,"by_minute":[45.1,47.7,88.3]}}"#;
const TASMOTA: &str = r#"{"StatusSNS":{"Time":"2026-01-02T03:04:05","ENERGY":
    {"Total":3.185,"Power":97,"Voltage":230}}}"#;
const VECTOR: &str = r#"{"status":"success","data":{"resultType":"vector",
    "result":[{"metric":{},"value":[1.5,"250.5"]}]}}"#;

#[test]
fn plugs_and_queries_are_asked_at_their_own_address() {
    for (body, kind, watts, asked) in [
        (SHELLY1, shelly1 as fn(&str) -> _, 63.27, "GET /status "),
        (SHELLY2, shelly2, 88.9, "GET /rpc/Switch.GetStatus?id=0 "),
        (TASMOTA, tasmota, 97.0, "GET /cm?cmnd=Status%2010 "),
        (
            VECTOR,
            prometheus,
            250.5,
            "GET /api/v1/query?query=sum(power%7Bx%3D%22a%20b%22%7D) ",
        ),
    ] {
        let server = Server::json(body);
        assert_eq!(read(kind(&server.url), MeterUnit::Watts), Ok(watts));
        let heard = server.asked.lock().unwrap();
        assert!(heard[0].starts_with(asked), "{heard:?}");
    }
}

#[test]
fn what_a_plug_or_a_server_says_amiss_has_a_reason_and_no_number() {
    type Kind = fn(&str) -> OutsideKind;
    let cases: Vec<(Kind, u16, &'static str, &str)> = vec![
        (shelly1, 200, SHELLY2, "kind shelly2"),
        (shelly1, 404, "Not Found", "status 404"),
        (shelly1, 200, r#"{"meters":[]}"#, "none with number 0"),
        (
            shelly1,
            200,
            r#"{"relays":[{"ison":false}],"meters":[{"power":0}]}"#,
            "switched off",
        ),
        (
            shelly1,
            200,
            r#"{"meters":[{"power":5,"is_valid":false}]}"#,
            "does not work",
        ),
        (shelly1, 200, r#"{"meters":[{"power":0}]}"#, "0 W"),
        (shelly1, 200, r#"{"meters":[{"power":-5}]}"#, "negative"),
        (
            shelly1,
            200,
            r#"{"meters":[{"power":"many"}]}"#,
            "no number",
        ),
        (shelly1, 401, "", "password"),
        (shelly2, 200, SHELLY1, "kind shelly1"),
        (
            shelly2,
            200,
            r#"{"id":0,"output":false,"apower":0.0}"#,
            "switched off",
        ),
        (shelly2, 200, r#"{"id":0,"output":true}"#, "no meter"),
        (
            shelly2,
            500,
            r#"{"code":-105,"message":"Argument 'id', value 7 not found!"}"#,
            "value 7 not found",
        ),
        (shelly2, 200, "<html>a router</html>", "no JSON"),
        (tasmota, 200, SHELLY2, "not as a Tasmota"),
        (tasmota, 200, r#"{"StatusSNS":{"Time":"x"}}"#, "no energy"),
        (
            tasmota,
            200,
            r#"{"WARNING":"Need user=<username>&password=<password>"}"#,
            "password",
        ),
        (
            tasmota,
            200,
            r#"{"StatusSNS":{"ENERGY":{"Power":[3,4]}}}"#,
            "several sockets",
        ),
        (
            prometheus,
            400,
            r#"{"status":"error","errorType":"bad_data","error":"parse error"}"#,
            "parse error",
        ),
        (prometheus, 200, SHELLY2, "not as a Prometheus"),
        (
            prometheus,
            200,
            r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#,
            "gives nothing",
        ),
        (
            prometheus,
            200,
            r#"{"status":"success","data":{"resultType":"vector",
               "result":[{"value":[1,"1"]},{"value":[1,"2"]}]}}"#,
            "2 series",
        ),
        (
            prometheus,
            200,
            r#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#,
            "matrix",
        ),
        (
            prometheus,
            200,
            r#"{"status":"success","data":{"resultType":"scalar","result":[1,"NaN"]}}"#,
            "no finite number",
        ),
        (
            prometheus,
            200,
            r#"{"status":"success","data":{"resultType":"scalar","result":[1,"+Inf"]}}"#,
            "no finite number",
        ),
        (
            prometheus,
            200,
            r#"{"status":"success","data":{"resultType":"scalar","result":[1,"9e9"]}}"#,
            "is its unit right",
        ),
    ];
    for (kind, status, body, words) in cases {
        let server = Server::start(vec![Answer::Json(status, body)]);
        let error = read(kind(&server.url), MeterUnit::Watts).unwrap_err();
        assert!(error.contains(words), "{body}: {error}");
    }
}

#[test]
fn a_meter_that_is_silent_or_gone_says_so_in_time() {
    let silent = Server::start(vec![Answer::Silence, Answer::Silence]);
    let error = read(shelly2(&silent.url), MeterUnit::Watts).unwrap_err();
    assert!(error.contains("did not answer within 2 s"), "{error}");
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let gone = format!("http://127.0.0.1:{port}");
    let error = read(shelly2(&gone), MeterUnit::Watts).unwrap_err();
    assert!(error.contains("cannot be reached"), "{error}");
}

#[test]
fn a_plug_that_restarts_loses_one_reading_and_a_counter_all_that_follow() {
    let again = r#"{"id":0,"output":true,"apower":80.0,"aenergy":{"total":1.0}}"#;
    let server = Server::start(vec![
        Answer::Json(200, SHELLY2),
        Answer::Json(200, again),
        Answer::Json(200, again),
    ]);
    let plug = device(&meter(shelly2(&server.url), MeterUnit::Watts));
    let plug = plug.gauge.unwrap();
    assert_eq!(plug.power(), Ok(Watts(88.9)));
    assert!(plug.power().unwrap_err().0.contains("ran back"));
    assert_eq!(plug.power(), Ok(Watts(80.0)));

    let count = |joules: &'static str| Answer::Json(200, joules);
    let server = Server::start(vec![
        count(r#"{"status":"success","data":{"resultType":"scalar","result":[1,"2000"]}}"#),
        count(r#"{"status":"success","data":{"resultType":"scalar","result":[1,"5"]}}"#),
        count(r#"{"status":"success","data":{"resultType":"scalar","result":[1,"3000"]}}"#),
    ]);
    let counter = device(&meter(prometheus(&server.url), MeterUnit::Millijoules));
    let counter = counter.counter.unwrap();
    assert_eq!(counter.energy(), Ok(Joules(2.0)));
    assert!(counter.energy().unwrap_err().0.contains("ran back"));
    assert!(counter.energy().unwrap_err().0.contains("ran back"));
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
        let value = read(two, unit).unwrap();
        assert!((value / expected - 1.0).abs() < 1e-12, "{unit:?}: {value}");
    }
}

fn program(argv: &[&str], mode: CommandMode) -> OutsideKind {
    OutsideKind::Command {
        argv: argv.iter().map(|&word| word.to_owned()).collect(),
        mode,
    }
}

fn shell(script: &str, mode: CommandMode) -> OutsideKind {
    program(&["sh", "-c", script], mode)
}

#[test]
fn a_program_is_read_per_run_or_per_line() {
    assert_eq!(
        read(
            shell("echo 41; echo 42.5", CommandMode::Once),
            MeterUnit::Watts
        ),
        Ok(42.5)
    );
    let streamed = shell("echo 12.5; exec sleep 60", CommandMode::Stream);
    assert_eq!(read(streamed, MeterUnit::Watts), Ok(12.5));
    // No shell: what looks like one is an argument.
    let literal = program(&["echo", "1; echo 2"], CommandMode::Once);
    assert!(
        read(literal, MeterUnit::Watts)
            .unwrap_err()
            .contains("no number")
    );
}

#[test]
fn a_program_that_fails_has_a_reason_and_no_number() {
    use CommandMode::{Once, Stream};
    for (kind, words) in [
        (program(&["/no/such/program"], Once), "cannot be started"),
        (shell("exit 3", Once), "printed nothing"),
        (shell("echo high", Once), "no number"),
        (shell("echo 0", Once), "0 W"),
        (shell("echo -3", Once), "negative"),
        (shell("echo NaN", Once), "no finite number"),
        (shell("sleep 60", Once), "did not end within"),
        (shell("exit 3", Stream), "has ended"),
        (shell("sleep 60", Stream), "printed nothing yet"),
        (shell("printf '\\377\\376\\n'; sleep 60", Stream), "no text"),
    ] {
        let error = read(kind, MeterUnit::Watts).unwrap_err();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn a_stream_that_falls_silent_is_too_old_and_not_its_last_value() {
    let argv = ["sh", "-c", "echo 5; sleep 60"].map(str::to_owned);
    let silent = command::Program::new(&argv, CommandMode::Stream, Duration::from_millis(50));
    // However slow the machine: the first answer is 5 or already too old, and later ones too old.
    let mut last = silent.value();
    let begin = Instant::now();
    while last.is_ok() && begin.elapsed() < Duration::from_secs(20) {
        assert_eq!(last, Ok(5.0));
        std::thread::sleep(Duration::from_millis(20));
        last = silent.value();
    }
    assert!(last.unwrap_err().0.contains("printed nothing for"));
}

#[test]
fn a_program_is_killed_with_its_group() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("pid");
    let script = format!(
        "sleep 600 & echo $! >{0}.new; mv {0}.new {0}; echo 5; wait",
        file.display()
    );
    let kind = shell(&script, CommandMode::Stream);
    let device = device(&meter(kind, MeterUnit::Watts));
    assert_eq!(device.gauge.as_ref().unwrap().power(), Ok(Watts(5.0)));
    let grandchild = std::fs::read_to_string(&file).unwrap();
    let stat = PathBuf::from(format!("/proc/{}/stat", grandchild.trim()));
    assert!(stat.exists());
    drop(device);
    let begin = Instant::now();
    // A zombie that nobody waits for may stay.
    while std::fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z")) {
        assert!(begin.elapsed() < Duration::from_secs(20), "it lives on");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn csv(path: &Path, column: &str, separator: char) -> OutsideKind {
    OutsideKind::Csv {
        path: path.to_owned(),
        column: column.to_owned(),
        separator,
    }
}

#[test]
fn the_last_whole_line_of_a_csv_file_counts() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log.csv");
    let write = |text: &str| std::fs::write(&path, text).unwrap();
    write("time,\"power, total\",x\n1,50.5,a\n2,60.25,b\n3,7");
    let named = csv(&path, "power, total", ',');
    assert_eq!(read(named, MeterUnit::Watts), Ok(60.25));
    write("1;50.5\r\n2; 61 \r\n");
    assert_eq!(read(csv(&path, "2", ';'), MeterUnit::Watts), Ok(61.0));
    let long = format!("time,watts\n{}", "1,33\n".repeat(20_000));
    write(&long);
    assert_eq!(read(csv(&path, "watts", ','), MeterUnit::Watts), Ok(33.0));
}

#[test]
fn a_csv_file_that_cannot_be_used_has_a_reason_and_no_number() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log.csv");
    let missing = read(csv(&path, "1", ','), MeterUnit::Watts).unwrap_err();
    assert!(missing.contains("log.csv"), "{missing}");
    for (text, column, words) in [
        ("", "1", "no whole line"),
        ("12", "1", "no whole line"),
        ("time,watts\n1,2\n", "power", "names no column"),
        ("1,2\n", "3", "none with number 3"),
        ("1,2\n1,high\n", "2", "no number"),
        ("1,2\n1,\n", "2", "no number"),
        ("1,2\n1,0\n", "2", "0 W"),
        ("1,2\n1,nan\n", "2", "no finite number"),
        ("1,2\n1,\"3,5\"\n", "2", "no number"),
    ] {
        std::fs::write(&path, text).unwrap();
        let error = read(csv(&path, column, ','), MeterUnit::Watts).unwrap_err();
        assert!(error.contains(words), "{text:?}: {error}");
    }
}

#[test]
fn a_csv_file_to_which_nobody_writes_any_more_is_too_old() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log.csv");
    std::fs::write(&path, "50\n").unwrap();
    let hour = std::time::SystemTime::now() - Duration::from_secs(3600);
    let file = std::fs::File::options().append(true).open(&path).unwrap();
    file.set_modified(hour).unwrap();
    let error = read(csv(&path, "1", ','), MeterUnit::Watts).unwrap_err();
    assert!(error.contains("no new line for"), "{error}");
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
    let info = &device.as_ref().unwrap().info;
    assert_eq!((info.scope, info.error), (Scope::Wall, 0.03));
    assert_eq!(info.update, Some(Duration::from_millis(200)));
    let (report, device) = &opened[1];
    assert!(device.is_none());
    let Availability::Unavailable { reason, remedy } = &report.availability else {
        panic!("available");
    };
    assert!(reason.contains("no number") && remedy.contains("meters test mine"));
}

#[test]
fn trying_a_meter_gives_its_mean_power_or_the_reason() {
    let gauge = meter(program(&["echo", "5"], CommandMode::Once), MeterUnit::Watts);
    assert_eq!(try_meter(&gauge), Ok(Watts(5.0)));
    let frozen = meter(
        program(&["echo", "5"], CommandMode::Once),
        MeterUnit::Joules,
    );
    assert!(try_meter(&frozen).unwrap_err().0.contains("stood still"));
    let counting = shell("date +%s.%N", CommandMode::Once);
    let watt = try_meter(&meter(counting, MeterUnit::Joules)).unwrap();
    // One joule a second; each reading takes a moment itself.
    assert!((0.5..1.5).contains(&watt.0), "{watt}");
}
