//! The script's command line, and what it told when it was really started.

use super::*;
use crate::catalogue::About;
use crate::catalogue::tests::machine;
use crate::python::API_KEY;
use wattsmith_domain::{Configuration, FailureCause, ParameterSpace, Value};

/// Replies of the script with transformers 5.24.0 and SmolLM2-135M, recorded on a machine with two cores.
const RECORDED: &str = include_str!("recorded.json");

fn space(gpus: &[&str]) -> ParameterSpace {
    Transformers.space(&About::machine(&machine(2, 2, gpus)))
}

fn recorded(name: &str) -> serde_json::Value {
    let all: serde_json::Value = serde_json::from_str(RECORDED).unwrap();
    all[name].clone()
}

#[test]
fn the_default_is_written_out_in_full_and_its_key_on_no_command_line() {
    let space = space(&[]);
    let command = Transformers.command(&Asked {
        program: Path::new("bin/python"),
        model: Path::new("models/a model"),
        port: 40_123,
        api_key: "a key",
        space: &space,
        configuration: &space.default_configuration(),
        extra_args: &[],
        files: Path::new("files"),
        draft: None,
        left_alone: false,
        flags: None,
    });
    assert_eq!(
        command.variables,
        [(API_KEY.to_owned(), "a key".to_owned())]
    );
    insta::assert_snapshot!(command.words.join(" ").replace(" --", "\n  --"));
}

#[test]
fn what_it_really_uses_is_read_back_from_its_page() {
    let space = space(&[]);
    let asked = |changes: &[(&str, &str)]| {
        let mut all = space.default_configuration();
        for (name, value) in changes {
            let knob = space.get(name).unwrap();
            let value = knob.kind.coerce(&Value::Choice((*value).to_owned()));
            all.set(name, value.unwrap());
        }
        space.check(&all).unwrap()
    };
    for (page, configuration) in [
        (
            "props_static",
            asked(&[("batch-size", "2"), ("cache", "static")]),
        ),
        (
            "props_continuous",
            asked(&[("batch-size", "2"), ("batching", "continuous")]),
        ),
    ] {
        let told = ready::told(recorded(page));
        assert!(told.load.is_some_and(|load| load.0 > 0.0));
        let used = Transformers.used(&space, &told, "");
        assert_eq!(
            Transformers.differences(&space, &configuration, &used),
            [],
            "{page}"
        );
        let silent = match page {
            "props_static" => &["batch-tokens", "cache-tokens"][..],
            _ => &["batch-wait-ms"][..],
        };
        for knob in &space.parameters {
            let name = knob.name.as_str();
            assert_eq!(
                used.contains_key(name),
                !silent.contains(&name),
                "{page}: {name}"
            );
        }
        let other = asked(&[("batch-size", "4"), ("threads", "1")]);
        let found = Transformers.differences(&space, &other, &used);
        let names: Vec<&str> = found.iter().map(|one| one.name.as_str()).collect();
        for name in ["batch-size", "threads"] {
            assert!(names.contains(&name), "{page}: {names:?}");
        }
    }
}

#[test]
fn settings_that_do_not_go_together_are_rules() {
    let space = space(&["a GPU"]);
    let word = |word: &str| Value::Choice(word.to_owned());
    for wrong in [
        [("compile", word("on")), ("cache", word("dynamic"))],
        [("cache", word("static")), ("batching", word("continuous"))],
        [("prompt-lookup", word("3")), ("batch-size", Value::Int(2))],
        [
            ("prompt-lookup", word("8")),
            ("batching", word("continuous")),
        ],
    ] {
        let asked: Configuration = wrong
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect();
        assert!(space.check(&asked).is_err(), "{asked}");
    }
}

#[test]
fn what_the_script_prints_decides_the_cause() {
    use crate::supervise::failure::Exit;
    use FailureCause::*;
    for (cause, code, log) in [
        (
            EngineNotFound,
            1,
            "ModuleNotFoundError: No module named 'transformers'",
        ),
        (
            EngineNotFound,
            1,
            "error: the model cannot be loaded: ImportError: cannot import name 'ContinuousBatchingConfig'",
        ),
        (
            PortTaken,
            1,
            "error: port 40991 cannot be taken: [Errno 98] Address already in use",
        ),
        (
            UnknownFlag,
            2,
            "server.py: error: unrecognized arguments: --bogus 1",
        ),
        (
            UnknownFlag,
            2,
            "server.py: error: argument --dtype: invalid choice: 'int3' (choose from auto, float32)",
        ),
        (
            UnknownFlag,
            2,
            "error: --prompt-lookup is for --batch-size 1 alone",
        ),
        (
            UnknownFlag,
            2,
            "error: --cache static is not for --batching continuous",
        ),
        (
            OutOfMemory,
            1,
            "error: out of memory: RuntimeError: [enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory",
        ),
        (
            ModelNotFound,
            1,
            "error: model not found: /m holds no config.json",
        ),
        (
            ModelCorrupt,
            1,
            "error: the model cannot be loaded: SafetensorError: Error while deserializing header",
        ),
        (
            ModelUnfit,
            1,
            "error: the model cannot be loaded: ValueError: The checkpoint has model type `odd`",
        ),
        (Crash, 1, "Traceback (most recent call last):"),
    ] {
        let error = SIGNS.ended_while_loading(&Ended {
            exit: Exit {
                code: Some(code),
                signal: None,
                kernel_out_of_memory: false,
            },
            log,
            log_path: Path::new("state/engine-1.log"),
            program: Path::new("bin/python"),
            model: Path::new("models/m"),
        });
        assert_eq!(error.cause(), Some(cause), "{log}");
    }
}
