//! What may stand in a meter's table, and what it becomes.

use super::*;
use serde_json::json;

fn read(value: serde_json::Value) -> Result<OutsideMeter, String> {
    serde_json::from_value(value).map_err(|error| error.to_string())
}

fn with_unit(base: &serde_json::Value, unit: &str) -> serde_json::Value {
    let mut changed = base.clone();
    changed["unit"] = json!(unit);
    changed
}

#[test]
fn a_switch_of_an_older_file_is_a_channel() {
    let old = json!({"name": "a", "kind": "shelly2", "url": "http://a", "switch": 3});
    assert_eq!(read(old).unwrap().part(), Some(&Part::Channel(3)));
}

#[test]
fn a_plug_needs_no_more_than_its_address() {
    let plug = read(json!({"name": "desk", "kind": "shelly2", "url": "http://10.0.0.9"})).unwrap();
    assert_eq!((plug.scope, plug.unit), (Scope::Wall, MeterUnit::Watts));
    assert_eq!((plug.role, plug.error), (MeterRole::Beside, 0.03));
    let again = read(serde_json::to_value(&plug).unwrap()).unwrap();
    assert_eq!(again, plug);
}

#[test]
fn every_kind_survives_being_written() {
    for value in [
        json!({"name": "a", "kind": "shelly1", "url": "http://a", "switch": 1}),
        json!({"name": "a", "kind": "shelly1", "url": "http://a", "channel": 1}),
        json!({"name": "a", "kind": "shelly2", "url": "http://a", "component": "em1:0"}),
        json!({"name": "a", "kind": "shelly2", "url": "http://a", "sum": true, "flip": true}),
        json!({"name": "b", "kind": "tasmota", "url": "http://b", "period_s": 10.0}),
        json!({"name": "c", "kind": "command", "argv": ["x"], "sum": true, "error": 0.1,
               "unit": "watts", "scope": "wall", "averaging_s": 60.0}),
        json!({"name": "d", "kind": "csv", "path": "/tmp/x.csv", "column": "3",
               "decimal": "comma", "unit": "watts", "scope": "wall", "error": 0.1}),
        json!({"name": "c", "kind": "command", "argv": ["x", "-y"], "mode": "once",
               "unit": "milliwatts", "scope": "cpu-package", "error": 0.1, "role": "main"}),
        json!({"name": "d", "kind": "csv", "path": "/tmp/x.csv", "column": "3",
               "separator": ";", "unit": "watt-hours", "scope": "platform", "error": 0.1}),
        json!({"name": "e", "kind": "prometheus", "url": "http://e", "query": "up",
               "unit": "millijoules", "scope": "gpu-board", "error": 0.05}),
    ] {
        let meter = read(value).unwrap();
        assert_eq!(read(serde_json::to_value(&meter).unwrap()).unwrap(), meter);
    }
}

#[test]
fn what_cannot_be_is_refused_and_names_the_field() {
    let plug = json!({"name": "desk", "kind": "shelly2", "url": "http://10.0.0.9"});
    let program = json!({"name": "p", "kind": "command", "argv": ["x"], "unit": "watts",
                         "scope": "wall", "error": 0.05});
    let with = |base: &serde_json::Value, field: &str, value: serde_json::Value| {
        let mut changed = base.clone();
        changed[field] = value;
        read(changed).unwrap_err()
    };
    for (error, word) in [
        (with(&plug, "url", json!("10.0.0.9")), "http://192"),
        (with(&plug, "url", json!("https://10.0.0.9")), "http://"),
        (with(&plug, "unit", json!("joules")), "watts"),
        (with(&plug, "query", json!("up")), "does not belong"),
        (with(&plug, "swich", json!(1)), "unknown field"),
        (with(&plug, "component", json!(" ")), "`component`"),
        (with(&plug, "averaging_s", json!(0)), "`averaging_s`"),
        (
            with(&program, "component", json!("gpu:0")),
            "does not belong",
        ),
        (with(&program, "decimal", json!("comma")), "does not belong"),
        (with(&plug, "name", json!(" ")), "`name`"),
        (with(&plug, "period_s", json!(0)), "`period_s`"),
        (with(&program, "error", json!(0)), "`error`"),
        (with(&program, "error", json!(-0.1)), "`error`"),
        (with(&program, "scope", json!("estimated")), "`scope`"),
        (with(&program, "scope", json!("part")), "`scope`"),
        (with(&program, "argv", json!([])), "`argv`"),
        (with(&program, "unit", json!("volts")), "unknown variant"),
        (with(&program, "kind", json!("csv")), "does not belong"),
    ] {
        assert!(error.contains(word), "{error}");
    }
    let both = json!({"name": "desk", "kind": "shelly2", "url": "http://a", "channel": 0,
                      "sum": true});
    assert!(read(both).unwrap_err().contains("keep one of them"));
    let counter = with(&with_unit(&program, "joules"), "averaging_s", json!(60));
    assert!(counter.contains("averages nothing"), "{counter}");
    for field in ["argv", "unit", "scope", "error"] {
        let mut without = program.clone();
        without.as_object_mut().unwrap().remove(field);
        let error = read(without).unwrap_err();
        assert!(error.contains(&format!("needs `{field}`")), "{error}");
    }
    let bare = read(json!({"name": "desk", "kind": "csv"})).unwrap_err();
    for field in ["path", "column", "unit", "scope", "error"] {
        assert!(bare.contains(&format!("`{field}` (")), "{bare}");
    }
}
