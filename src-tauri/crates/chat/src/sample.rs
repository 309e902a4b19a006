//! A made-up but plausible context: templates are checked against it, and previewed on it where no
//! session is open. Its numbers were not measured.

use crate::context::{
    Choice, Expected, HistoryRow, Mark, ParameterFacts, PersonFeedback, PromptContext,
    RefusedProposal, Said,
};
use crate::facts::{EnergyFacts, EngineFacts, GoalFacts, MachineFacts, ModelFacts, WorkloadFacts};
use wattsmith_domain::Interval;

impl PromptContext {
    /// An invented session with every part filled, the shortlist too.
    #[must_use]
    pub fn sample() -> Self {
        Self {
            machine: machine(),
            energy: EnergyFacts {
                scope: "GPU board and CPU package".to_owned(),
                source: "nvml-counter+rapl".to_owned(),
                measured: true,
                sensor_error_percent: 5.0,
                noise_percent: Some(3.2),
            },
            engine: EngineFacts {
                name: "llama-server".to_owned(),
                version: "b6000".to_owned(),
            },
            model: ModelFacts {
                name: "Example-1B-Instruct".to_owned(),
                quantisation: "Q4_K_M".to_owned(),
                megabytes: 808.0,
            },
            workload: WorkloadFacts {
                name: "chat".to_owned(),
                requests: 32,
                concurrency: 8,
                output_tokens: 64,
                each: "64 output tokens each".to_owned(),
                unit: "token".to_owned(),
                rate: "tok/s".to_owned(),
                awaited: "first token".to_owned(),
                result: "what the model answers".to_owned(),
            },
            goal: GoalFacts {
                threshold: "10 % below default".to_owned(),
                constraints: vec!["at least 20 output tokens per second".to_owned()],
                trials_left: 6,
            },
            parameters: parameters(),
            rules: vec!["ubatch must be at most batch".to_owned()],
            history: history(),
            history_left_out: 0,
            base: "threads=4 parallel=8".to_owned(),
            observations: vec![
                "parallel 4 → 8 lowered joules per token by 12 %, more than the noise.".to_owned(),
                "The CPU was busy 71 % of the time; its cores waited between batches.".to_owned(),
            ],
            feedback: Some(PersonFeedback {
                text: "The fans got loud in this one.\nPlease stay below 8 threads.".to_owned(),
                trial: 3,
            }),
            explore: vec!["parallel above 8 has not been tried.".to_owned()],
            refused: vec![RefusedProposal {
                settings: "threads=4 parallel=8".to_owned(),
                reason: "it was measured already, in trial 3".to_owned(),
            }],
            memory: vec![
                "An earlier session (Example-3B, the same machine): parallel=16 used 14 % less than \
                 its default."
                    .to_owned(),
            ],
            shortlist: vec![
                Choice {
                    number: 1,
                    settings: "threads=4 parallel=16".to_owned(),
                    expected: Some(Expected {
                        joules: 1.02,
                        low: 0.88,
                        high: 1.18,
                        promise_percent: 100.0,
                        risk_percent: Some(12.0),
                        because: Some(
                            "parallel was turned before, but not to 16".to_owned(),
                        ),
                    }),
                },
                Choice {
                    number: 2,
                    settings: "threads=2 parallel=8 batch=512".to_owned(),
                    expected: None,
                },
            ],
            open: true,
            small_model: false,
            question: "Why was trial 3 better?\nWould 16 slots help?".to_owned(),
            talk: vec![Said {
                question: "What is a slot?".to_owned(),
                answer: "A request that is served beside others.".to_owned(),
            }],
        }
    }

    /// The same session at its very start: whatever may be missing is missing.
    #[must_use]
    pub fn bare_sample() -> Self {
        let full = Self::sample();
        Self {
            machine: MachineFacts {
                gpus: Vec::new(),
                virtual_machine: None,
                ..full.machine
            },
            energy: EnergyFacts {
                scope: "whole machine, estimated from CPU time".to_owned(),
                source: "estimate".to_owned(),
                measured: false,
                sensor_error_percent: 50.0,
                noise_percent: None,
            },
            model: ModelFacts {
                quantisation: String::new(),
                ..full.model
            },
            goal: GoalFacts {
                constraints: Vec::new(),
                ..full.goal
            },
            rules: Vec::new(),
            history: Vec::new(),
            base: "default".to_owned(),
            observations: Vec::new(),
            feedback: None,
            explore: Vec::new(),
            refused: Vec::new(),
            memory: Vec::new(),
            shortlist: Vec::new(),
            open: false,
            question: String::new(),
            talk: Vec::new(),
            ..full
        }
    }
}

fn machine() -> MachineFacts {
    MachineFacts {
        os: "Debian GNU/Linux 12".to_owned(),
        cpu: "Example CPU 8-Core".to_owned(),
        physical_cores: 8,
        logical_cores: 16,
        memory_gib: 31.2,
        gpus: vec!["Example GPU 24 GB".to_owned()],
        virtual_machine: Some("kvm".to_owned()),
    }
}

fn parameters() -> Vec<ParameterFacts> {
    let knob =
        |name: &str, range: &str, default: &str, effect: &str, danger: &str| ParameterFacts {
            name: name.to_owned(),
            range: range.to_owned(),
            default: default.to_owned(),
            effect: effect.to_owned(),
            danger: danger.to_owned(),
            changes_output: false,
        };
    vec![
        knob(
            "threads",
            "whole number, 1 to 16",
            "8",
            "CPU threads that generate tokens.",
            "More threads than physical cores burn power while they wait for each other.",
        ),
        knob(
            "parallel",
            "whole number, 1 to 32",
            "4",
            "Requests that are answered at the same time.",
            "Each needs its own part of memory.",
        ),
        knob(
            "batch",
            "whole number, 32 to 4096",
            "2048",
            "Prompt tokens handed over at once.",
            "",
        ),
        knob(
            "ubatch",
            "whole number, 32 to 4096",
            "512",
            "Prompt tokens computed at once.",
            "",
        ),
        ParameterFacts {
            changes_output: true,
            ..knob(
                "cache-type-k",
                "one of f16, q8_0, q4_0",
                "f16",
                "Number format of the attention keys.",
                "Coarse formats can make answers worse.",
            )
        },
    ]
}

fn history() -> Vec<HistoryRow> {
    let row = |trial, settings: &str, mean: f64, speed, verdict: &str, mark| HistoryRow {
        trial,
        settings: settings.to_owned(),
        joules: Some(Interval {
            mean,
            low: mean * 0.96,
            high: mean * 1.04,
            n: 3,
        }),
        tokens_per_second: Some(speed),
        time_to_first_token_s: Some(0.42),
        verdict: verdict.to_owned(),
        mark,
    };
    vec![
        row(1, "default", 0.412, 61.0, "the default", Mark::Default),
        HistoryRow {
            joules: None,
            tokens_per_second: None,
            time_to_first_token_s: None,
            ..row(
                2,
                "parallel=32",
                0.0,
                0.0,
                "failed: out of memory",
                Mark::None,
            )
        },
        row(
            3,
            "threads=4 parallel=8",
            0.338,
            88.0,
            "better: 18 % less than the default",
            Mark::Best,
        ),
    ]
}
