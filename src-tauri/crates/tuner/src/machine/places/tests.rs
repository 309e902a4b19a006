//! Made folders in the layout of each program.

use super::*;
use std::os::unix::fs::symlink;

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// What is found below `home`, as place, name or file name, and whether the file is there.
fn found(home: &Path) -> Found {
    let folders = ModelFolders::of_home(
        home,
        &home.join(".cache"),
        &home.join(".local/share"),
        &|_| None,
    );
    let mut found = folders.find(Vec::new());
    // A machine that has Ollama for all its users.
    found.files.retain(|one| one.path.starts_with(home));
    found
}

fn named(found: &Found) -> Vec<(ModelPlace, String)> {
    let name = |one: &FoundFile| {
        let file = || one.path.file_name().unwrap().to_string_lossy().into_owned();
        one.name.clone().unwrap_or_else(file)
    };
    found
        .files
        .iter()
        .map(|one| (one.place, name(one)))
        .collect()
}

#[test]
fn each_programs_models_are_found_where_it_keeps_them() {
    let home = tempfile::tempdir().unwrap();
    let at = |path: &str| home.path().join(path);
    write(&at(".cache/llama.cpp/ggml-org_tiny_tiny-Q8_0.gguf"), "");
    write(&at(".cache/llama.cpp/half.gguf.downloadInProgress"), "");
    write(
        &at(".lmstudio/models/lmstudio-community/Tiny-GGUF/Tiny-Q4.gguf"),
        "",
    );
    write(
        &at(".local/share/Jan/data/llamacpp/models/janhq/Jan-nano/model.gguf"),
        "",
    );
    write(
        &at(".local/share/Jan/data/llamacpp/models/janhq/Jan-nano/model.yml"),
        "",
    );
    assert_eq!(
        named(&found(home.path())),
        [
            (
                ModelPlace::LlamaCpp,
                "ggml-org_tiny_tiny-Q8_0.gguf".to_owned()
            ),
            (ModelPlace::LmStudio, "Tiny-Q4.gguf".to_owned()),
            (ModelPlace::Jan, "Jan-nano".to_owned()),
        ]
    );
    // LM Studio's home was moved.
    write(&at("elsewhere/models/a/b/Moved.gguf"), "");
    write(
        &at(".lmstudio-home-pointer"),
        &format!("{}\n", at("elsewhere").display()),
    );
    let moved = named(&found(home.path()));
    assert!(
        moved.contains(&(ModelPlace::LmStudio, "Moved.gguf".to_owned())),
        "{moved:?}"
    );
}

#[test]
fn the_hubs_links_are_followed_and_each_file_is_found_once() {
    let home = tempfile::tempdir().unwrap();
    let hub = home.path().join(".cache/huggingface/hub");
    let model = hub.join("models--org--Tiny-GGUF");
    write(&model.join("blobs/aa"), "one");
    write(&model.join("refs/main"), "new");
    for revision in ["old", "new"] {
        let folder = model.join("snapshots").join(revision);
        std::fs::create_dir_all(&folder).unwrap();
        symlink("../../blobs/aa", folder.join("Tiny-Q4.gguf")).unwrap();
    }
    let weights = hub.join("models--org--Tiny");
    write(
        &weights.join("snapshots/r1/model-00001-of-00002.safetensors"),
        "12345",
    );
    write(
        &weights.join("snapshots/r1/model-00002-of-00002.safetensors"),
        "678",
    );
    write(&weights.join("snapshots/r1/config.json"), "{}");
    let pictures = hub.join("models--org--tiny-pictures");
    write(&pictures.join("snapshots/r1/model_index.json"), "{}");
    write(
        &pictures.join("snapshots/r1/unet/diffusion.safetensors"),
        "1234",
    );
    // No model's.
    write(&hub.join("datasets--org--data/snapshots/r1/a.gguf"), "");
    let found = found(home.path());
    assert_eq!(found.files.len(), 1, "{:?}", found.files);
    assert!(
        found.files[0]
            .path
            .to_string_lossy()
            .contains("snapshots/new")
    );
    let weights: Vec<_> = found
        .weights
        .iter()
        .map(|one| (one.name.as_str(), one.bytes, one.pipeline))
        .collect();
    assert_eq!(
        weights,
        [("org/Tiny", 8, false), ("org/tiny-pictures", 4, true)]
    );
}

