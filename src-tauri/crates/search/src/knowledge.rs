//! What is known about an inference server's knobs before anything is measured, in numbers.
//!
//! All effects are on the natural logarithm, so that 0.1 is about 10 %. They are starting points:
//! each is held with a standard deviation of its own, and a few trials overrule it. Where they come
//! from: energy per token falls with the batch that a pass over the weights serves (requests worked
//! on at once, up to the clients there are); threads beyond the physical cores share their units;
//! work on a GPU costs less than on the processor; the rest was seen to matter little.

use crate::features::number;
use crate::observation::Context;
use wattsmith_domain::{Configuration, ParameterSpace};

/// What is predicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Response {
    /// ln J/unit.
    Energy,
    /// ln tokens/s.
    Speed,
    /// ln of the 95th percentile of the time to first token.
    FirstToken,
}

/// What a knob is called here that a server calls by another name.
fn common(name: &str) -> &str {
    match name {
        "num-thread" => "threads",
        "num-parallel" => "parallel",
        // It sets both.
        "num-batch" => "ubatch",
        "num-gpu" => "n-gpu-layers",
        "num-ctx" => "context-per-slot",
        "flash-attention" => "flash-attn",
        "kv-cache-type" => "cache-type-k",
        "use-mmap" => "load-mode",
        name => name,
    }
}

/// How far turning a knob to its farthest level is thought to move ln J/unit, as a standard
/// deviation around [`expected`].
pub(crate) fn reach(name: &str) -> f64 {
    match common(name) {
        "n-gpu-layers" => 0.50,
        "threads" => 0.20,
        "parallel" | "gpu-power-limit" | "gpu-clock-lock" => 0.18,
        "threads-batch" | "cache-type-k" | "cache-type-v" => 0.08,
        "ubatch" | "flash-attn" => 0.06,
        "batch" | "poll" => 0.04,
        "kv-unified" | "context-per-slot" => 0.03,
        "load-mode" => 0.02,
        // Nothing is known: neither that it matters nor that it does not.
        _ => 0.12,
    }
}

/// How much more a response moves than energy does.
pub(crate) fn stretch(response: Response) -> f64 {
    match response {
        Response::Energy => 1.0,
        Response::Speed => 1.5,
        Response::FirstToken => 4.0,
    }
}

/// The expected response to `configuration` against `reference`, as a difference of logarithms.
pub(crate) fn expected(
    configuration: &Configuration,
    reference: &Configuration,
    space: &ParameterSpace,
    context: &Context,
    response: Response,
) -> f64 {
    space
        .parameters
        .iter()
        .filter_map(|parameter| {
            let name = parameter.name.as_str();
            let here = configuration.get(name).and_then(number)?;
            let there = reference.get(name).and_then(number)?;
            Some(level(name, here, context, response) - level(name, there, context, response))
        })
        .sum()
}

fn level(name: &str, value: f64, context: &Context, response: Response) -> f64 {
    let name = common(name);
    match name {
        "parallel" => {
            let clients = f64::from(context.concurrency.max(1));
            let served = value.clamp(1.0, clients).log2();
            let idle = (value / clients).max(1.0).log2();
            match response {
                Response::Energy => -0.15 * served + 0.03 * idle,
                Response::Speed => 0.20 * served - 0.02 * idle,
                // Whoever is not worked on waits in line.
                Response::FirstToken => -0.60 * served + 0.10 * idle,
            }
        }
        "threads" | "threads-batch" => {
            let cores = f64::from(context.physical_cores.max(1));
            let used = value.clamp(1.0, cores).log2();
            let shared = (value / cores).max(1.0).log2();
            let share = if name == "threads" { 1.0 } else { 0.4 };
            share
                * match response {
                    Response::Energy => -0.06 * used + 0.08 * shared,
                    Response::Speed => 0.50 * used - 0.10 * shared,
                    Response::FirstToken => -0.60 * used + 0.10 * shared,
                }
        }
        "n-gpu-layers" => {
            let part = (value / 32.0).clamp(0.0, 1.0);
            match response {
                Response::Energy => -0.8 * part,
                Response::Speed => 1.5 * part,
                Response::FirstToken => -2.0 * part,
            }
        }
        _ => 0.0,
    }
}

/// Why turning this knob may matter, as the end of a sentence.
pub(crate) fn why(name: &str) -> &'static str {
    match common(name) {
        "parallel" => "requests worked on at once share each pass over the model",
        "threads" => "each busy core costs watts, and too few cost time",
        "threads-batch" => "it sets how many cores read the prompts",
        "batch" | "ubatch" => "it sets how much of a prompt is computed together",
        "flash-attn" => "attention takes a share of each token",
        "cache-type-k" | "cache-type-v" => "a smaller cache moves less memory but takes more work",
        "poll" => "waiting threads either sleep or spin",
        "gpu-power-limit" | "gpu-clock-lock" => {
            "a slower GPU needs less energy for the same work, up to a point"
        }
        "n-gpu-layers" => "the GPU computes a layer for less energy than the processor",
        "kv-unified" | "context-per-slot" => "it changes how much memory the cache takes",
        "load-mode" => "it changes how the model lies in memory",
        _ => "nothing is known about it yet",
    }
}
