//! `doctor`, `models` and `sessions`.

use crate::call::{Home, code, lines, model, out, run};

#[test]
fn doctor_tells_what_can_be_measured_and_why_the_rest_cannot() {
    let home = Home::new();
    let report = lines(&run(home.command("doctor --json"))).remove(0);
    assert!(report["machine"]["logical_cores"].as_u64().unwrap() > 0);
    let sensors = report["machine"]["sensors"].as_array().unwrap();
    assert!(sensors.len() > 1, "{report}");
    for sensor in sensors {
        if sensor["availability"] == "unavailable" {
            assert!(!sensor["reason"].as_str().unwrap().is_empty(), "{sensor}");
        }
    }
    assert_eq!(report["measured"] == false, report["scope"] == "estimated");
    assert!(report["sensor_error"].as_f64().unwrap() > 0.0);
    assert!(report["verdict"].as_str().unwrap().starts_with("Joules"));
    let findings = report["findings"].as_array().unwrap();
    assert!(!findings.is_empty(), "{report}");
    for finding in findings {
        for field in ["id", "severity", "title", "cause"] {
            assert!(!finding[field].as_str().unwrap().is_empty(), "{finding}");
        }
    }
    assert!(report["engine"].is_string(), "{}", report["engine_problem"]);
    assert!(!report["models"].as_array().unwrap().is_empty());

    let output = run(home.command("doctor"));
    assert_eq!(code(&output), 0);
    let text = out(&output);
    assert!(text.starts_with("Joules here are "), "{text}");
    for word in ["Sensors", "Machine", "Engine", "Model", "Data"] {
        assert!(text.contains(word), "{text}");
    }
}

#[test]
fn models_are_listed_with_their_files() {
    let home = Home::new();
    let file = model().display().to_string();
    let list = lines(&run(home.command("models --json"))).remove(0);
    let models = list["models"].as_array().unwrap();
    assert!(models.iter().any(|one| one["path"] == file), "{list}");
    assert!(out(&run(home.command("models"))).contains(&file));
}

#[test]
fn a_fresh_folder_has_no_sessions_and_says_how_to_begin() {
    let home = Home::new();
    let list = lines(&run(home.command("sessions --json"))).remove(0);
    assert_eq!(list["sessions"], serde_json::json!([]));
    assert!(out(&run(home.command("sessions"))).contains("wattsmith-cli tune"));
}
