//! Invented landscapes for tests and benchmarks, marked as synthetic in the file itself. They are
//! shaped like what engines do, and not by what any advisor believes: one of them is the opposite.
//!
//! A pass over the model costs the same for one request as for several; cores add speed until memory
//! or the physical cores end it; every busy core costs watts; whoever finds no slot waits.

use crate::landscape::{Entry, LANDSCAPE_FORMAT, Landscape, Noise, Truth, Window, short};
use crate::pool::Pool;
use crate::shuffle::SplitMix;
use crate::sobol::{Sequence, Sobol};
use std::collections::BTreeSet;
use wattsmith_domain::{
    Arrivals, Configuration, Constraints, Engine, Kind, Machine, Model, Parameter, ParameterSpace,
    Prompts, Rule, Scope, Tell, Value, WorkUnit, Workload,
};

const CORES: f64 = 4.0;
const CLIENTS: f64 = 8.0;
const LOG_SD: f64 = 0.05;
const POINTS: usize = 96;
const PASSES: u32 = 4;
const FRESH: u32 = 8;

/// What sets one synthetic machine apart.
struct Nature {
    name: &'static str,
    /// Watts with every core idle, and per busy core.
    idle_w: f64,
    core_w: f64,
    /// Milliseconds of one pass over the model, and per request in it, on one core.
    pass_ms: f64,
    request_ms: f64,
    /// Cores after which memory is the limit.
    memory_cores: f64,
    /// Spread of the small effects of the other knobs and of all pairs, ln.
    rough: f64,
}

/// Good settings lie where the rule of thumb says: many requests at once, all cores.
#[must_use]
pub fn waiting_line(seed: u64) -> Landscape {
    landscape(
        &Nature {
            name: "synthetic: waiting line",
            idle_w: 20.0,
            core_w: 6.0,
            pass_ms: 40.0,
            request_ms: 6.0,
            memory_cores: 3.0,
            rough: 0.03,
        },
        seed,
    )
}

/// The rule of thumb is wrong here: cores cost much and bring little, and large batches do not pay.
#[must_use]
pub fn contrary(seed: u64) -> Landscape {
    landscape(
        &Nature {
            name: "synthetic: contrary",
            idle_w: 3.0,
            core_w: 14.0,
            pass_ms: 12.0,
            request_ms: 30.0,
            memory_cores: 1.2,
            rough: 0.06,
        },
        seed,
    )
}

/// No rule at all: knobs and pairs of knobs act at random.
#[must_use]
pub fn rugged(seed: u64) -> Landscape {
    landscape(
        &Nature {
            name: "synthetic: rugged",
            idle_w: 20.0,
            core_w: 1.0,
            pass_ms: 5.0,
            request_ms: 20.0,
            memory_cores: 4.0,
            rough: 0.15,
        },
        seed,
    )
}

/// The waiting line where the first token has to come soon, which the default does not manage.
#[must_use]
pub fn in_a_hurry(seed: u64) -> Landscape {
    let mut landscape = waiting_line(seed);
    landscape.name = "synthetic: in a hurry".to_owned();
    let default = landscape.space.default_configuration().key();
    let own = landscape
        .figures()
        .get(&default)
        .map(|one| one.time_to_first_token_s);
    landscape.constraints.max_time_to_first_token_s = own.map(|seconds| short(0.7 * seconds));
    landscape
}

/// The space of all of them: knobs as a desktop's engine has them.
#[must_use]
pub fn space() -> ParameterSpace {
    let parameters = vec![
        int("threads", &[1, 2, 4, 8], 4),
        int("threads-batch", &[1, 2, 4, 8], 4),
        int("parallel", &[1, 2, 4, 8], 4),
        int("batch", &[256, 512, 2048], 2048),
        int("ubatch", &[64, 256, 512], 512),
        word("flash-attn", &["auto", "on", "off"]),
    ];
    ParameterSpace {
        parameters,
        rules: vec![Rule::AtMost {
            parameter: "ubatch".to_owned(),
            limit: "batch".to_owned(),
        }],
    }
}

fn parameter(name: &str, kind: Kind, default: Value) -> Parameter {
    Parameter {
        name: name.to_owned(),
        kind,
        default,
        told: Tell::Flag {
            flag: format!("--{name}"),
        },
        effect: String::new(),
        danger: String::new(),
        changes_output: false,
    }
}

fn int(name: &str, levels: &[i64], default: i64) -> Parameter {
    let ends = (levels.first(), levels.last());
    let (min, max) = (ends.0.copied().unwrap_or(0), ends.1.copied().unwrap_or(0));
    let levels = levels.to_vec();
    parameter(name, Kind::Int { min, max, levels }, Value::Int(default))
}

fn word(name: &str, options: &[&str]) -> Parameter {
    let options: Vec<String> = options.iter().map(ToString::to_string).collect();
    let default = Value::Choice(options.first().cloned().unwrap_or_default());
    parameter(name, Kind::Choice { options }, default)
}

