//! A service for Docker Compose. What is written is JSON in YAML's clothes: each value is a JSON text, which every
//! reader of YAML takes.

use super::Winner;
use crate::ReportError;
use std::fmt::Write as _;
use std::path::Path;

/// Where the model lies in the container.
const PLACE: &str = "/models";

/// # Errors
/// No image of this server is known.
pub(super) fn file(winner: &Winner<'_>) -> Result<String, ReportError> {
    let image = image(winner)?;
    let session = winner.session;
    let mut text = winner.remark("#");
    text.push_str(
        "# The image holds another build than the one that was measured, so that its joules may differ: choose\n\
         # the tag that is nearest to it.\n",
    );
    let model = Path::new(&session.model.path);
    let name = model.file_name().unwrap_or_default().to_string_lossy();
    let inside = format!("{PLACE}/{name}");
    // A set of parts lies in one folder.
    let (host, at) = match session.model.parts.is_empty() {
        true => (session.model.path.clone(), inside.clone()),
        false => (folder(model), PLACE.to_owned()),
    };
    let port = winner.port().to_string();
    let listen = winner.listening("0.0.0.0");
    let words = winner
        .kept
        .words
        .iter()
        .skip(usize::from(drops_verb(winner)) + 1);
    let command: Vec<String> = words
        .map(|word| word.replace(&session.model.path, &inside))
        .chain(listen)
        .collect();
    let _ = writeln!(text, "services:\n  {}:", session.engine.name);
    let _ = writeln!(text, "    image: {}", json(image));
    if !session.machine.gpus.is_empty() {
        text.push_str("    gpus: \"all\"\n");
    }
    if !winner.kept.environment.is_empty() {
        text.push_str("    environment:\n");
        for (name, value) in &winner.kept.environment {
            let _ = writeln!(text, "      {name}: {}", json(&value.replace('$', "$$")));
        }
    }
    text.push_str("    command:\n");
    for word in command {
        // Compose fills in variables by itself; a doubled sign is one.
        let _ = writeln!(text, "      - {}", json(&word.replace('$', "$$")));
    }
    let _ = writeln!(
        text,
        "    ports:\n      - {}",
        json(&format!("127.0.0.1:{port}:{port}"))
    );
    let _ = writeln!(
        text,
        "    volumes:\n      - type: bind\n        source: {}\n        target: {}\n        read_only: true",
        json(&host.replace('$', "$$")),
        json(&at)
    );
    text.push_str("    restart: \"unless-stopped\"\n");
    Ok(text)
}

/// Whether the image's entry point says the verb itself, as that of vLLM does.
fn drops_verb(winner: &Winner<'_>) -> bool {
    winner.session.engine.name == "vllm"
}

/// What its makers publish.
fn image(winner: &Winner<'_>) -> Result<&'static str, ReportError> {
    let gpu = !winner.session.machine.gpus.is_empty();
    match (winner.session.engine.name.as_str(), gpu) {
        ("llama-server", false) => Ok("ghcr.io/ggml-org/llama.cpp:server"),
        ("llama-server", true) => Ok("ghcr.io/ggml-org/llama.cpp:server-cuda"),
        ("vllm", true) => Ok("vllm/vllm-openai:latest"),
        ("vllm", false) => Ok("public.ecr.aws/q9t5s3a7/vllm-cpu-release-repo:latest"),
        (other, _) => Err(ReportError::NoSettings(format!(
            "No container image of {other} is known here."
        ))),
    }
}

fn folder(path: &Path) -> String {
    let folder = path.parent().unwrap_or(Path::new("."));
    folder.display().to_string()
}

fn json(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string()
}
