//! Prometheus played by a local server: one number, several, old ones, and what multiplies.

use super::*;
use SensorFault::{AgeUnknown, Averaged, ImpossibleLevel, SeveralValues, Stale, Unreadable};
use std::fmt::Write as _;

/// When the played server is asked.
const NOW: f64 = 1.76e9;

fn vector(series: &[(&str, f64)]) -> String {
    let mut result = String::new();
    for (labels, value) in series {
        let comma = if result.is_empty() { "" } else { "," };
        let _ = write!(
            result,
            r#"{comma}{{"metric":{{{labels}}},"value":[{NOW},"{value}"]}}"#
        );
    }
    format!(r#"{{"status":"success","data":{{"resultType":"vector","result":[{result}]}}}}"#)
}

/// A server that knows some queries; whatever else is asked for gives nothing.
fn server(queries: Vec<(&'static str, String)>) -> Server {
    Server::with(move |path| {
        let asked = path.split("query=").nth(1)?.split('&').next()?;
        let asked = decoded(asked);
        let known = queries.iter().find(|(query, _)| *query == asked);
        Some((
            200,
            known.map_or_else(|| vector(&[]), |(_, body)| body.clone()),
        ))
    })
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            b'+' => b' ',
            other => other,
        });
    }
    String::from_utf8(bytes).unwrap()
}

fn prometheus(server: &Server, query: &str, unit: MeterUnit) -> OutsideMeter {
    let kind = OutsideKind::Prometheus {
        url: server.url.clone(),
        query: query.to_owned(),
    };
    meter(kind, unit)
}

fn ask(server: &Server, query: &str) -> Result<f64, String> {
    read(&prometheus(server, query, MeterUnit::Watts))
}

const DCGM: &str = "DCGM_FI_DEV_POWER_USAGE";
const TIMES_DCGM: &str = "timestamp(DCGM_FI_DEV_POWER_USAGE)";