#[test]
fn ollamas_models_have_the_names_that_ollama_gives_them() {
    let home = tempfile::tempdir().unwrap();
    let store = home.path().join(".ollama/models");
    let manifest = |digest: &str| {
        format!(
            r#"{{"layers":[{{"mediaType":"application/vnd.ollama.image.license","digest":"sha256:0"}},
            {{"mediaType":"{MODEL}","digest":"{digest}"}}]}}"#,
            MODEL = "application/vnd.ollama.image.model"
        )
    };
    let hash = |letter: &str| letter.repeat(64);
    let digest = |letter: &str| format!("sha256:{}", hash(letter));
    let of = |place: &str| store.join("manifests").join(place);
    write(
        &of("registry.ollama.ai/library/llama3.2/1b"),
        &manifest(&digest("a")),
    );
    write(
        &of("registry.ollama.ai/sam/own/latest"),
        &manifest(&digest("b")),
    );
    write(&of("hf.co/org/Tiny-GGUF/Q8_0"), &manifest(&digest("c")));
    write(
        &of("registry.ollama.ai/library/gone/latest"),
        &manifest(&digest("d")),
    );
    // What is no manifest, or would lead out of the store.
    write(&of("registry.ollama.ai/library/broken/latest"), "{");
    write(
        &of("registry.ollama.ai/library/bad/latest"),
        &manifest("sha256:../../x"),
    );
    write(
        &store.join("blobs").join(format!("sha256-{}", hash("a"))),
        "a",
    );
    write(
        &store.join("blobs").join(format!("sha256:{}", hash("b"))),
        "b",
    );
    write(
        &store.join("blobs").join(format!("sha256-{}", hash("c"))),
        "c",
    );
    let found = found(home.path());
    let mut names: Vec<String> = named(&found).into_iter().map(|(_, name)| name).collect();
    names.sort();
    assert_eq!(
        names,
        ["hf.co/org/Tiny-GGUF:Q8_0", "llama3.2:1b", "sam/own:latest"]
    );
    assert_eq!(found.missing.len(), 1);
    assert!(
        found.missing[0].2.contains("ollama pull gone:latest"),
        "{:?}",
        found.missing
    );
    let folders = ModelFolders::of_home(
        home.path(),
        &home.path().join(".cache"),
        home.path(),
        &|_| None,
    );
    let blob = store.join("blobs").join(format!("sha256-{}", hash("a")));
    assert_eq!(folders.name_of(&blob).as_deref(), Some("llama3.2:1b"));
}

#[test]
fn folders_that_the_person_names_come_first_and_variables_move_the_others() {
    let home = tempfile::tempdir().unwrap();
    let at = |path: &str| home.path().join(path);
    write(&at("mine/deep/Own.gguf"), "");
    write(&at("mine/weights/a.safetensors"), "12");
    write(&at("cache/Loaded.gguf"), "");
    let set = |name: &str| (name == "LLAMA_CACHE").then(|| at("cache"));
    let folders = ModelFolders::of_home(home.path(), &at("none"), &at("none"), &set)
        .and_named(vec![at("mine")]);
    let own = at("models/Ours.gguf");
    write(&own, "");
    // The same file by another way.
    symlink(&own, at("mine/Link.gguf")).unwrap();
    let mut found = folders.find(vec![own]);
    found.files.retain(|one| one.path.starts_with(home.path()));
    assert_eq!(
        named(&found),
        [
            (ModelPlace::Wattsmith, "Ours.gguf".to_owned()),
            (ModelPlace::Named, "Own.gguf".to_owned()),
            (ModelPlace::LlamaCpp, "Loaded.gguf".to_owned()),
        ]
    );
    let weights: Vec<_> = found
        .weights
        .iter()
        .map(|one| (&one.name[..], one.bytes))
        .collect();
    assert_eq!(weights, [("weights", 2)]);
}
