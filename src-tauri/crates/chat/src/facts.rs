//! Domain nouns in the few words that a prompt has for them.

use serde::Serialize;
use wattsmith_domain::{
    Arrivals, Comparison, Configuration, Constraints, Engine, Machine, Model, Objective,
    ParameterSpace, Scope, Verdict, WorkUnit, Workload,
};

/// The machine.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MachineFacts {
    /// Such as `Debian GNU/Linux 12`.
    pub os: String,
    /// Processor name.
    pub cpu: String,
    /// Physical cores that the engine may use.
    pub physical_cores: u32,
    /// Logical cores that it may use.
    pub logical_cores: u32,
    /// Memory, GiB.
    pub memory_gib: f64,
    /// GPU names; empty when there is none.
    pub gpus: Vec<String>,
    /// Kind of virtual machine, where it is one.
    pub virtual_machine: Option<String>,
}

impl From<&Machine> for MachineFacts {
    fn from(machine: &Machine) -> Self {
        Self {
            os: machine.os.clone(),
            cpu: machine.cpu.clone(),
            physical_cores: machine.usable_physical(),
            logical_cores: machine.usable_logical(),
            memory_gib: machine.memory_bytes as f64 / f64::from(1 << 30),
            gpus: machine.gpus.clone(),
            virtual_machine: machine.virtual_machine.clone(),
        }
    }
}

/// Where joules come from.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EnergyFacts {
    /// What part of the machine they cover, in words.
    pub scope: String,
    /// Sensor names joined by `+`, or `estimate`.
    pub source: String,
    /// Whether sensors were read; false when joules are worked out from CPU time.
    pub measured: bool,
    /// Systematic error of the sensors, per cent.
    pub sensor_error_percent: f64,
    /// How much repeats of one configuration differ (one standard deviation), per cent; none
    /// before there are repeats.
    pub noise_percent: Option<f64>,
}

impl EnergyFacts {
    /// `sensor_error` is a fraction, as the meter gives it; `noise` the pooled standard deviation
    /// of log J/unit.
    #[must_use]
    pub fn new(scope: Scope, source: &str, sensor_error: f64, noise: Option<f64>) -> Self {
        Self {
            scope: scope.label().to_owned(),
            source: source.to_owned(),
            measured: scope != Scope::Estimated,
            sensor_error_percent: sensor_error * 100.0,
            noise_percent: noise.map(|sd| sd * 100.0),
        }
    }
}

/// The inference server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EngineFacts {
    /// Such as `llama-server`.
    pub name: String,
    /// Its own version line.
    pub version: String,
}

impl From<&Engine> for EngineFacts {
    fn from(engine: &Engine) -> Self {
        Self {
            name: engine.name.clone(),
            version: engine.version.clone(),
        }
    }
}

/// The model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModelFacts {
    /// Such as `SmolLM2-135M-Instruct`; comes from the file, so it is quoted in the prompt.
    pub name: String,
    /// Such as `Q4_1`, in words where that label misleads; empty when unknown.
    pub quantisation: String,
    /// File size, 10⁶ bytes.
    pub megabytes: f64,
}

impl From<&Model> for ModelFacts {
    fn from(model: &Model) -> Self {
        Self {
            name: model.name.clone(),
            quantisation: model.honest_label(),
            megabytes: model.bytes as f64 / 1e6,
        }
    }
}

/// The work of every trial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WorkloadFacts {
    /// Short name.
    pub name: String,
    /// Requests in one pass.
    pub requests: u32,
    /// Clients that send at the same time.
    pub concurrency: u32,
    /// Tokens generated for each request; 0 where it is pictures.
    pub output_tokens: u32,
    /// What each request asks for, such as `64 output tokens each`.
    pub each: String,
    /// `token` or `image`: the word after "J/".
    pub unit: String,
    /// `tok/s` or `images/s`.
    pub rate: String,
    /// What a request waits for: `first token` or `pictures`.
    pub awaited: String,
    /// What settings can change: `what the model answers` or `the pictures`.
    pub result: String,
}

impl From<&Workload> for WorkloadFacts {
    fn from(workload: &Workload) -> Self {
        Self {
            name: workload.name.clone(),
            requests: workload.requests,
            concurrency: workload.concurrency,
            output_tokens: workload.output_tokens,
            each: each(workload),
            unit: workload.unit.noun().to_owned(),
            rate: workload.unit.short_rate().to_owned(),
            awaited: workload.unit.awaited().to_owned(),
            result: workload.unit.result().to_owned(),
        }
    }
}

