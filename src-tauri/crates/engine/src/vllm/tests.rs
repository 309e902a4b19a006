//! vLLM's command line, and what it told when it was really started.

use super::*;
use crate::catalogue::About;
use crate::catalogue::tests::machine;
use wattsmith_domain::{FailureCause, ParameterSpace, Value};

/// Pages, metrics and log of vLLM 0.32.0 for processors with SmolLM2-135M, recorded on a machine with two
/// cores, with every knob away from its default that takes another value there.
const RECORDED: &str = include_str!("recorded.json");

fn recorded() -> serde_json::Value {
    serde_json::from_str(RECORDED).unwrap()
}

fn space(gpus: &[&str]) -> ParameterSpace {
    let machine = machine(2, 2, gpus);
    Vllm.space(&About {
        context_limit: Some(8192),
        ..About::machine(&machine)
    })
}

fn line(gpus: &[&str]) -> String {
    let space = space(gpus);
    let command = Vllm.command(&Asked {
        program: Path::new("bin/vllm"),
        model: Path::new("models/a model"),
        port: 40_123,
        api_key: "a key",
        space: &space,
        configuration: &space.default_configuration(),
        extra_args: &["--more".to_owned()],
        files: Path::new("files"),
        draft: None,
        left_alone: false,
        flags: None,
    });
    assert_eq!(
        command.variables,
        [("VLLM_API_KEY".to_owned(), "a key".to_owned())]
    );
    let settings = command.settings.iter();
    let settings: String = settings
        .map(|(name, value)| format!("{name}={value}\n"))
        .collect();
    settings + &command.words.join(" ").replace(" --", "\n  --")
}

#[test]
fn the_default_is_written_out_in_full_with_its_variables() {
    insta::assert_snapshot!("default_on_a_processor", line(&[]));
    insta::assert_snapshot!("default_on_two_gpus", line(&["a GPU", "another"]));
}

/// Its pages as `ready` lays them out.
fn told() -> Told {
    let all = recorded();
    let pages = &all["pages"];
    Told {
        pages: vec![
            pages["/v1/models"].clone(),
            readback::of_server_info(&pages["/server_info?config_format=json"]),
            readback::of_metrics(all["metrics"].as_str().unwrap()),
        ],
        ..Told::default()
    }
}

#[test]
fn what_it_really_uses_is_read_back_from_pages_metrics_and_log() {
    let space = space(&[]);
    let all = recorded();
    let log = all["log"].as_str().unwrap();
    let used = Vllm.used(&space, &told(), log);
    for (name, value) in all["asked"].as_object().unwrap() {
        let knob = space.get(name).unwrap();
        let word = value.as_str().unwrap();
        let value = knob.kind.coerce(&Value::Choice(word.to_owned())).unwrap();
        assert_ne!(value, knob.default, "{name} was recorded at its default");
        assert_eq!(used.get(name), Some(&value.to_string()), "{name}");
    }
    for knob in &space.parameters {
        assert!(all["asked"].get(&knob.name).is_some(), "{}", knob.name);
    }
    let differences = Vllm.differences(&space, &space.default_configuration(), &used);
    assert!(
        differences.iter().any(|one| one.name == "max-num-seqs"),
        "{differences:?}"
    );
}

#[test]
fn without_its_page_of_settings_the_log_tells_what_it_can() {
    let space = space(&[]);
    let all = recorded();
    let mut told = told();
    told.pages.remove(1);
    let used = Vllm.used(&space, &told, all["log"].as_str().unwrap());
    for name in [
        "max-num-seqs",
        "max-num-batched-tokens",
        "kv-cache-gib",
        "reserved-cores",
        "compile",
    ] {
        let asked = all["asked"][name].as_str().unwrap();
        assert_eq!(used.get(name).map(String::as_str), Some(asked), "{name}");
    }
}

/// Lines of its log as it printed them here with 0.32.0; those of GPUs are from its source.
#[test]
fn what_it_prints_decides_the_cause() {
    use crate::supervise::failure::Exit;
    for (cause, code, log) in FAULTS {
        let error = SIGNS.ended_while_loading(&Ended {
            exit: Exit {
                code: Some(code),
                signal: None,
                kernel_out_of_memory: false,
            },
            log,
            log_path: Path::new("state/engine-1.log"),
            program: Path::new("bin/vllm"),
            model: Path::new("models/m"),
        });
        assert_eq!(error.cause(), Some(cause), "{log}");
    }
}

const FAULTS: [(FailureCause, i32, &str); 11] = [
    (
        FailureCause::UnknownFlag,
        2,
        "vllm: error: unrecognized arguments: --bogus 1",
    ),
    (
        FailureCause::UnknownFlag,
        1,
        "pydantic_core._pydantic_core.ValidationError: 1 validation error for SchedulerConfig\n  Value error, \
         max_num_batched_tokens (512) is smaller than max_model_len (1024). This effectively limits the maximum \
         sequence length to max_num_batched_tokens and makes vLLM reject longer sequences.",
    ),
    (
        FailureCause::ModelCorrupt,
        1,
        "    metadata = json.loads(f.read(length_of_metadata).decode(\"utf-8\"))\nMemoryError",
    ),
    (
        FailureCause::PortTaken,
        1,
        "OSError: [Errno 98] Address already in use",
    ),
    (
        FailureCause::ModelNotFound,
        1,
        "huggingface_hub.errors.HFValidationError: Repo id must be in the form 'repo_name'",
    ),
    (
        FailureCause::EngineNotFound,
        1,
        "RuntimeError: Failed to infer device type, please set the environment variable",
    ),
    (
        FailureCause::EngineNotFound,
        1,
        "ModuleNotFoundError: No module named 'torch'",
    ),
    (
        FailureCause::OutOfMemory,
        1,
        "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.",
    ),
    (
        FailureCause::OutOfMemory,
        1,
        "ValueError: No available memory for the cache blocks. Try increasing `gpu_memory_utilization`",
    ),
    // What it tells and warns of before anything happens decides nothing.
    (
        FailureCause::Crash,
        1,
        "non-default args: {'max_num_batched_tokens': 1024}\nWARNING This model does not officially support \
         disabling chunked prefill. Disabling this manually may cause the engine to crash",
    ),
    (FailureCause::Crash, 1, "Traceback (most recent call last):"),
];
