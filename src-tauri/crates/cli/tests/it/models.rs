//! `models`, and what the other commands make of files that are not what they seem.

use crate::call::{Home, code, err, lines, machine, model, out, run};
use wattsmith_testkit::gguf::{Gguf, split, with_number};

#[test]
fn models_that_can_be_run_come_first_and_the_others_with_their_reason() {
    let home = Home::new();
    let models = home.path("data/models");
    split(&model(), &models.join("Smol"), 100);
    Gguf::model("clip")
        .text("general.type", "mmproj")
        .flag("clip.has_vision_encoder", true)
        .write(models.join("mmproj-Smol-F16.gguf"));
    Gguf::model("llama")
        .number("general.file_type", 15)
        .tensor("blk.0.attn_q.weight", &[32, 32], 8, 1088)
        .write(models.join("deep/er/Odd-Q4_K_M.gguf"));
    let list = lines(&run(home.command("models --json"))).remove(0);
    let ours: Vec<_> = list["models"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["path"].as_str().unwrap().contains("/data/models/"))
        .collect();
    assert_eq!(ours.len(), 2, "{list}");
    let odd = ours.iter().find(|one| one["name"] == "Odd").unwrap();
    let words = odd["weights"].as_str().unwrap();
    assert!(words.starts_with("Q4_K_M by its label; "), "{words}");
    assert!(words.ends_with("81 % of bytes Q8_0"), "{words}");
    let set = ours.iter().find(|one| one["name"] == "Smol").unwrap();
    assert_eq!(set["parts"], 4);
    assert!(set["bytes"].as_u64().unwrap() > 98_000_000);
    let unfit = list["unfit"].as_array().unwrap();
    assert_eq!(unfit.len(), 1, "{list}");
    assert!(unfit[0]["reason"].as_str().unwrap().contains("vision part"));
    assert_eq!(list["default"], model().display().to_string());

    let text = out(&run(home.command("models")));
    let (run, not_run) = text.split_once("\nNot run:\n").unwrap();
    assert!(run.contains("4 parts") && run.contains("default"), "{text}");
    assert!(not_run.starts_with("mmproj-Smol-F16  "), "{text}");
    assert!(!run.contains("0 MB"), "{text}");
}

#[test]
fn a_trial_of_another_part_or_an_incomplete_set_says_which_file_is_meant() {
    let home = Home::new();
    let parts = split(&model(), &home.path("data/models/Smol"), 100);
    let trial = |path: &std::path::Path| {
        let mut command = home.command("trial --quick --json");
        command.arg("--model").arg(path);
        let output = run(command);
        assert_eq!(code(&output), 1, "{}", out(&output));
        err(&output)
    };
    let said = trial(&parts[1]);
    let wanted = "This is part 2 of 4; choose part 1 (Smol-00001-of-00004.gguf).";
    assert!(said.contains(wanted), "{said}");
    std::fs::remove_file(&parts[2]).unwrap();
    let said = trial(&parts[0]);
    assert!(
        said.contains("Part 3 of 4 is missing (Smol-00003-of-00004.gguf)"),
        "{said}"
    );
    assert!(!said.contains("damaged"), "{said}");
    std::fs::write(&parts[2], "<!DOCTYPE html><html>").unwrap();
    let said = trial(&parts[0]);
    assert!(
        said.contains("Part 3 (Smol-00003-of-00004.gguf): This is no GGUF model but a web page"),
        "{said}"
    );
}

#[test]
fn a_trial_of_a_set_records_all_of_its_parts() {
    let _machine = machine();
    let home = Home::new();
    let parts = split(&model(), &home.path("data/models/Smol"), 100);
    let mut command = home.command("trial --quick --json --repeats 1 --requests 4");
    command.arg("--model").arg(&parts[0]);
    command.args("--output-tokens 4 --concurrency 2".split_whitespace());
    command.args("--set threads=1 --set threads-batch=1 --set parallel=2".split_whitespace());
    let lines = lines(&run(command));
    let recorded = &lines.last().unwrap()["model"];
    assert_eq!(recorded["parts"].as_array().unwrap().len(), 4);
    let sum: u64 = parts.iter().map(|one| one.metadata().unwrap().len()).sum();
    assert_eq!(recorded["bytes"], sum);
    assert_eq!(recorded["context_limit"], 8192);
}

