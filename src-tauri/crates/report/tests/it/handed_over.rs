//! The settings that were found, as files for other programs: read by those programs' own readers where they
//! are on this machine, and as they were.

use std::process::Command;
use wattsmith_domain::{Launch, SessionRecord, Tell};
use wattsmith_report::{SettingsFile, settings_file};
use wattsmith_testkit::fixtures;

const ALL: [SettingsFile; 5] = [
    SettingsFile::Command,
    SettingsFile::Systemd,
    SettingsFile::Compose,
    SettingsFile::Preset,
    SettingsFile::Modelfile,
];

/// A path that every form has to keep whole.
const AWKWARD: &str = "/srv/my models/it's 100% \"q4\" $HOME.gguf";

fn awkward() -> SessionRecord {
    let mut record = fixtures::confirmed();
    let before = std::mem::replace(&mut record.session.model.path, AWKWARD.to_owned());
    for trial in &mut record.trials {
        for word in trial.launch.iter_mut().flat_map(|launch| &mut launch.argv) {
            if *word == before {
                *word = AWKWARD.to_owned();
            }
        }
    }
    record
}

fn vllm() -> SessionRecord {
    let mut record = fixtures::confirmed();
    record.session.engine.name = "vllm".to_owned();
    record.session.engine.version = "vllm 0.32.0 · torch 2.13.0".to_owned();
    record.session.model.path = "/srv/SmolLM2".to_owned();
    let words = "/opt/vllm/bin/vllm serve /srv/SmolLM2 --host 127.0.0.1 --port 4000 --served-model-name wattsmith \
                 --no-enable-prefix-caching --max-num-seqs 8 --kv-cache-dtype auto --enforce-eager \
                 --speculative-config={\"method\":\"ngram\",\"num_speculative_tokens\":3}";
    let environment = [
        ("VLLM_CPU_KVCACHE_SPACE", "1"),
        ("VLLM_TARGET_DEVICE", "cpu"),
        ("VLLM_SERVER_DEV_MODE", "1"),
    ];
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
    for trial in &mut record.trials {
        trial.launch = Some(Launch {
            argv: words.split_whitespace().map(str::to_owned).collect(),
            environment: environment.clone().into(),
            ..Launch::default()
        });
    }
    record
}

/// A session on Ollama: options in its space, variables in its launch.
fn ollama() -> SessionRecord {
    let mut record = fixtures::confirmed();
    record.session.engine.name = "ollama".to_owned();
    record.session.engine.version = "ollama 0.33.0".to_owned();
    record.session.model.name = "smollm2:135m".to_owned();
    let store = "/home/sam/.ollama/models";
    record.session.model.path =
        format!("{store}/manifests/registry.ollama.ai/library/smollm2/135m");
    for (knob, field) in [("threads", "num_thread"), ("batch", "num_batch")] {
        let knobs = record.session.space.parameters.iter_mut();
        for knob in knobs.filter(|one| one.name == knob) {
            knob.told = Tell::Field {
                field: field.to_owned(),
            };
        }
    }
    let environment = [
        ("OLLAMA_HOST", "127.0.0.1:40123"),
        ("OLLAMA_NOPRUNE", "1"),
        ("OLLAMA_MODELS", store),
        ("OLLAMA_NUM_PARALLEL", "4"),
        ("OLLAMA_KV_CACHE_TYPE", "q8_0"),
        ("LLAMA_ARG_FIT", "off"),
        ("LLAMA_ARG_CACHE_RAM", "0"),
    ];
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
    for trial in &mut record.trials {
        trial.launch = Some(Launch {
            argv: ["/usr/bin/ollama", "serve"].map(str::to_owned).to_vec(),
            environment: environment.clone().into(),
            ..Launch::default()
        });
    }
    record
}

#[test]
fn settings_of_requests_and_of_a_daemon_are_handed_over_together() {
    let record = ollama();
    for form in [
        SettingsFile::Modelfile,
        SettingsFile::Command,
        SettingsFile::Systemd,
    ] {
        let text = settings_file(&record, form).unwrap();
        assert!(
            !text.contains("40123") && !text.contains("CACHE_RAM"),
            "{text}"
        );
        insta::assert_snapshot!(format!("of_ollama_{form:?}"), text);
    }
    let told = settings_file(&record, SettingsFile::Compose).unwrap_err();
    assert!(told.to_string().contains("No container image"), "{told}");
}