fn each(workload: &Workload) -> String {
    match &workload.pictures {
        None => format!(
            "{} each{}",
            workload.answers_in_words("output tokens"),
            arriving(workload)
        ),
        Some(task) => format!(
            "{} each; {} denoising steps, sampler {}, guidance {}, where no parameter says otherwise",
            task.in_words(),
            task.steps,
            task.sampler,
            task.guidance
        ),
    }
}

/// How requests come, where no clients wait for their answers.
fn arriving(workload: &Workload) -> String {
    match workload.arrivals {
        Arrivals::Clients => String::new(),
        Arrivals::All => "; all of them are sent at the same instant".to_owned(),
        Arrivals::Poisson { .. } | Arrivals::Timestamps => format!(
            "; they come {}, whether or not earlier ones are answered",
            workload.arrivals.in_words(workload.concurrency)
        ),
    }
}

/// What is to be reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GoalFacts {
    /// The threshold, such as `10 % below default`.
    pub threshold: String,
    /// Constraints, one sentence each; empty when there are none.
    pub constraints: Vec<String>,
    /// Trials left, this one included.
    pub trials_left: u32,
}

impl GoalFacts {
    /// From a session's objective.
    #[must_use]
    pub fn new(objective: &Objective, unit: WorkUnit, trials_left: u32) -> Self {
        Self {
            threshold: objective.threshold.to_string(),
            constraints: constraints(&objective.constraints, unit),
            trials_left,
        }
    }
}

fn constraints(constraints: &Constraints, unit: WorkUnit) -> Vec<String> {
    let mut sentences = Vec::new();
    if let Some(least) = constraints.min_tokens_per_second {
        sentences.push(format!("at least {least} {} per second", unit.output()));
    }
    if let Some(most) = constraints.max_time_to_first_token_s {
        sentences.push(format!(
            "time to {} (95th percentile) at most {most} s",
            unit.awaited()
        ));
    }
    if constraints.quality_lock {
        sentences.push(format!("no setting that can change {}", unit.result()));
    }
    if let Some(least) = constraints.min_picture_likeness_db {
        sentences.push(format!(
            "every picture at least {least} dB (PSNR) like the default's of the same seed"
        ));
    }
    if let Some(least) = constraints.min_same_tokens {
        sentences.push(format!(
            "at least {:.0} % of the first tokens of greedy answers the same as the default's",
            100.0 * least
        ));
    }
    sentences
}

/// Relations between parameters, one sentence each.
#[must_use]
pub fn rules(space: &ParameterSpace) -> Vec<String> {
    space.rules.iter().map(ToString::to_string).collect()
}

/// What may be said against the default, as the history's last column says it.
#[must_use]
pub fn verdict(comparison: &Comparison) -> String {
    let saving = comparison.saving_percent();
    let percent = saving.abs();
    match comparison.verdict {
        Verdict::Reference => "the default".to_owned(),
        Verdict::Better => format!("better: {percent:.0} % less than the default"),
        Verdict::Worse => format!("worse: {percent:.0} % more than the default"),
        Verdict::NotDecided { .. } => {
            let direction = if saving < 0.0 { "more" } else { "less" };
            format!("not decided: {percent:.0} % {direction}, inside the noise")
        }
        Verdict::DependsOnEstimate => "depends on how watts are estimated".to_owned(),
    }
}

/// What differs from the default in `configuration`, in the space's order: `threads=2 parallel=8`,
/// or `default`.
#[must_use]
pub fn settings(configuration: &Configuration, space: &ParameterSpace) -> String {
    let changes = configuration.changes_from(&space.default_configuration(), space);
    if changes.is_empty() {
        return "default".to_owned();
    }
    let pairs: Vec<String> = changes
        .iter()
        .map(|change| format!("{}={}", change.name, change.to))
        .collect();
    pairs.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use wattsmith_domain::Interval;

    #[test]
    fn verdicts_say_how_much_and_whether_it_counts() {
        let words = |mean: f64, verdict| {
            let ratio = Interval {
                mean,
                low: mean,
                high: mean,
                n: 3,
            };
            super::verdict(&Comparison { ratio, verdict })
        };
        let open = Verdict::NotDecided { seconds_more: None };
        assert_eq!(words(1.0, Verdict::Reference), "the default");
        assert_eq!(
            words(0.82, Verdict::Better),
            "better: 18 % less than the default"
        );
        assert_eq!(
            words(1.07, Verdict::Worse),
            "worse: 7 % more than the default"
        );
        assert_eq!(words(0.97, open), "not decided: 3 % less, inside the noise");
        assert_eq!(words(1.02, open), "not decided: 2 % more, inside the noise");
    }
}
