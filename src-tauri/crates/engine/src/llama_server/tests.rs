//! The knobs of llama-server as they come out on machines and with models.

use super::*;
use crate::catalogue::About;
use crate::catalogue::tests::machine;
use wattsmith_domain::{
    CoreLimit, CoreLimitKind, CoreSet, CoreSetKind, Kind, Machine, Tell, Usable,
};

const CONTEXT: &str = "context-per-slot";

fn space(machine: &Machine) -> ParameterSpace {
    LlamaServer.space(&About::machine(machine))
}

#[test]
fn the_table_is_sound() {
    let table = include_str!("catalogue.toml");
    assert_eq!(Catalogue::parse(table).map(|_| ()), Ok(()));
}

#[test]
fn the_knobs_read_like_a_table() {
    let space = space(&machine(8, 16, &["a GPU"]));
    let rows: Vec<String> = space
        .parameters
        .iter()
        .map(|knob| {
            let levels: Vec<String> = knob.kind.levels().iter().map(Value::to_string).collect();
            format!(
                "{} [{}] default {}, tried {}{}\n  {}\n  {}",
                knob.name,
                knob.kind.describe(),
                knob.default,
                levels.join(" "),
                if knob.changes_output {
                    ", can change answers"
                } else {
                    ""
                },
                knob.effect,
                knob.danger,
            )
        })
        .chain(space.rules.iter().map(ToString::to_string))
        .collect();
    insta::assert_snapshot!(rows.join("\n"));
}

#[test]
fn every_machine_gets_defaults_and_levels_that_are_in_range() {
    for (physical, logical) in [(0, 0), (1, 1), (2, 2), (4, 2), (6, 12), (128, 256)] {
        for gpus in [&[][..], &["a GPU"]] {
            let space = space(&machine(physical, logical, gpus));
            let defaults = space.default_configuration();
            assert_eq!(space.check(&defaults).as_ref(), Ok(&defaults));
            assert_eq!(space.get("n-gpu-layers").is_some(), !gpus.is_empty());
            for knob in &space.parameters {
                let levels = knob.kind.levels();
                assert!(
                    levels.iter().all(|level| knob.kind.contains(level)),
                    "{}",
                    knob.name
                );
                assert!(levels.contains(&knob.default), "{}", knob.name);
            }
        }
    }
}

fn usable(logical: u32, physical: u32, fast: Option<u32>, quota: Option<f64>) -> Machine {
    let kind = CoreLimitKind::Affinity;
    let text = "the process may run on core 0 only (affinity mask)".to_owned();
    Machine {
        usable: Some(Usable {
            present: 16,
            logical,
            physical,
            performance_cores: fast,
            quota_cores: quota,
            cpus: "0".to_owned(),
            why: vec![CoreLimit { kind, text }],
            sets: Vec::new(),
        }),
        ..machine(8, 16, &[])
    }
}

#[test]
fn threads_stay_within_what_the_engine_may_use() {
    let threads = |machine: &Machine, name: &str| {
        let space = space(machine);
        let knob = space.get(name).unwrap();
        let levels: Vec<String> = knob.kind.levels().iter().map(Value::to_string).collect();
        format!(
            "{}, default {}, tried {}",
            knob.kind.describe(),
            knob.default,
            levels.join(" ")
        )
    };
    for name in ["threads", "threads-batch"] {
        for (machine, said) in [
            // A mask of one core; half a core of quota.
            (usable(1, 1, None, None), "1 to 1, default 1, tried 1"),
            (usable(1, 1, None, Some(0.5)), "1 to 1, default 1, tried 1"),
            // A core and a half: two can be of use, one never waits.
            (
                usable(2, 2, None, Some(1.5)),
                "1 to 2, default 1, tried 1 2",
            ),
            // Six fast cores of ten, with 16 threads.
            (
                usable(16, 10, Some(6), None),
                "1 to 16, default 6, tried 1 2 4 6 8 10 16",
            ),
            (
                usable(6, 3, None, None),
                "1 to 6, default 3, tried 1 2 3 4 6",
            ),
        ] {
            let whole = format!("whole number, {said}");
            assert_eq!(threads(&machine, name), whole);
        }
    }
    let space = space(&usable(1, 1, None, None));
    let danger = &space.get("threads").unwrap().danger;
    assert!(
        danger.contains("1 of 16 cores: the process may run on core 0 only"),
        "{danger}"
    );
    let mut asked = space.default_configuration();
    asked.set("threads", Value::Int(2));
    assert!(space.check(&asked).is_err());
}

/// The helps of builds that can be had: July, August and November of 2026.
const HELPS: [(&str, &str); 3] = [
    ("571d0d5", include_str!("help/571d0d5.txt")),
    ("7e4c0a9", include_str!("help/7e4c0a9.txt")),
    ("86a2835", include_str!("help/86a2835.txt")),
];

fn of_build(help: &str) -> ParameterSpace {
    let machine = machine(8, 16, &["a GPU", "another"]);
    let flags = Flags::of_help(help).unwrap();
    LlamaServer.space(&About {
        flags: Some(&flags),
        draft: true,
        ..About::machine(&machine)
    })
}