#[test]
fn settings_are_handed_over_as_they_were() {
    let record = fixtures::confirmed();
    for form in ALL {
        insta::assert_snapshot!(format!("{form:?}"), settings_file(&record, form).unwrap());
    }
    let record = vllm();
    for form in [
        SettingsFile::Vllm,
        SettingsFile::Compose,
        SettingsFile::Systemd,
    ] {
        let text = settings_file(&record, form).unwrap();
        assert!(
            !text.contains("DEV_MODE"),
            "only measuring needs it: {text}"
        );
        insta::assert_snapshot!(format!("of_vllm_{form:?}"), text);
    }
}

#[test]
fn another_servers_form_and_a_session_without_settings_are_refused_with_the_reason() {
    let said = |record: &SessionRecord, form| settings_file(record, form).unwrap_err().to_string();
    assert_eq!(
        said(&vllm(), SettingsFile::Preset),
        "A preset is for llama-server; this session ran vllm."
    );
    assert!(said(&fixtures::empty(), SettingsFile::Command).contains("measured nothing yet"));
    let mut attached = fixtures::confirmed();
    attached.session.engine.name = "attached".to_owned();
    assert!(said(&attached, SettingsFile::Systemd).contains("not started by Wattsmith"));
}

#[test]
fn a_shell_reads_the_command_and_finds_the_model_in_it() {
    let text = settings_file(&awkward(), SettingsFile::Command).unwrap();
    // The program is replaced by one that tells its words.
    let (head, rest) = text.split_once(" \\\n").unwrap();
    let (remarks, _) = head.rsplit_once('\n').unwrap();
    let script = format!("{remarks}\nprintf '%s\\n' \\\n{rest}");
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    let words = String::from_utf8(output.stdout).unwrap();
    assert!(words.lines().any(|word| word == AWKWARD), "{words}");
}

#[test]
fn systemd_verifies_the_unit() {
    let folder = tempfile::tempdir().unwrap();
    for (name, mut record) in [("a", awkward()), ("b", vllm())] {
        // It looks for the program itself.
        for trial in &mut record.trials {
            if let Some(launch) = &mut trial.launch {
                launch.argv[0] = "/bin/true".to_owned();
            }
        }
        let unit = folder.path().join(format!("wattsmith-{name}.service"));
        std::fs::write(
            &unit,
            settings_file(&record, SettingsFile::Systemd).unwrap(),
        )
        .unwrap();
        let checked = Command::new("systemd-analyze")
            .args(["verify", "--man=no", "--user"])
            .arg(&unit)
            .env("XDG_RUNTIME_DIR", folder.path())
            .output();
        let Ok(checked) = checked else {
            println!("systemd-analyze is not here: the unit was not verified");
            return;
        };
        let said = String::from_utf8_lossy(&checked.stderr).into_owned();
        let of_ours: Vec<&str> = said
            .lines()
            .filter(|line| line.contains("wattsmith-"))
            .collect();
        assert_eq!(of_ours, Vec::<&str>::new(), "{said}");
    }
}

#[test]
fn values_for_readers_of_yaml_are_json() {
    for (record, form) in [
        (awkward(), SettingsFile::Compose),
        (vllm(), SettingsFile::Compose),
        (vllm(), SettingsFile::Vllm),
    ] {
        let text = settings_file(&record, form).unwrap();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let value = match line.trim_start().strip_prefix("- ") {
                // A list of tables begins so.
                Some(item) if item.starts_with("type: ") => continue,
                Some(item) => item,
                None => match line.split_once(": ") {
                    Some((_, value)) => value,
                    None => continue,
                },
            };
            serde_json::from_str::<serde_json::Value>(value)
                .unwrap_or_else(|error| panic!("{error}: {line}"));
        }
    }
    let text = settings_file(&awkward(), SettingsFile::Compose).unwrap();
    let source = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("source: "));
    let source: String = serde_json::from_str(source.unwrap()).unwrap();
    // Compose makes one sign of two.
    assert_eq!(source.replace("$$", "$"), AWKWARD);
}
