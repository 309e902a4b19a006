//! Which room may import which. The table is the plan of the house in ARCHITECTURE.md.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

const ARROWS: [(&str, &[&str]); 15] = [
    ("domain", &[]),
    ("fail-points", &[]),
    ("files", &["fail-points"]),
    ("download", &["domain", "files"]),
    ("stats", &["domain"]),
    ("meter", &["domain", "fail-points", "files", "stats"]),
    ("engine", &["domain", "fail-points", "files"]),
    ("gpu-control", &["domain"]),
    ("search", &["domain", "stats"]),
    ("chat", &["domain", "fail-points", "files"]),
    ("store", &["domain", "fail-points"]),
    ("report", &["domain", "stats"]),
    (
        "tuner",
        &[
            "chat",
            "domain",
            "download",
            "engine",
            "fail-points",
            "files",
            "gpu-control",
            "meter",
            "report",
            "search",
            "stats",
            "store",
        ],
    ),
    ("cli", &["domain", "tuner"]),
    ("testkit", &["domain", "engine", "meter"]),
];

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--no-deps",
            "--offline",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Ordinary dependencies of each package, as the names of rooms or of other crates.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let room = |name: &str| name.strip_prefix("wattsmith-").unwrap_or(name).to_owned();
    metadata()["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| {
            let ordinary = package["dependencies"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|one| one["kind"].is_null())
                .map(|one| one["name"].as_str().unwrap().to_owned())
                .collect();
            (room(package["name"].as_str().unwrap()), ordinary)
        })
        .collect()
}

#[test]
fn rooms_import_only_what_the_plan_allows() {
    let found = dependencies();
    for (room, allowed) in ARROWS {
        let imports: BTreeSet<&str> = found[room]
            .iter()
            .filter_map(|name| name.strip_prefix("wattsmith-"))
            .collect();
        let allowed: BTreeSet<&str> = allowed.iter().copied().collect();
        assert!(
            imports.is_subset(&allowed),
            "{room} may import {allowed:?}, but imports {imports:?}"
        );
    }
    let planned: BTreeSet<&str> = ARROWS.iter().map(|(room, _)| *room).collect();
    let rooms: BTreeSet<&str> = found.keys().map(String::as_str).collect();
    let app = BTreeSet::from(["wattsmith"]);
    assert_eq!(rooms, &planned | &app, "a room without a place in the plan");
}

#[test]
fn only_the_app_knows_tauri_and_only_the_app_knows_specta() {
    for (room, imports) in dependencies() {
        for import in imports {
            let is_apps = import.starts_with("tauri") || import.starts_with("specta");
            assert!(!is_apps || room == "wattsmith", "{room} imports {import}");
        }
    }
}

#[test]
fn the_domain_needs_no_runtime_and_no_io() {
    let allowed = BTreeSet::from(["serde".to_owned(), "thiserror".to_owned()]);
    assert!(dependencies()["domain"].is_subset(&allowed));
}

#[test]
fn what_runs_as_root_stays_small() {
    let allowed = ["nvml-wrapper", "thiserror", "wattsmith-domain"].map(str::to_owned);
    assert_eq!(dependencies()["gpu-control"], BTreeSet::from(allowed));
}

/// What is common to all servers names none of them, and neither does the tuner.
#[test]
fn servers_are_named_in_their_own_rooms_only() {
    let root = env!("CARGO_MANIFEST_DIR");
    let engine = "src-tauri/crates/engine/src";
    let common = [
        "catalogue",
        "supervise",
        "work",
        "launch.rs",
        "ready.rs",
        "running.rs",
    ];
    let output = Command::new("git")
        .args(["grep", "-niE", "llama|vllm|sglang"])
        .args(["--", "src-tauri/crates/tuner/src/*.rs"])
        .args(common.map(|one| format!("{engine}/{one}")))
        .args([
            format!("{engine}/catalogue.rs"),
            format!("{engine}/supervise.rs"),
        ])
        .arg(format!(":!{engine}/catalogue/tests.rs"))
        // Whose folders models lie in is no matter of servers.
        .arg(":!src-tauri/crates/tuner/src/machine/places.rs")
        .arg(":!src-tauri/crates/tuner/src/machine/places")
        .current_dir(root)
        .output()
        .unwrap();
    let found = String::from_utf8_lossy(&output.stdout);
    assert!(found.is_empty(), "servers named in common rooms:\n{found}");
}

#[test]
fn nothing_is_called_manager_helper_or_util() {
    let root = env!("CARGO_MANIFEST_DIR");
    let output = Command::new("git")
        .args([
            "grep", "-nwE",
            "(struct|enum|trait|mod|class|interface) +[A-Za-z]*(Manager|Helper|Utils?|manager|helper|utils?)",
            "--", "src-tauri/**/*.rs", "ui/src/**/*.ts", "ui/src/**/*.svelte",
        ])
        .current_dir(root)
        .output()
        .unwrap();
    let found = String::from_utf8_lossy(&output.stdout);
    assert!(found.is_empty(), "names that say nothing:\n{found}");
}

#[test]
fn only_the_gateway_imports_tauri_in_the_interface() {
    let root = env!("CARGO_MANIFEST_DIR");
    let output = Command::new("git")
        .args(["grep", "-ln", "@tauri-apps/", "--", "ui/src"])
        .current_dir(root)
        .output()
        .unwrap();
    for file in String::from_utf8_lossy(&output.stdout).lines() {
        assert!(file.starts_with("ui/src/lib/backend/"), "{file}");
    }
}
