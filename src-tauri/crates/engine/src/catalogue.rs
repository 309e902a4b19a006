//! The knobs of llama-server: one entry each. What a configuration may hold, what the command line
//! says and what prompts and screens tell about a knob all come from here, so that adding a knob is
//! adding one entry (and a line in `readback` where the server reports its value).
//!
//! Defaults are what the server does when it is told nothing, written down: its log says
//! `n_parallel is set to auto, using n_parallel = 4 and kv_unified = true`, `n_batch = 2048`,
//! `n_ubatch = 512`, `load_mode = mmap`, and one thread per physical core (per fast one where they
//! differ). Two differ: the context, which is the model's own length when nothing is told and which
//! this table cannot know, is fixed; and threads keep within what this process may use, where the
//! server counts the machine's cores whatever its affinity mask and its quota say.

use wattsmith_domain::{Kind, Machine, Parameter, ParameterSpace, Rule, Tell, Value};

/// Slots that a search tries. The shipped workloads have at least four requests for each slot of
/// the largest.
pub(crate) const PARALLEL_LEVELS: [i64; 4] = [1, 2, 4, 8];

const CACHE_TYPES: [&str; 3] = ["f16", "q8_0", "q4_0"];

/// The knobs of llama-server on this machine, in the order in which they are shown.
#[must_use]
pub fn catalogue(machine: &Machine) -> ParameterSpace {
    let usual = i64::from(machine.steady_threads());
    let physical = i64::from(machine.usable_physical());
    let logical = i64::from(machine.usable_logical());
    let thread_levels = thread_levels(&[usual, physical, logical]);
    let limits = machine
        .core_limits()
        .map_or_else(String::new, |why| format!(" The engine may use {why}."));
    let mut parameters = vec![
        Parameter {
            name: "threads".into(),
            kind: int(1, logical, &thread_levels),
            default: Value::Int(usual),
            told: flag("--threads"),
            effect: "How many processor cores generate tokens.".into(),
            danger: format!(
                "More threads than physical cores is often slower and costs more energy.{limits}"
            ),
            changes_output: false,
        },
        Parameter {
            name: "threads-batch".into(),
            kind: int(1, logical, &thread_levels),
            default: Value::Int(usual),
            told: flag("--threads-batch"),
            effect: "How many processor cores read the prompt before the first token.".into(),
            danger: format!("Too few delay the first token.{limits}"),
            changes_output: false,
        },
        Parameter {
            name: "parallel".into(),
            kind: int(1, 16, &PARALLEL_LEVELS),
            default: Value::Int(4),
            told: flag("--parallel"),
            effect: "How many requests are worked on at once; others wait in line.".into(),
            danger: "Each request gets slower as more run at once, and memory for context grows."
                .into(),
            changes_output: false,
        },
        Parameter {
            name: "context-per-slot".into(),
            kind: int(512, 32_768, &[512, 2048, 4096]),
            default: Value::Int(2048),
            told: Tell::Product {
                flag: "--ctx-size".into(),
                factor: "parallel".into(),
            },
            effect: "How many tokens of prompt and answer one request may hold.".into(),
            danger: "A longer conversation is refused; more context takes more memory.".into(),
            changes_output: true,
        },
        Parameter {
            name: "kv-unified".into(),
            kind: Kind::Bool,
            default: Value::Bool(true),
            told: Tell::Switch {
                on: "--kv-unified".into(),
                off: "--no-kv-unified".into(),
            },
            effect: "Whether all requests share one context memory or each has its own.".into(),
            danger: String::new(),
            changes_output: false,
        },
        Parameter {
            name: "batch".into(),
            kind: int(32, 4096, &[256, 512, 2048]),
            default: Value::Int(2048),
            told: flag("--batch-size"),
            effect: "How many prompt tokens are taken in one step.".into(),
            danger: "Small values delay the first token of long prompts.".into(),
            changes_output: false,
        },
        Parameter {
            name: "ubatch".into(),
            kind: int(32, 4096, &[64, 256, 512]),
            default: Value::Int(512),
            told: flag("--ubatch-size"),
            effect: "How many of those tokens are computed together.".into(),
            danger: "Large values take more memory; small ones read prompts more slowly.".into(),
            changes_output: false,
        },
        Parameter {
            name: "flash-attn".into(),
            kind: choice(&["auto", "on", "off"]),
            default: word("auto"),
            told: flag("--flash-attn"),
            effect: "A faster way to compute attention that also takes less memory.".into(),
            danger: "Off cannot be combined with a compressed value cache.".into(),
            changes_output: false,
        },
        Parameter {
            name: "cache-type-k".into(),
            kind: choice(&CACHE_TYPES),
            default: word("f16"),
            told: flag("--cache-type-k"),
            effect: "How precisely the keys of earlier tokens are kept in memory.".into(),
            danger: "q4_0 can make answers worse, and on a processor it can cost more energy."
                .into(),
            changes_output: true,
        },
        Parameter {
            name: "cache-type-v".into(),
            kind: choice(&CACHE_TYPES),
            default: word("f16"),
            told: flag("--cache-type-v"),
            effect: "How precisely the values of earlier tokens are kept in memory.".into(),
            danger: "q4_0 can make answers worse; q8_0 and q4_0 need flash attention.".into(),
            changes_output: true,
        },
        Parameter {
            name: "poll".into(),
            kind: int(0, 100, &[0, 50, 100]),
            default: Value::Int(50),
            told: flag("--poll"),
            effect: "How eagerly threads wait for work: 0 sleeps at once, 100 keeps spinning."
                .into(),
            danger: "High values keep cores busy while nothing is computed; some builds ignore it."
                .into(),
            changes_output: false,
        },
        Parameter {
            name: "load-mode".into(),
            kind: choice(&["mmap", "none"]),
            default: word("mmap"),
            told: flag("--load-mode"),
            effect: "Whether the model file is mapped into memory or copied into it.".into(),
            danger: "none loads more slowly and needs the whole model in free memory.".into(),
            changes_output: false,
        },
    ];
    if !machine.gpus.is_empty() {
        parameters.push(Parameter {
            name: "n-gpu-layers".into(),
            kind: int(0, 99, &[0, 16, 99]),
            default: Value::Int(99),
            told: flag("--n-gpu-layers"),
            effect: "How many layers of the model the GPU computes; 99 means all.".into(),
            danger: "More layers than fit into GPU memory keep the engine from starting.".into(),
            changes_output: false,
        });
    }
    ParameterSpace {
        parameters,
        rules: vec![
            Rule::AtMost {
                parameter: "ubatch".into(),
                limit: "batch".into(),
            },
            Rule::Excludes {
                parameter: "cache-type-v".into(),
                values: vec![word("q8_0"), word("q4_0")],
                other: "flash-attn".into(),
                value: word("off"),
            },
        ],
    }
}

