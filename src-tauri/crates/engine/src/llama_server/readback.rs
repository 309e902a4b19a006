//! What llama-server tells of itself at `/props`. Which knob is read where, there, in the log or from the
//! kernel, stands in the catalogue; `poll` and `cont-batching` are reported nowhere.

use super::LlamaServer;
use crate::catalogue::{About, Used};
use crate::server::{Server as _, Told};
use serde_json::Value as Json;
use wattsmith_domain::Machine;

/// The page, if it tells what has to be known: slots, and the context of one.
pub(crate) fn told(page: Json) -> Result<Told, String> {
    for place in ["/total_slots", "/default_generation_settings/n_ctx"] {
        if !page.pointer(place).is_some_and(Json::is_i64) {
            return Err(format!(
                "it does not tell its settings ({place} is missing)"
            ));
        }
    }
    let build = page.get("build_info").and_then(Json::as_str);
    Ok(Told {
        build: build.unwrap_or_default().to_owned(),
        pages: vec![page],
        ..Told::default()
    })
}

/// The settings of one that somebody else started, by what it told and printed: every knob that there is
/// anywhere.
pub(crate) fn in_use(told: &Told, log: &str) -> Used {
    let anywhere = Machine {
        os: String::new(),
        kernel: String::new(),
        cpu: String::new(),
        physical_cores: 1,
        logical_cores: 1,
        usable: None,
        memory_bytes: 0,
        gpus: vec![String::new()],
        sensors: Vec::new(),
        virtual_machine: None,
        gpu_controls: Vec::new(),
    };
    LlamaServer.used(&LlamaServer.space(&About::machine(&anywhere)), told, log)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::tests::machine;
    use wattsmith_domain::{ParameterSpace, Value};

    /// What the server logs when it is told nothing but a model, on a machine with two cores.
    const TOLD_NOTHING: &str = "
0.00.005.979 I cmn  common_param: system_info: n_threads = 2 (n_threads_batch = 2) / 2 | CPU : SSE3 = 1 | OPENMP = 1 |
0.00.005.996 I srv  llama_server: n_parallel is set to auto, using n_parallel = 4 and kv_unified = true
0.00.178.911 I load_tensors: loading model tensors, this can take a while... (load_mode = mmap)
0.00.185.366 I llama_context: n_ctx_seq             = 8192
0.00.185.366 I llama_context: n_batch               = 2048
0.00.185.367 I llama_context: n_ubatch              = 512
0.00.185.368 I llama_context: flash_attn            = auto
0.00.185.369 I llama_context: kv_unified            = true
0.00.308.335 I llama_kv_cache: size =  180.00 MiB (  8192 cells,  30 layers,  4/1 seqs), K (f16):   90.00 MiB, V (f16):   90.00 MiB
0.00.309.558 I resolve_fused_ops: Flash Attention enabled";

    fn props(slots: i64, context: i64) -> Told {
        let settings = serde_json::json!({ "n_ctx": context });
        let page = serde_json::json!({
            "total_slots": slots,
            "default_generation_settings": settings,
        });
        told(page).unwrap()
    }

    fn space(gpus: &[&str]) -> ParameterSpace {
        LlamaServer.space(&About::machine(&machine(2, 2, gpus)))
    }

    #[test]
    fn the_defaults_are_what_the_server_does_when_told_nothing() {
        let space = space(&[]);
        let used = LlamaServer.used(&space, &props(4, 8192), TOLD_NOTHING);
        let defaults = space.default_configuration();
        assert_eq!(LlamaServer.differences(&space, &defaults, &used), []);
        for (name, value) in &used {
            if name != "context-per-slot" {
                assert_eq!(*value, defaults.get(name).unwrap().to_string(), "{name}");
            }
        }
        // Two are reported nowhere (50 and on by the server's own help), one by the kernel, one only where it
        // is not at its default.
        let silent = ["poll", "cont-batching", "priority", "speculation"];
        let reported: Vec<&str> = used.keys().map(String::as_str).chain(silent).collect();
        for parameter in &space.parameters {
            assert!(
                reported.contains(&parameter.name.as_str()),
                "{}",
                parameter.name
            );
        }
    }

    #[test]
    fn less_context_than_asked_is_a_difference_and_more_is_not() {
        let space = space(&[]);
        let mut asked = space.default_configuration();
        asked.set("parallel", Value::Int(1));
        for (context, differs) in [(2047, true), (2048, false), (2304, false)] {
            let used = LlamaServer.used(&space, &props(1, context), "");
            let found = LlamaServer.differences(&space, &asked, &used);
            assert_eq!(!found.is_empty(), differs, "{context}");
        }
    }

    #[test]
    fn all_layers_on_the_gpu_is_what_a_large_number_asks_for() {
        let space = space(&["a GPU"]);
        let asked = space.default_configuration();
        for (line, used_layers) in [
            ("load_tensors: offloaded 31/31 layers to GPU", None),
            ("load_tensors: offloaded 12/31 layers to GPU", Some("12")),
        ] {
            let used = LlamaServer.used(&space, &props(4, 2048), line);
            let found = LlamaServer.differences(&space, &asked, &used);
            assert_eq!(found.first().map(|one| one.used.as_str()), used_layers);
        }
    }
}
