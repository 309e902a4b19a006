//! Shelly and Tasmota: what they list, which of it is read, and what they say amiss.

use super::*;
use SensorFault::{ImpossibleLevel, Negative, SeveralValues, Unreadable};

fn shelly1(url: &str, part: Part) -> OutsideKind {
    OutsideKind::Shelly1 {
        url: url.to_owned(),
        part,
    }
}

fn shelly2(url: &str, part: Part) -> OutsideKind {
    OutsideKind::Shelly2 {
        url: url.to_owned(),
        part,
    }
}

fn tasmota(url: &str, part: Part) -> OutsideKind {
    OutsideKind::Tasmota {
        url: format!("{url}/"),
        part,
    }
}

fn component(name: &str) -> Part {
    Part::Component(name.to_owned())
}

const SHELLY1: &str = r#"{"relays":[{"ison":true}],
    "meters":[{"power":63.27,"is_valid":true,"timestamp":1,"total":75219}]}"#;
const SHELLY2: &str = r#"{"id":0,"output":true,"apower":88.9,"voltage":231.2,
    "aenergy":{"total":6532.115,"by_minute":[45.1,47.7,88.3]}}"#;
const TASMOTA: &str = r#"{"StatusSNS":{"Time":"2026-01-02T03:04:05","ENERGY":
    {"Total":3.185,"Power":97,"Voltage":230}}}"#;
const NO_HANDLER: &str = r#"{"code":404,"message":"No handler for Switch.GetStatus"}"#;
/// A relay that measures nothing, as that of a Shelly EM Gen3.
const BARE_SWITCH: &str = r#"{"id":0,"source":"init","output":true,
    "temperature":{"tC":41.2,"tF":106.2}}"#;
const EM1: &str = r#"{"id":0,"voltage":231.0,"current":0.61,"act_power":118.4,"aprt_power":141.0,
    "pf":0.84,"freq":50.0,"calibration":"factory"}"#;
const PM1: &str = r#"{"id":0,"voltage":230.9,"current":0.52,"apower":119.7,
    "aenergy":{"total":5312.881}}"#;
const TWO_CLAMPS: &str = r#"{"relays":[{"ison":false,"is_valid":true}],"emeters":[
    {"power":131.62,"pf":0.93,"voltage":230.4,"is_valid":true,"total":88123.4,"total_returned":0.0},
    {"power":-402.11,"is_valid":true,"total":12.5,"total_returned":51234.9}]}"#;

#[test]
fn a_plug_with_one_meter_is_read_at_its_own_address() {
    type Kind = fn(&str, Part) -> OutsideKind;
    for (path, body, kind, expected) in [
        ("/status", SHELLY1, shelly1 as Kind, 63.27),
        ("/rpc/Switch.GetStatus?id=0", SHELLY2, shelly2, 88.9),
        ("/cm?cmnd=Status%2010", TASMOTA, tasmota, 97.0),
    ] {
        let server = Server::one(path, 200, body);
        for part in [Part::Only, Part::Channel(0), Part::Sum] {
            assert_eq!(watts(kind(&server.url, part)), Ok(expected), "{path}");
        }
    }
}

#[test]
fn a_meter_beside_a_bare_relay_is_found_without_a_list() {
    let em = Server::start(vec![
        (
            "/rpc/Switch.GetStatus?id=0",
            vec![(200, BARE_SWITCH.to_owned())],
        ),
        ("/rpc/EM1.GetStatus?id=0", vec![(200, EM1.to_owned())]),
    ]);
    let pm = Server::start(vec![
        (
            "/rpc/Switch.GetStatus?id=0",
            vec![(404, NO_HANDLER.to_owned())],
        ),
        ("/rpc/PM1.GetStatus?id=0", vec![(200, PM1.to_owned())]),
    ]);
    for (server, name, expected) in [(&em, "em1:0", 118.4), (&pm, "pm1:0", 119.7)] {
        for part in [Part::Only, Part::Channel(0), component(name)] {
            assert_eq!(watts(shelly2(&server.url, part)), Ok(expected), "{name}");
        }
    }
    let bare = Server::one("/rpc/Switch.GetStatus?id=0", 200, BARE_SWITCH);
    refused(
        watts(shelly2(&bare.url, Part::Only)),
        Unreadable,
        "switch:0",
    );
}