#[test]
fn a_context_beyond_the_models_limit_is_refused_before_anything_is_run() {
    let home = Home::new();
    let short = home.path("short.gguf");
    with_number(&model(), &short, "llama.context_length", 1024);
    let mut command = home.command("trial --quick --set context-per-slot=4096");
    command.arg("--model").arg(&short);
    let output = run(command);
    assert_ne!(code(&output), 0);
    assert!(
        err(&output).contains("the model's limit is 1024"),
        "{}",
        err(&output)
    );
    let list = lines_of_sessions(&home);
    assert_eq!(list["sessions"], serde_json::json!([]));
}

fn lines_of_sessions(home: &Home) -> serde_json::Value {
    lines(&run(home.command("sessions --json"))).remove(0)
}

#[test]
fn models_of_other_programs_are_listed_with_whose_they_are_and_never_meant() {
    let home = Home::new();
    let own = home.path("home");
    let cache = |name: &str| own.join(".cache").join(name);
    let small = || Gguf::model("llama").number("llama.context_length", 512);
    small().write(cache("llama.cpp/org_tiny_tiny-Q8_0.gguf"));
    small().write(own.join(".lmstudio/models/org/Tiny-GGUF/Tiny-Q4_0.gguf"));
    small().write(own.join(".local/share/Jan/data/llamacpp/models/org/Jan-tiny/model.gguf"));
    let hub = cache("huggingface/hub/models--org--Tiny/snapshots/r1");
    std::fs::create_dir_all(&hub).unwrap();
    std::fs::write(hub.join("model.safetensors"), "12345678").unwrap();
    let named = small().write(home.path("mine/Mine.gguf"));
    let list = |words: &str| {
        let mut command = home.command(words);
        command
            .env("HOME", &own)
            .env("WATTSMITH_ASSETS", home.path("no-assets"))
            .env("WATTSMITH_LLAMA_SERVER", home.path("no-server"))
            .arg("--models-folder")
            .arg(home.path("mine"));
        for name in [
            "XDG_CACHE_HOME",
            "XDG_DATA_HOME",
            "HF_HOME",
            "HF_HUB_CACHE",
            "LLAMA_CACHE",
            "OLLAMA_MODELS",
            "WATTSMITH_MODELS",
        ] {
            command.env_remove(name);
        }
        run(command)
    };
    let told = lines(&list("models --json")).remove(0);
    let mut models: Vec<(&str, &str)> = told["models"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                one["place"].as_str().unwrap(),
                one["name"].as_str().unwrap(),
            )
        })
        .filter(|(place, _)| *place != "Ollama")
        .collect();
    models.sort_unstable();
    assert_eq!(
        models,
        [
            ("Jan", "Jan-tiny"),
            ("LM Studio", "Tiny-Q4_0"),
            ("llama.cpp", "org_tiny_tiny-Q8_0"),
            ("your folder", "Mine"),
        ]
    );
    // The only one of the person's own.
    assert_eq!(told["default"], named.display().to_string());
    let weights = &told["folders_of_weights"][0];
    assert_eq!(weights["name"], "org/Tiny");
    assert_eq!(
        (&weights["bytes"], &weights["place"]),
        (&8.into(), &"Hugging Face".into())
    );
    let text = out(&list("models"));
    assert!(text.contains("(LM Studio"), "{text}");
    assert!(
        text.contains("Folders of weights") && text.contains("org/Tiny  8 B"),
        "{text}"
    );
}

#[test]
fn a_model_that_memory_cannot_hold_is_refused_with_the_numbers() {
    let home = Home::new();
    // Its cache alone takes terabytes.
    let huge = Gguf::model("llama")
        .number("llama.context_length", 8192)
        .number("llama.block_count", 20_000)
        .number("llama.attention.head_count", 1024)
        .number("llama.embedding_length", 1 << 20)
        .write(home.path("Huge.gguf"));
    let mut command = home.command("trial --quick --json");
    command.arg("--model").arg(&huge);
    let output = run(command);
    assert_ne!(code(&output), 0);
    let said = err(&output);
    assert!(said.contains("Huge takes at least "), "{said}");
    assert!(said.contains("of memory is free"), "{said}");
    assert!(said.contains("4 × 2048 tokens"), "{said}");
}
