//! What the engine really uses: read from `/props` and from its log, compared with what was asked.
//! Only what the server itself reports is compared; `poll` is reported nowhere.

use serde::Deserialize;
use std::collections::BTreeMap;
use wattsmith_domain::{Configuration, Difference, ParameterSpace, Value};

/// The part of `/props` that is read.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Props {
    pub total_slots: i64,
    pub default_generation_settings: Generation,
    #[serde(default)]
    pub build_info: String,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Generation {
    /// Context of one slot.
    pub n_ctx: i64,
}

/// The settings in use, by parameter name, in the words of a configuration.
pub(crate) fn used(props: &Props, log: &str) -> BTreeMap<&'static str, String> {
    let mut used = BTreeMap::from([
        ("parallel", props.total_slots.to_string()),
        (
            "context-per-slot",
            props.default_generation_settings.n_ctx.to_string(),
        ),
    ]);
    for line in log.lines() {
        if let Some(rest) = after(line, "system_info: n_threads = ") {
            // n_threads = 2 (n_threads_batch = 2) / 2 | CPU : …
            insert(&mut used, "threads", first_word(rest));
            if let Some(batch) = after(rest, "(n_threads_batch = ") {
                insert(&mut used, "threads-batch", until(batch, ')'));
            }
        } else if let Some(setting) = after(line, "llama_context: ") {
            let Some((name, value)) = setting.split_once('=') else {
                continue;
            };
            let value = value.trim();
            match name.trim() {
                "n_batch" => insert(&mut used, "batch", value),
                "n_ubatch" => insert(&mut used, "ubatch", value),
                "flash_attn" => insert(&mut used, "flash-attn", on_or_off(value)),
                "kv_unified" => insert(&mut used, "kv-unified", on_or_off(value)),
                _ => {}
            }
        } else if let Some(mode) = after(line, "(load_mode = ") {
            insert(&mut used, "load-mode", until(mode, ')'));
        } else if line.contains("llama_kv_cache: size") {
            // size = 47.81 MiB (…), K (q8_0): 23.91 MiB, V (q8_0): 23.91 MiB
            for (name, mark) in [("cache-type-k", ", K ("), ("cache-type-v", ", V (")] {
                if let Some(kind) = after(line, mark) {
                    insert(&mut used, name, until(kind, ')'));
                }
            }
        } else if let Some(layers) = after(line, "offloaded ") {
            // offloaded 31/31 layers to GPU
            if let Some((done, all)) = first_word(layers).split_once('/') {
                let all_of_them = if done == all { "99" } else { done };
                insert(&mut used, "n-gpu-layers", all_of_them);
            }
        }
    }
    used
}

/// What was asked and is not used. More context than asked for is no difference: the server rounds
/// up, and with a unified cache one request may take what others leave.
pub(crate) fn differences(
    space: &ParameterSpace,
    asked: &Configuration,
    used: &BTreeMap<&'static str, String>,
) -> Vec<Difference> {
    space
        .parameters
        .iter()
        .filter_map(|parameter| {
            let asked = asked.get(&parameter.name)?;
            let used = used.get(parameter.name.as_str())?;
            let same = match (parameter.name.as_str(), asked) {
                ("context-per-slot", Value::Int(least)) => {
                    used.parse::<i64>().is_ok_and(|context| context >= *least)
                }
                ("flash-attn", Value::Choice(word)) if word == "auto" => true,
                // Layers are capped at what the model has: all of them is what was asked.
                ("n-gpu-layers", Value::Int(_)) if used == "99" => true,
                _ => *used == asked.to_string(),
            };
            (!same).then(|| Difference {
                name: parameter.name.clone(),
                asked: asked.to_string(),
                used: used.clone(),
            })
        })
        .collect()
}

fn insert(used: &mut BTreeMap<&'static str, String>, name: &'static str, value: &str) {
    used.insert(name, value.to_owned());
}

fn after<'a>(text: &'a str, mark: &str) -> Option<&'a str> {
    text.split_once(mark).map(|(_, rest)| rest)
}

fn until(text: &str, end: char) -> &str {
    text.split(end).next().unwrap_or(text).trim()
}

fn first_word(text: &str) -> &str {
    text.split_whitespace().next().unwrap_or_default()
}

fn on_or_off(word: &str) -> &str {
    match word {
        "true" | "enabled" => "on",
        "false" | "disabled" => "off",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::catalogue;
    use crate::catalogue::tests::machine;

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

    fn props(slots: i64, context: i64) -> Props {
        Props {
            total_slots: slots,
            default_generation_settings: Generation { n_ctx: context },
            build_info: String::new(),
        }
    }

    fn space(gpus: &[&str]) -> ParameterSpace {
        catalogue(&machine(2, 2, gpus))
    }

    #[test]
    fn the_defaults_are_what_the_server_does_when_told_nothing() {
        let space = space(&[]);
        let used = used(&props(4, 8192), TOLD_NOTHING);
        let defaults = space.default_configuration();
        assert_eq!(differences(&space, &defaults, &used), []);
        for (name, value) in &used {
            if *name != "context-per-slot" {
                assert_eq!(*value, defaults.get(name).unwrap().to_string(), "{name}");
            }
        }
        // Reported nowhere: 50 by the server's own help.
        let reported: Vec<&str> = used.keys().copied().chain(["poll"]).collect();
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
            let used = used(&props(1, context), "");
            let found = differences(&space, &asked, &used);
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
            let used = used(&props(4, 2048), line);
            let found = differences(&space, &asked, &used);
            assert_eq!(found.first().map(|one| one.used.as_str()), used_layers);
        }
    }
}