#[test]
fn a_device_is_asked_what_it_has_and_then_only_for_that() {
    // Shelly Pro EM: one relay, two clamps.
    let list = r#"{"ble":{},"switch:0":{"id":0,"output":false},"em1:0":{"id":0,"act_power":118.4},
        "em1:1":{"id":1,"act_power":3.5},"em1data:0":{"id":0},"sys":{"uptime":5},"wifi":{}}"#;
    let server = Server::start(vec![
        ("/rpc/Shelly.GetStatus", vec![(200, list.to_owned())]),
        ("/rpc/EM1.GetStatus?id=0", vec![(200, EM1.to_owned())]),
        (
            "/rpc/EM1.GetStatus?id=1",
            vec![(200, r#"{"id":1,"act_power":3.5}"#.to_owned())],
        ),
    ]);
    let first = meter(shelly2(&server.url, component("em1:0")), MeterUnit::Watts);
    let first = Opened::of(&first);
    assert_eq!((again(&first), again(&first)), (Ok(118.4), Ok(118.4)));
    assert!(
        server.asked.lock().unwrap()[1..]
            .iter()
            .all(|path| path.contains("EM1"))
    );
    assert_eq!(watts(shelly2(&server.url, Part::Channel(1))), Ok(3.5));
    assert_eq!(watts(shelly2(&server.url, Part::Sum)), Ok(121.9));
    refused(
        watts(shelly2(&server.url, Part::Only)),
        SeveralValues,
        "em1:0 (118.4 W), em1:1 (3.5 W)",
    );
    refused(
        watts(shelly2(&server.url, component("pm1:0"))),
        Unreadable,
        "em1:1",
    );
}

#[test]
fn phases_are_chosen_or_added_because_the_person_said_so() {
    // Shelly Pro 3EM in its three-phase profile.
    let three = r#"{"id":0,"a_act_power":40.5,"a_errors":[],"b_act_power":30.0,"c_act_power":20.0,
        "total_act_power":90.5}"#;
    let server = Server::one("/rpc/EM.GetStatus?id=0", 200, three);
    refused(
        watts(shelly2(&server.url, Part::Only)),
        SeveralValues,
        "em:0:b (30 W)",
    );
    assert_eq!(watts(shelly2(&server.url, Part::Channel(2))), Ok(20.0));
    assert_eq!(watts(shelly2(&server.url, component("EM:0:a"))), Ok(40.5));
    assert_eq!(watts(shelly2(&server.url, component("em:0"))), Ok(90.5));
    assert_eq!(watts(shelly2(&server.url, Part::Sum)), Ok(90.5));
    let broken = r#"{"id":0,"a_act_power":40.5,"b_act_power":null,"c_act_power":20.0}"#;
    let server = Server::one("/rpc/EM.GetStatus?id=0", 200, broken);
    refused(watts(shelly2(&server.url, Part::Sum)), Unreadable, "em:0:b");
}

#[test]
fn sockets_of_a_strip_are_told_apart_and_one_that_is_off_adds_nothing() {
    // Shelly Pro 2PM with one of its outputs off.
    let list = r#"{"switch:0":{"id":0,"output":true,"apower":61.0},
        "switch:1":{"id":1,"output":false,"apower":0.0}}"#;
    let server = Server::one("/rpc/Shelly.GetStatus", 200, list);
    assert_eq!(watts(shelly2(&server.url, Part::Channel(0))), Ok(61.0));
    assert_eq!(watts(shelly2(&server.url, Part::Sum)), Ok(61.0));
    refused(
        watts(shelly2(&server.url, Part::Channel(1))),
        Unreadable,
        "switched off",
    );
    refused(
        watts(shelly2(&server.url, Part::Only)),
        SeveralValues,
        "switch:1",
    );
}