/// Powers of two up to the greatest of these counts, and the counts themselves.
fn thread_levels(counts: &[i64]) -> Vec<i64> {
    let most = counts.iter().copied().max().unwrap_or(1);
    let mut levels: Vec<i64> = std::iter::successors(Some(1_i64), |level| level.checked_mul(2))
        .take_while(|level| *level < most)
        .chain(counts.iter().copied())
        .collect();
    levels.sort_unstable();
    levels.dedup();
    levels
}

fn int(min: i64, max: i64, levels: &[i64]) -> Kind {
    Kind::Int {
        min,
        max,
        levels: levels.to_vec(),
    }
}

fn choice(options: &[&str]) -> Kind {
    Kind::Choice {
        options: options.iter().map(ToString::to_string).collect(),
    }
}

fn flag(flag: &str) -> Tell {
    Tell::Flag { flag: flag.into() }
}

fn word(word: &str) -> Value {
    Value::Choice(word.into())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use wattsmith_domain::{CoreLimit, CoreLimitKind, Usable};

    pub(crate) fn machine(physical: u32, logical: u32, gpus: &[&str]) -> Machine {
        Machine {
            os: String::new(),
            kernel: String::new(),
            cpu: String::new(),
            physical_cores: physical,
            logical_cores: logical,
            usable: None,
            memory_bytes: 0,
            gpus: gpus.iter().map(ToString::to_string).collect(),
            sensors: Vec::new(),
            virtual_machine: None,
            gpu_controls: Vec::new(),
        }
    }

    #[test]
    fn the_knobs_read_like_a_table() {
        let space = catalogue(&machine(8, 16, &["a GPU"]));
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
                let space = catalogue(&machine(physical, logical, gpus));
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
            }),
            ..machine(8, 16, &[])
        }
    }

    #[test]
    fn threads_stay_within_what_the_engine_may_use() {
        let threads = |machine: &Machine, name: &str| {
            let space = catalogue(machine);
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
        let space = catalogue(&usable(1, 1, None, None));
        let danger = &space.get("threads").unwrap().danger;
        assert!(
            danger.contains("1 of 16 cores: the process may run on core 0 only"),
            "{danger}"
        );
        let mut asked = space.default_configuration();
        asked.set("threads", Value::Int(2));
        assert!(space.check(&asked).is_err());
    }

    #[test]
    fn quantised_values_need_flash_attention() {
        let space = catalogue(&machine(2, 2, &[]));
        let mut asked = space.default_configuration();
        asked.set("cache-type-v", word("q4_0"));
        assert!(space.check(&asked).is_ok());
        asked.set("flash-attn", word("off"));
        assert!(space.check(&asked).is_err());
    }
}