/// J/token, tokens/s and seconds to the first token, without noise.
fn truth(nature: &Nature, one: &Configuration, seed: u64) -> (f64, f64, f64) {
    let number = |name: &str| one.int(name).unwrap_or(1) as f64;
    let speed =
        |cores: f64, limit: f64| cores.min(CORES).min(limit) + 0.1 * (cores - CORES).max(0.0);
    let (threads, slots) = (number("threads"), number("parallel").min(CLIENTS));
    let pass_s = nature.pass_ms / speed(threads, nature.memory_cores) / 1e3;
    let requests_s = slots * nature.request_ms / speed(threads, CORES) / 1e3;
    let tokens_per_second = slots / (pass_s + requests_s);
    let watts = nature.idle_w + nature.core_w * threads.min(2.0 * CORES);
    let prefill_s = 0.4 / speed(number("threads-batch"), CORES);
    let wait_s = (CLIENTS / slots - 1.0) * (32.0 * slots / tokens_per_second + prefill_s);
    let rough = small_effects(one, nature.rough, seed);
    let batches = 0.02 * (threads - number("threads-batch")).abs().min(4.0) / 4.0;
    (
        watts / tokens_per_second * (rough + batches).exp(),
        tokens_per_second * (-rough).exp(),
        (prefill_s * slots.sqrt() + wait_s) * rough.exp(),
    )
}

/// A random effect per level of each knob, and a smaller one per pair of levels.
fn small_effects(one: &Configuration, rough: f64, seed: u64) -> f64 {
    let effect = |text: &str| {
        let hash = crate::replay::stable_hash([&seed.to_le_bytes()[..], text.as_bytes()]);
        rough * SplitMix(hash).normal()
    };
    let knobs: Vec<String> = one
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let mut sum: f64 = knobs.iter().map(|knob| effect(knob)).sum();
    for (index, first) in knobs.iter().enumerate() {
        for second in &knobs[index + 1..] {
            sum += 0.3 * effect(&format!("{first} {second}"));
        }
    }
    sum
}

fn landscape(nature: &Nature, seed: u64) -> Landscape {
    let space = space();
    // An instance stays what it was: constants were chosen on some, and figures told of others.
    let pool = Pool::from(&space).with_sequence(Sequence::InOrder);
    let mut tried = BTreeSet::new();
    let mut configurations = vec![space.default_configuration()];
    tried.insert(configurations[0].key());
    let sobol = Sobol::new(&pool, seed);
    while configurations.len() < POINTS {
        let Some(next) = sobol.next(&tried) else {
            break;
        };
        tried.insert(next.key());
        configurations.push(next);
    }
    let mut dice = SplitMix(seed ^ 0x5eed);
    let mut window = |one: &Configuration, pass: u32| {
        let (joules, speed, first) = truth(nature, one, seed);
        Window {
            pass,
            started_at: "2026-01-01T00:00:00Z".to_owned(),
            joules_per_unit: short(joules * (LOG_SD * dice.normal()).exp()),
            tokens_per_second: short(speed),
            first_token_p50_s: short(first / 2.0),
            first_token_p95_s: short(first),
            window_s: short(2048.0 / speed),
            ends: None,
            spoiled: None,
        }
    };
    let entries: Vec<Entry> = configurations
        .iter()
        .map(|one| Entry {
            configuration: one.clone(),
            windows: (1..=PASSES).map(|pass| window(one, pass)).collect(),
            failure: None,
        })
        .collect();
    let mut ranked: Vec<&Configuration> = configurations.iter().collect();
    ranked.sort_by(|a, b| {
        truth(nature, a, seed)
            .0
            .total_cmp(&truth(nature, b, seed).0)
    });
    let fresh: Vec<Truth> = std::iter::once(&configurations[0])
        .chain(
            ranked
                .into_iter()
                .filter(|one| **one != configurations[0])
                .take(10),
        )
        .map(|one| Truth {
            configuration: one.clone(),
            windows: (1..=FRESH).map(|pass| window(one, pass)).collect(),
        })
        .collect();
    let mut landscape = Landscape {
        format: LANDSCAPE_FORMAT,
        name: nature.name.to_owned(),
        synthetic: true,
        recorded_at: "2026-01-01T00:00:00Z".to_owned(),
        recorded_by: env!("CARGO_PKG_VERSION").to_owned(),
        engine: Engine {
            name: "none".to_owned(),
            version: "none".to_owned(),
            ..Engine::default()
        },
        model: Model {
            name: "none".to_owned(),
            ..Model::default()
        },
        workload: Workload {
            name: "invented".to_owned(),
            hash: String::new(),
            requests: 32,
            concurrency: CLIENTS as u32,
            output_tokens: 64,
            passes: 1,
            seed: 1,
            unit: WorkUnit::OutputToken,
            pictures: None,
            prompts: Prompts::Chat,
            arrivals: Arrivals::Clients,
            own: None,
        },
        machine: machine(),
        scope: Scope::Estimated,
        source: "synthetic".to_owned(),
        measured: false,
        sensor_error: 0.0,
        quick: false,
        passes: PASSES,
        seed,
        constraints: Constraints::default(),
        space,
        entries,
        truth: fresh,
        noise: Noise {
            log_sd: LOG_SD,
            df: 1.0,
        },
    };
    if let Some(pooled) = landscape.pooled() {
        landscape.noise = Noise {
            log_sd: short(pooled.sd),
            df: pooled.df,
        };
    }
    landscape
}

fn machine() -> Machine {
    Machine {
        os: "none".to_owned(),
        kernel: "none".to_owned(),
        cpu: "synthetic".to_owned(),
        physical_cores: CORES as u32,
        logical_cores: 2 * CORES as u32,
        usable: None,
        memory_bytes: 0,
        gpus: Vec::new(),
        gpu_controls: Vec::new(),
        sensors: Vec::new(),
        virtual_machine: None,
    }
}