#[test]
fn a_server_that_answers_everything_alike_has_one_meter() {
    for (body, expected) in [(SHELLY2, 88.9), (EM1, 118.4), (PM1, 119.7)] {
        let server = Server::one("/", 200, body);
        assert_eq!(watts(shelly2(&server.url, Part::Only)), Ok(expected));
    }
}

#[test]
fn clamps_of_the_first_generation_measure_whatever_the_relay_does() {
    let server = Server::one("/status", 200, TWO_CLAMPS);
    assert_eq!(watts(shelly1(&server.url, Part::Channel(0))), Ok(131.62));
    assert_eq!(
        watts(shelly1(&server.url, component("emeter:0"))),
        Ok(131.62)
    );
    let other = || shelly1(&server.url, Part::Channel(1));
    refused(watts(other()), Negative, "emeter:1 tells -402.11 W");
    let turned = OutsideMeter {
        flip: true,
        ..meter(other(), MeterUnit::Watts)
    };
    assert_eq!(read(&turned), Ok(402.11));
    refused(
        watts(shelly1(&server.url, Part::Only)),
        SeveralValues,
        "emeter:1",
    );
    // Adding would hide what is drawn behind what is fed back.
    refused(watts(shelly1(&server.url, Part::Sum)), Negative, "emeter:1");
    let turned = OutsideMeter {
        flip: true,
        ..meter(shelly1(&server.url, Part::Channel(0)), MeterUnit::Watts)
    };
    refused(read(&turned), Negative, "flip");
}