#[test]
fn what_was_called_otherwise_in_a_build_is_told_by_its_name_there() {
    let told = |help: &str, name: &str| of_build(help).get(name).map(|knob| knob.told.clone());
    for (build, help) in HELPS {
        let names: Vec<String> = of_build(help)
            .parameters
            .into_iter()
            .map(|knob| knob.name)
            .collect();
        assert_eq!(names.len(), 21, "{build}: {names:?}");
        let by_flag = matches!(told(help, "load-mode"), Some(Tell::Flag { .. }));
        assert_eq!(by_flag, build != "571d0d5", "{build}");
        let drafts = Tell::Flag {
            flag: "--spec-draft-n-max".to_owned(),
        };
        assert_eq!(told(help, "draft-tokens"), Some(drafts), "{build}");
    }
    // A build from before the drafts' flags had one beginning.
    let earlier = HELPS[0]
        .1
        .replace("--spec-draft-n-max N", "")
        .replace("  the argument has been removed", "");
    let drafts = Tell::Flag {
        flag: "--draft-max".to_owned(),
    };
    assert_eq!(told(&earlier, "draft-tokens"), Some(drafts));
    let without = HELPS[0].1.replace("--cont-batching", "");
    assert_eq!(told(&without, "cont-batching"), None);
}

#[test]
fn a_value_may_have_a_word_of_its_own_on_the_command_line() {
    let space = of_build(HELPS[0].1);
    let mut asked = space.default_configuration();
    for (value, word) in [("mmap", "--mmap"), ("none", "--no-mmap")] {
        asked.set("load-mode", Value::Choice(value.to_owned()));
        let words = crate::catalogue::arguments(&space, &asked);
        assert!(words.iter().any(|one| one == word), "{words:?}");
    }
}

#[test]
fn cores_are_offered_as_masks_with_what_they_are() {
    let sets = [
        (CoreSetKind::All, "0xff"),
        (CoreSetKind::OnePerCore, "0x55"),
        (CoreSetKind::Fast, "0xf"),
    ];
    let mut machine = usable(8, 4, Some(2), None);
    let none = space(&machine);
    assert_eq!(none.get("cpu-mask"), None);
    machine.usable.as_mut().unwrap().sets = sets
        .map(|(kind, mask)| CoreSet {
            kind,
            mask: mask.to_owned(),
        })
        .to_vec();
    let space = space(&machine);
    let knob = space.get("cpu-mask").unwrap();
    assert_eq!(knob.default, Value::Choice("0xff".to_owned()));
    assert_eq!(
        knob.effect,
        "Which processor cores compute. Here 0xff is every core, 0x55 is one thread of each core, 0xf is \
         the fast cores."
    );
}

#[test]
fn quantised_values_need_flash_attention() {
    let space = space(&machine(2, 2, &[]));
    let mut asked = space.default_configuration();
    asked.set("cache-type-v", Value::Choice("q4_0".into()));
    assert!(space.check(&asked).is_ok());
    asked.set("flash-attn", Value::Choice("off".into()));
    assert!(space.check(&asked).is_err());
}

fn beyond(asked: &Configuration, limit: Option<u64>) -> Option<String> {
    LlamaServer.catalogue().beyond_context(asked, limit)
}

fn knob(limit: Option<u64>) -> (i64, i64, Vec<i64>, Value) {
    let machine = machine(2, 2, &[]);
    let about = About {
        context_limit: limit,
        ..About::machine(&machine)
    };
    let space = LlamaServer.space(&about);
    let defaults = space.default_configuration();
    assert_eq!(space.check(&defaults).as_ref(), Ok(&defaults));
    let knob = space.get(CONTEXT).unwrap();
    let Kind::Int { min, max, levels } = &knob.kind else {
        panic!("{knob:?}");
    };
    assert!(levels.iter().all(|level| (min..=max).contains(&level)));
    (*min, *max, levels.clone(), knob.default.clone())
}

#[test]
fn no_context_beyond_the_models_own_is_offered() {
    let whole = knob(None);
    for (limit, expected) in [
        // Toy models, GPT-2, models of 2023 and of today (their own heads).
        (256, (256, 256, vec![256], Value::Int(256))),
        (1024, (512, 1024, vec![512, 1024], Value::Int(1024))),
        (2048, (512, 2048, vec![512, 2048], Value::Int(2048))),
        (3000, (512, 3000, vec![512, 2048, 3000], Value::Int(2048))),
        (8192, (512, 8192, vec![512, 2048, 4096], Value::Int(2048))),
        (40_960, whole.clone()),
        (u64::MAX, whole.clone()),
    ] {
        assert_eq!(knob(Some(limit)), expected, "{limit}");
    }
}

#[test]
fn a_value_beyond_it_is_refused_with_the_limit() {
    let asked = |value| [(CONTEXT.to_owned(), value)].into_iter().collect();
    let words = beyond(&asked(Value::Int(4096)), Some(1024)).unwrap();
    assert!(words.contains("the model's limit is 1024"), "{words}");
    for value in [Value::Float(4096.0), Value::Choice("4096".to_owned())] {
        assert!(beyond(&asked(value), Some(1024)).is_some());
    }
    assert_eq!(beyond(&asked(Value::Int(1024)), Some(1024)), None);
    assert_eq!(beyond(&asked(Value::Int(4096)), None), None);
    assert_eq!(beyond(&Configuration::default(), Some(1)), None);
}
