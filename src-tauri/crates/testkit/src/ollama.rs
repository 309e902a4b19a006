//! A stand-in for Ollama's daemon (`stand-ins/ollama.py`), installed as Ollama is: its program, the llama-server
//! that it starts, and a store with one model.

use std::path::{Path, PathBuf};

/// The name of its one model.
pub const MODEL: &str = "smollm2:135m";

/// An installed stand-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandIn {
    /// The program.
    pub program: PathBuf,
    /// Where the store tells its one model.
    pub manifest: PathBuf,
    /// The store.
    pub store: PathBuf,
}

impl StandIn {
    /// Installed below `folder`, so that it goes wrong in the way that `mode` names (nothing is no way), with a
    /// model of this family.
    ///
    /// # Errors
    /// Something cannot be written.
    pub fn install(
        folder: &Path,
        (llama_server, gguf): (&Path, &Path),
        (mode, family): (&str, &str),
    ) -> std::io::Result<Self> {
        use std::os::unix::fs::symlink;
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("stand-ins/ollama.py");
        let program = folder.join("bin/ollama");
        let store = folder.join("models");
        let manifest = store.join("manifests/registry.ollama.ai/library/smollm2/135m");
        for file in [
            &program,
            &folder.join("lib/ollama/any"),
            &manifest,
            &store.join("blobs/any"),
        ] {
            std::fs::create_dir_all(file.parent().unwrap_or(folder))?;
        }
        symlink(script, &program)?;
        symlink(llama_server, folder.join("lib/ollama/llama-server"))?;
        // No hash of anything: nobody looks.
        let (weights, config) = ("ab".repeat(32), "cd".repeat(32));
        symlink(gguf, store.join(format!("blobs/sha256-{weights}")))?;
        std::fs::write(
            store.join(format!("blobs/sha256-{config}")),
            format!(r#"{{"model_format":"gguf","model_family":"{family}"}}"#),
        )?;
        std::fs::write(
            &manifest,
            format!(
                r#"{{"schemaVersion":2,"config":{{"mediaType":"application/vnd.docker.container.image.v1+json","digest":"sha256:{config}"}},"layers":[{{"mediaType":"application/vnd.ollama.image.model","digest":"sha256:{weights}"}}]}}"#
            ),
        )?;
        std::fs::write(folder.join("mode"), mode)?;
        Ok(Self {
            program,
            manifest,
            store,
        })
    }
}
