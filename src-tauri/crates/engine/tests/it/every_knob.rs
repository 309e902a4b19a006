//! Asked is used: the real server with every knob away from its default, and each read back.

use crate::setting::{State, binary, machine, model, settings};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use wattsmith_domain::{Configuration, CoreSet, CoreSetKind, Machine, SystemClock, Usable, Value};
use wattsmith_engine::{About, LaunchOptions, launch, own_choice, shipped, warm_up, workload};

/// Told nowhere: not by the server's pages, not by its log, not by the kernel.
const TOLD_NOWHERE: [&str; 2] = ["poll", "cont-batching"];

/// There only with GPUs, so that no test without one reads them.
const WITH_GPUS: [&str; 5] = [
    "n-gpu-layers",
    "n-cpu-moe",
    "split-mode",
    "main-gpu",
    "tensor-split",
];

fn word(word: &str) -> Value {
    Value::Choice(word.to_owned())
}

/// Every core, and the first of them, as masks.
fn masks() -> (String, String) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = |line: &str| Some(line.strip_prefix("Cpus_allowed:")?.trim().replace(',', ""));
    let digits = status.lines().find_map(line).unwrap();
    let all = u128::from_str_radix(&digits, 16).unwrap();
    (
        format!("{all:#x}"),
        format!("{:#x}", all & all.wrapping_neg()),
    )
}

/// Four cores by its word, of which those of this machine are a part.
fn with_core_sets() -> Machine {
    let (all, one) = masks();
    let more = format!(
        "{:#x}",
        u128::from_str_radix(&all[2..], 16).unwrap() << 2 | 3
    );
    let set = |kind, mask| CoreSet { kind, mask };
    Machine {
        usable: Some(Usable {
            present: 4,
            logical: 4,
            physical: 4,
            performance_cores: None,
            quota_cores: None,
            cpus: String::new(),
            why: Vec::new(),
            sets: vec![
                set(CoreSetKind::All, more),
                set(CoreSetKind::Fast, all),
                set(CoreSetKind::Slow, one),
            ],
        }),
        ..machine()
    }
}

/// Another value than the default for each knob.
fn everything_else() -> Configuration {
    settings(&[
        ("threads", Value::Int(2)),
        ("threads-batch", Value::Int(2)),
        ("parallel", Value::Int(3)),
        ("context-per-slot", Value::Int(1024)),
        ("kv-unified", Value::Bool(false)),
        ("batch", Value::Int(128)),
        ("ubatch", Value::Int(64)),
        ("flash-attn", word("on")),
        ("cache-type-k", word("q8_0")),
        ("cache-type-v", word("f32")),
        ("poll", Value::Int(0)),
        ("priority", Value::Int(-1)),
        ("speculation", word("draft-simple")),
        ("draft-tokens", Value::Int(5)),
        ("cpu-mask", word(&masks().0)),
        ("cont-batching", Value::Bool(false)),
        ("load-mode", word("none")),
    ])
}

#[tokio::test]
async fn every_knob_away_from_its_default_is_read_back_as_it_was_asked() {
    let machine = with_core_sets();
    let about = About {
        draft: true,
        ..About::machine(&machine)
    };
    let space = shipped().space(&about);
    let asked = everything_else();
    for knob in &space.parameters {
        let value = asked.get(&knob.name);
        assert!(
            value.is_some_and(|value| *value != knob.default),
            "{} has no other value than its default here",
            knob.name
        );
    }
    let state = State::new();
    let mut options = LaunchOptions::new(
        shipped(),
        binary(),
        model(),
        space.clone(),
        asked.clone(),
        state.path(),
    );
    options.draft = Some(model());
    let cancel = CancellationToken::new();
    let engine = launch(options, &cancel).await.unwrap();
    let work = workload("tiny", 3, 3, 4, 1);
    warm_up(&engine, &work, Arc::new(SystemClock), &cancel)
        .await
        .unwrap();
    let launched = engine.launch_at_work().await;
    engine.stop().await;
    assert_eq!(launched.differences, []);
    let read: BTreeSet<&str> = launched.used.keys().map(String::as_str).collect();
    for knob in &space.parameters {
        let name = knob.name.as_str();
        assert_eq!(read.contains(name), !TOLD_NOWHERE.contains(&name), "{name}");
        // A unified or rounded context may be more than was asked for.
        if read.contains(name) && name != "context-per-slot" {
            assert_eq!(launched.used[name], asked.get(name).unwrap().to_string());
        }
    }
}

/// The server takes both options without a word; see findings/llama-server-mask-needs-two-threads.sh.
#[tokio::test]
async fn a_mask_and_a_priority_that_one_thread_ignores_are_told_as_ignored() {
    let (all, one) = masks();
    let space = shipped().space(&About::machine(&with_core_sets()));
    let mut asked = everything_else();
    for name in ["threads", "threads-batch"] {
        asked.set(name, Value::Int(1));
    }
    asked.set("speculation", word("none"));
    asked.set("cpu-mask", word(&one));
    let asked: Configuration = asked
        .iter()
        .filter(|(name, _)| space.get(name).is_some())
        .map(|(name, value)| (name.to_owned(), value.clone()))
        .collect();
    let state = State::new();
    let options = LaunchOptions::new(shipped(), binary(), model(), space, asked, state.path());
    let cancel = CancellationToken::new();
    let engine = launch(options, &cancel).await.unwrap();
    let work = workload("tiny", 1, 1, 4, 1);
    warm_up(&engine, &work, Arc::new(SystemClock), &cancel)
        .await
        .unwrap();
    let launched = engine.launch_at_work().await;
    engine.stop().await;
    let told: Vec<(&str, &str)> = launched
        .differences
        .iter()
        .map(|one| (one.name.as_str(), one.used.as_str()))
        .collect();
    let mut expected = vec![("priority", "0")];
    if all != one {
        expected.push(("cpu-mask", all.as_str()));
    }
    assert_eq!(told, expected);
}

#[test]
fn what_only_machines_with_gpus_have_is_known_by_name() {
    let names = |gpus: usize| -> BTreeSet<String> {
        let machine = Machine {
            gpus: vec!["a GPU".to_owned(); gpus],
            ..machine()
        };
        let space = shipped().space(&About::machine(&machine));
        space.parameters.into_iter().map(|one| one.name).collect()
    };
    let (without, with) = (names(0), names(2));
    let only: BTreeSet<&str> = with.difference(&without).map(String::as_str).collect();
    assert_eq!(only, BTreeSet::from(WITH_GPUS));
}

#[tokio::test]
async fn a_server_that_is_left_alone_tells_what_it_chose() {
    let machine = machine();
    let space = shipped().space(&About::machine(&machine));
    let state = State::new();
    let options = LaunchOptions::new(
        shipped(),
        binary(),
        model(),
        space.clone(),
        space.default_configuration(),
        state.path(),
    );
    let chosen = own_choice(options, &CancellationToken::new())
        .await
        .unwrap();
    assert_eq!(space.check(&chosen).map(|_| ()), Ok(()));
    // Four slots that share the model's whole context, by its own log.
    assert_eq!(chosen.int("parallel"), Some(4));
    assert_eq!(chosen.int("context-per-slot"), Some(8192));
    assert_eq!(chosen.get("kv-unified"), Some(&Value::Bool(true)));
    assert_eq!(chosen.int("batch"), Some(2048));
    assert_eq!(state.files(".json"), Vec::<String>::new());
}