#[test]
fn channels_of_a_tasmota_are_chosen_or_added_because_the_person_said_so() {
    // A dual plug, and a Tasmota that reads out a house meter beside its own chip.
    let dual = r#"{"StatusSNS":{"ENERGY":{"Total":3.1,"Power":[61,4],"ApparentPower":[70,9],
        "Factor":[0.9,0.4]}}}"#;
    let house =
        r#"{"StatusSNS":{"ENERGY":{"Power":97},"MT681":{"Power_curr":512,"Total_in":7.5}}}"#;
    let server = Server::one("/cm?cmnd=Status%2010", 200, dual);
    refused(
        watts(tasmota(&server.url, Part::Only)),
        SeveralValues,
        "ENERGY:1 (4 W)",
    );
    assert_eq!(watts(tasmota(&server.url, Part::Channel(0))), Ok(61.0));
    assert_eq!(watts(tasmota(&server.url, Part::Sum)), Ok(65.0));
    let server = Server::one("/cm?cmnd=Status%2010", 200, house);
    refused(
        watts(tasmota(&server.url, Part::Only)),
        SeveralValues,
        "MT681:Power_curr",
    );
    let named = component("MT681:Power_curr");
    assert_eq!(watts(tasmota(&server.url, named)), Ok(512.0));
    // Firmware before 8: the same under another number.
    let old = Server::start(vec![
        (
            "/cm?cmnd=Status%2010",
            vec![(200, r#"{"Command":"Unknown"}"#.to_owned())],
        ),
        (
            "/cm?cmnd=Status%208",
            vec![(200, r#"{"StatusPWR":{"Power":44}}"#.to_owned())],
        ),
    ]);
    assert_eq!(watts(tasmota(&old.url, Part::Only)), Ok(44.0));
}

#[test]
fn what_a_plug_says_amiss_has_a_reason_and_no_number() {
    type Kind = fn(&str, Part) -> OutsideKind;
    let wrong: Vec<(Kind, u16, &str, SensorFault, &str)> = vec![
        (shelly1, 200, SHELLY2, Unreadable, "kind shelly2"),
        (shelly1, 404, "Not Found", Unreadable, "status 404"),
        (shelly1, 200, r#"{"gen":2}"#, Unreadable, "kind shelly2"),
        (
            shelly1,
            200,
            r#"{"relays":[{"ison":false}],"meters":[{"power":0}]}"#,
            Unreadable,
            "switched off",
        ),
        (
            shelly1,
            200,
            r#"{"meters":[{"power":5,"is_valid":false}]}"#,
            Unreadable,
            "does not work",
        ),
        (
            shelly1,
            200,
            r#"{"meters":[{"power":0}]}"#,
            ImpossibleLevel,
            "0 W",
        ),
        (
            shelly1,
            200,
            r#"{"meters":[{"power":-5}]}"#,
            Negative,
            "meter:0 tells -5 W",
        ),
        (
            shelly1,
            200,
            r#"{"meters":[{"power":"many"}]}"#,
            Unreadable,
            "no number",
        ),
        (shelly1, 401, "", Unreadable, "password"),
        (shelly2, 200, SHELLY1, Unreadable, "kind shelly1"),
        (
            shelly2,
            200,
            r#"{"id":0,"output":false,"apower":0.0}"#,
            Unreadable,
            "switched off",
        ),
        (
            shelly2,
            200,
            r#"{"id":0,"output":true}"#,
            Unreadable,
            "no meter",
        ),
        (
            shelly2,
            200,
            r#"{"switch:0":{"id":0,"output":true,"apower":5,"errors":["power_meter_failure"]}}"#,
            Unreadable,
            "power_meter_failure",
        ),
        (shelly2, 200, "<html>a router</html>", Unreadable, "no JSON"),
        (tasmota, 200, SHELLY2, Unreadable, "not as a Tasmota"),
        (
            tasmota,
            200,
            r#"{"StatusSNS":{"Time":"x"}}"#,
            Unreadable,
            "no energy",
        ),
        (
            tasmota,
            200,
            r#"{"WARNING":"Need user=<username>&password=<password>"}"#,
            Unreadable,
            "password",
        ),
    ];
    for (kind, status, body, fault, words) in wrong {
        let server = Server::one("/", status, body);
        refused(watts(kind(&server.url, Part::Only)), fault, words);
    }
    let server = Server::one("/status", 200, SHELLY1);
    refused(
        watts(shelly1(&server.url, Part::Channel(1))),
        Unreadable,
        "none with number 1",
    );
}

#[test]
fn a_newer_shelly_says_so_itself() {
    let server = Server::one("/shelly", 200, r#"{"id":"shellyplusplugs","gen":2}"#);
    refused(
        watts(shelly1(&server.url, Part::Only)),
        Unreadable,
        "its kind is shelly2",
    );
}

#[test]
fn a_meter_that_is_silent_or_gone_says_so_in_time() {
    let silent = Server::one("/", 0, "");
    refused(
        watts(shelly2(&silent.url, Part::Only)),
        Unreadable,
        "did not answer within 2 s",
    );
    let port = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port()
    };
    let gone = format!("http://127.0.0.1:{port}");
    refused(
        watts(shelly2(&gone, Part::Only)),
        Unreadable,
        "cannot be reached",
    );
}

#[test]
fn a_plug_that_restarts_loses_one_reading() {
    let again_on = r#"{"id":0,"output":true,"apower":80.0,"aenergy":{"total":1.0}}"#;
    let bodies = [SHELLY2, again_on, again_on].map(|body| (200, body.to_owned()));
    let server = Server::start(vec![("/rpc/Switch.GetStatus?id=0", bodies.to_vec())]);
    let plug = Opened::of(&meter(shelly2(&server.url, Part::Only), MeterUnit::Watts));
    assert_eq!(again(&plug), Ok(88.9));
    refused(again(&plug), Unreadable, "ran back");
    assert_eq!(again(&plug), Ok(80.0));
}