/// One board, listed once for each of four pods that share it.
fn shared(value: f64) -> String {
    let labels: Vec<String> = ["a", "b", "c", "d"]
        .iter()
        .map(|pod| format!(r#""gpu":"0","UUID":"GPU-1","pod":"{pod}""#))
        .collect();
    let series: Vec<(&str, f64)> = labels.iter().map(|one| (one.as_str(), value)).collect();
    vector(&series)
}

#[test]
fn one_fresh_number_is_the_value() {
    let server = server(vec![
        ("sum(power{x=\"a b\"})", vector(&[("", 250.5)])),
        (
            "timestamp(power{x=\"a b\"})",
            vector(&[(r#""x":"a b""#, NOW - 0.5)]),
        ),
    ]);
    assert_eq!(ask(&server, "sum(power{x=\"a b\"})"), Ok(250.5));
    let heard = server.asked.lock().unwrap();
    assert!(heard[0].starts_with("/api/v1/query?query=sum(power%7Bx%3D%22a%20b%22%7D)"));
}

#[test]
fn several_series_of_one_gpu_are_one_gpu() {
    let server = server(vec![
        (DCGM, shared(70.8)),
        (TIMES_DCGM, shared(NOW)),
        ("sum(DCGM_FI_DEV_POWER_USAGE)", vector(&[("", 283.2)])),
        (
            "max by (UUID) (DCGM_FI_DEV_POWER_USAGE)",
            vector(&[(r#""UUID":"GPU-1""#, 70.8)]),
        ),
        (
            "sum(max by (UUID) (DCGM_FI_DEV_POWER_USAGE))",
            vector(&[("", 70.8)]),
        ),
        ("max by (pod) (DCGM_FI_DEV_POWER_USAGE)", shared(70.8)),
        (
            "sum(max by (pod) (DCGM_FI_DEV_POWER_USAGE))",
            vector(&[("", 283.2)]),
        ),
    ]);
    let once = "max by (UUID) (DCGM_FI_DEV_POWER_USAGE)";
    let plain = ask(&server, DCGM);
    refused(plain.clone(), SeveralValues, "one GPU (UUID GPU-1)");
    refused(plain, SeveralValues, once);
    let added = ask(&server, "sum(DCGM_FI_DEV_POWER_USAGE)");
    refused(
        added.clone(),
        SeveralValues,
        "283.2 where each once makes 70.8",
    );
    refused(added, SeveralValues, once);
    refused(
        ask(&server, "sum(max by (pod) (DCGM_FI_DEV_POWER_USAGE))"),
        SeveralValues,
        "one GPU up to 4 times",
    );
    assert_eq!(ask(&server, once), Ok(70.8));
    assert_eq!(
        ask(&server, "sum(max by (UUID) (DCGM_FI_DEV_POWER_USAGE))"),
        Ok(70.8)
    );
}

#[test]
fn a_sum_is_refused_for_repeats_whatever_else_the_server_can_tell() {
    // It answers the same to every query that does not begin with sum.
    let server = Server::with(|path| {
        let sum = path.contains("query=sum(");
        Some((
            200,
            if sum {
                vector(&[("", 283.2)])
            } else {
                shared(70.8)
            },
        ))
    });
    refused(
        ask(&server, "sum(DCGM_FI_DEV_POWER_USAGE)"),
        SeveralValues,
        "max by (UUID)",
    );
    refused(ask(&server, DCGM), SeveralValues, "max by (UUID)");
}

#[test]
fn two_boards_are_added_when_each_is_there_once() {
    // nvidia_gpu_exporter has a small uuid; the instances of one board under MIG share it.
    let boards = |one: f64, two: f64| vector(&[(r#""uuid":"1""#, one), (r#""uuid":"2""#, two)]);
    let server = server(vec![
        ("watts", boards(25.0, 210.0)),
        ("sum(watts)", vector(&[("", 235.0)])),
        ("timestamp(watts)", boards(NOW, NOW)),
        (
            "rack",
            vector(&[(r#""outlet":"1""#, 5.0), (r#""outlet":"2""#, 6.0)]),
        ),
    ]);
    assert_eq!(ask(&server, "sum(watts)"), Ok(235.0));
    let several = ask(&server, "watts");
    refused(several.clone(), SeveralValues, "each of 2 GPUs");
    refused(several, SeveralValues, "sum(max by (uuid) (watts))");
    refused(ask(&server, "rack"), SeveralValues, "differ in outlet");
}

#[test]
fn a_value_older_than_three_scrapes_is_none() {
    let old = |age: f64| vector(&[(r#""gpu":"0""#, NOW - age)]);
    let server = server(vec![
        ("max(fresh)", vector(&[("", 50.0)])),
        ("timestamp(fresh)", old(1.9)),
        ("max(dead)", vector(&[("", 50.0)])),
        ("timestamp(dead)", old(200.0)),
        ("fresh + dead", vector(&[("", 100.0)])),
        ("fresh offset 5m", vector(&[("", 50.0)])),
        ("timestamp(fresh offset 5m)", old(301.0)),
    ]);
    assert_eq!(ask(&server, "max(fresh)"), Ok(50.0));
    refused(ask(&server, "max(dead)"), Stale, "dead is 200 s old");
    refused(ask(&server, "fresh + dead"), Stale, "dead");
    refused(ask(&server, "fresh offset 5m"), Stale, "301 s old");
}

#[test]
fn a_value_of_unknown_age_is_none() {
    let scalar = r#"{"status":"success","data":{"resultType":"scalar","result":[1.76e9,"50"]}}"#;
    let server = server(vec![
        ("power", vector(&[("", 50.0)])),
        ("odd", vector(&[("", 50.0)])),
        ("timestamp(odd)", vector(&[("", 50.0)])),
        ("vector(50)", vector(&[("", 50.0)])),
        ("50", scalar.to_owned()),
        ("power keep_last_value", vector(&[("", 50.0)])),
    ]);
    for query in ["power", "odd", "vector(50)", "50", "power keep_last_value"] {
        refused(ask(&server, query), AgeUnknown, "how old its values are");
    }
    let many: Vec<String> = (0..17).map(|number| format!("a{number}")).collect();
    let many: &'static str = many.join(" + ").leak();
    let server = server_of(many);
    refused(ask(&server, many), AgeUnknown, "17 series");
}

fn server_of(query: &'static str) -> Server {
    server(vec![(query, vector(&[("", 50.0)]))])
}

#[test]
fn a_query_that_averages_is_no_power_of_the_moment() {
    for (query, words) in [
        (
            "sum(rate(joules_total{a=\"b\"}[1m]))",
            "the counter joules_total{a=\"b\"} itself",
        ),
        ("avg_over_time(power[5m])", "mean of the last 300 s"),
        ("max_over_time(power[1m:5s])", "ask for power itself"),
        ("instance:power:rate5m", "window of 12 s"),
    ] {
        let server = server_of(query);
        refused(ask(&server, query), Averaged, words);
    }
    // Who knows over how long can say so; then windows are as long.
    let rate = "rate(joules_total[1m])";
    let server = server(vec![
        (rate, vector(&[("", 50.0)])),
        ("timestamp(joules_total)", vector(&[("", NOW)])),
    ]);
    let said = |seconds: f64| OutsideMeter {
        averaging_s: Some(seconds),
        ..prometheus(&server, rate, MeterUnit::Watts)
    };
    refused(read(&said(30.0)), Averaged, "60 s");
    assert_eq!(read(&said(60.0)), Ok(50.0));
    let device = Opened::of(&said(60.0)).device;
    assert_eq!(device.info.least_window(), Duration::from_secs(120));
    // What grew over a stretch counts nothing so far.
    let grown = prometheus(&server, rate, MeterUnit::Joules);
    refused(read(&grown), Averaged, "no energy so far");
}

#[test]
fn what_a_server_says_amiss_has_a_reason_and_no_number() {
    let scalar = |number: &str| {
        format!(
            r#"{{"status":"success","data":{{"resultType":"scalar","result":[1,"{number}"]}}}}"#
        )
    };
    for (status, body, words) in [
        (
            400,
            r#"{"status":"error","errorType":"bad_data","error":"parse error"}"#.to_owned(),
            "parse error",
        ),
        (
            200,
            r#"{"id":0,"output":true}"#.to_owned(),
            "not as a Prometheus",
        ),
        (200, vector(&[]), "gives nothing"),
        (
            200,
            r#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#.to_owned(),
            "matrix",
        ),
        (200, scalar("high"), "no number"),
    ] {
        let server = Server::one("/api/v1/query", status, &body);
        refused(ask(&server, "power"), Unreadable, words);
    }
    for (value, fault, words) in [
        ("NaN", Unreadable, "no finite number"),
        ("+Inf", Unreadable, "no finite number"),
        ("9e9", ImpossibleLevel, "is its unit right"),
    ] {
        let body = vector(&[("", 1.0)]).replace("\"1\"", &format!("\"{value}\""));
        let server = server(vec![
            ("power", body),
            ("timestamp(power)", vector(&[("", NOW)])),
        ]);
        refused(ask(&server, "power"), fault, words);
    }
}

#[test]
fn a_counter_that_ran_back_gives_nothing_any_more() {
    let answers = |values: &[f64]| -> Answers {
        let body = |value: &f64| (200, vector(&[("", *value)]));
        values.iter().map(body).collect()
    };
    let server = Server::start(vec![
        ("/api/v1/query?query=timestamp", answers(&[NOW])),
        (
            "/api/v1/query?query=joules",
            answers(&[2000.0, 5.0, 3000.0]),
        ),
    ]);
    let counter = Opened::of(&prometheus(&server, "joules", MeterUnit::Millijoules));
    assert_eq!(again(&counter), Ok(2.0));
    refused(again(&counter), Unreadable, "ran back");
    refused(again(&counter), Unreadable, "ran back");
}
