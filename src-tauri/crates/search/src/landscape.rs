//! A landscape: a table of measured configurations that can stand in for live runs. A file format,
//! too (JSON, versioned); reading and writing files is the tuner's.

mod drift;
mod masked;
mod summary;
mod validate;

pub use summary::Summary;
pub use validate::Flaw;

use drift::Drift;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use wattsmith_domain::{
    Configuration, Constraints, Engine, FailureCause, Machine, Model, ParameterSpace, Repeat,
    Scope, Workload,
};
use wattsmith_stats::{Pooled, geometric_mean, pooled_log_sd};

/// The version of the format that this program writes.
pub const LANDSCAPE_FORMAT: u32 = 1;
/// Share above the best within which a configuration counts as good.
pub const GOOD: f64 = 0.05;

/// A table of measured configurations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Landscape {
    /// Version of the format: [`LANDSCAPE_FORMAT`].
    pub format: u32,
    /// For people, such as `SmolLM2 · chat`.
    pub name: String,
    /// Whether the figures are invented, for tests. Never mixed with recorded ones.
    #[serde(default)]
    pub synthetic: bool,
    /// When recording began, RFC 3339, UTC.
    pub recorded_at: String,
    /// Wattsmith's version.
    pub recorded_by: String,
    /// The engine; its path is left out.
    pub engine: Engine,
    /// The model; its path is the file's name alone.
    pub model: Model,
    /// The work.
    pub workload: Workload,
    /// The machine.
    pub machine: Machine,
    /// What the figures cover.
    pub scope: Scope,
    /// Where joules come from, such as `estimate` or `nvml-counter`.
    pub source: String,
    /// Whether every joule was read from a sensor.
    pub measured: bool,
    /// Typical systematic error of the sensor as a fraction.
    pub sensor_error: f64,
    /// Whether windows were shortened.
    pub quick: bool,
    /// Sweeps over all configurations.
    pub passes: u32,
    /// Seed of the choice of configurations and of each pass's order.
    pub seed: u64,
    /// What must hold; can be set differently for a study.
    #[serde(default)]
    pub constraints: Constraints,
    /// The knobs with their levels and defaults.
    pub space: ParameterSpace,
    /// The sweep, the default first.
    pub entries: Vec<Entry>,
    /// Fresh repeats of the best and of the default after the sweep. They fix the truth of these.
    pub truth: Vec<Truth>,
    /// Spread of ln J/unit between windows of one configuration, over the whole file.
    pub noise: Noise,
}

/// One configuration of the sweep.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Canonical in the landscape's space.
    pub configuration: Configuration,
    /// One window per pass that measured it.
    pub windows: Vec<Window>,
    /// Why it does not work, where it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
}

/// Fresh repeats of one configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Truth {
    /// One of the entries'.
    pub configuration: Configuration,
    /// Windows, in the order in which they were measured.
    pub windows: Vec<Window>,
}

/// One measured window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Window {
    /// From 1: the sweep's pass, or the round of fresh repeats.
    pub pass: u32,
    /// RFC 3339, UTC.
    pub started_at: String,
    /// Gross J/unit.
    pub joules_per_unit: f64,
    /// Output tokens per second.
    pub tokens_per_second: f64,
    /// Median time to first token, seconds.
    pub first_token_p50_s: f64,
    /// 95th percentile of the time to first token, seconds.
    pub first_token_p95_s: f64,
    /// Length, seconds.
    pub window_s: f64,
    /// An estimate's J/unit at both ends of its coefficients: (low idle, high idle).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<(f64, f64)>,
    /// Why the figure is not used: other load, throttling and the like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spoiled: Option<String>,
}

impl Window {
    /// From a measured window; `spoiled` says why it must not be used, where it must not.
    #[must_use]
    pub fn of(repeat: &Repeat, pass: u32, spoiled: Option<String>) -> Self {
        Self {
            pass,
            started_at: repeat.started_at.clone(),
            joules_per_unit: short(repeat.joules_per_unit()),
            tokens_per_second: short(repeat.performance.tokens_per_second),
            first_token_p50_s: short(repeat.performance.time_to_first_token_s.p50),
            first_token_p95_s: short(repeat.performance.time_to_first_token_s.p95),
            window_s: short(repeat.window.0),
            ends: repeat
                .estimate_ends()
                .map(|(low, high)| (short(low), short(high))),
            spoiled,
        }
    }
}

/// Why a configuration does not work.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// Kind of fault.
    pub cause: FailureCause,
    /// In words.
    pub message: String,
}

/// Pooled noise of one window.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Noise {
    /// Standard deviation of ln J/unit.
    pub log_sd: f64,
    /// Degrees of freedom behind it.
    pub df: f64,
}

/// What is held to be true of one configuration.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figures {
    /// Gross J/unit.
    pub joules_per_unit: f64,
    /// Output tokens per second.
    pub tokens_per_second: f64,
    /// 95th percentile of the time to first token, seconds.
    pub time_to_first_token_s: f64,
    /// Windows behind them.
    pub windows: u32,
    /// Whether fresh repeats fixed them, or only the sweep.
    pub fresh: bool,
}

impl Figures {
    /// Whether speed and latency keep to `constraints`.
    #[must_use]
    pub fn keeps(&self, constraints: &Constraints) -> bool {
        self.outcome(1.0, 1).keeps(constraints)
    }

    /// What a trial of `repeats` windows would show whose noise multiplies joules by `factor`.
    #[must_use]
    pub fn outcome(&self, factor: f64, repeats: u32) -> crate::Outcome {
        crate::Outcome {
            joules_per_unit: self.joules_per_unit * factor,
            repeats,
            tokens_per_second: Some(self.tokens_per_second),
            time_to_first_token_s: Some(self.time_to_first_token_s),
        }
    }
}

impl Landscape {
    /// The truth of every configuration that works, by key. Fresh repeats where there are any (the
    /// sweep chose them, so its own windows would flatter them), else the sweep's windows; the
    /// machine's slow drift is taken out of both.
    #[must_use]
    pub fn figures(&self) -> BTreeMap<String, Figures> {
        self.figures_without(&Drift::of(self))
    }

    fn figures_without(&self, drift: &Drift) -> BTreeMap<String, Figures> {
        let mut all: BTreeMap<String, Figures> = BTreeMap::new();
        for entry in self.entries.iter().filter(|entry| entry.failure.is_none()) {
            if let Some(figures) = figures(&entry.windows, drift, false) {
                all.insert(entry.configuration.key(), figures);
            }
        }
        for truth in &self.truth {
            if let Some(figures) = figures(&truth.windows, drift, true) {
                all.insert(truth.configuration.key(), figures);
            }
        }
        all
    }

    /// Configurations that can be tried: all entries, those that fail among them.
    #[must_use]
    pub fn configurations(&self) -> Vec<Configuration> {
        self.entries
            .iter()
            .filter(|entry| entry.failure.is_some() || usable(&entry.windows).next().is_some())
            .map(|entry| entry.configuration.clone())
            .collect()
    }

    /// The pooled noise of all usable windows, the machine's slow drift taken out; `None` where no
    /// configuration was measured twice.
    #[must_use]
    pub fn pooled(&self) -> Option<Pooled> {
        Drift::of(self)
            .pooled()
            .or_else(|| self.pooled_with_drift())
    }

    /// The same with what the hours differ in, sweep and fresh repeats apart.
    fn pooled_with_drift(&self) -> Option<Pooled> {
        let sweep = self.entries.iter().map(|entry| &entry.windows);
        let fresh = self.truth.iter().map(|truth| &truth.windows);
        let groups: Vec<Vec<f64>> = sweep
            .chain(fresh)
            .map(|windows| usable(windows).map(|one| one.joules_per_unit).collect())
            .collect();
        pooled_log_sd(&groups)
    }
}

/// Six significant digits: more than any sensor has, and few enough that a file comes back to the
/// last bit whoever reads it.
#[must_use]
pub(crate) fn short(value: f64) -> f64 {
    format!("{value:.5e}").parse().unwrap_or(value)
}

fn usable(windows: &[Window]) -> impl Iterator<Item = &Window> {
    windows.iter().filter(|window| window.spoiled.is_none())
}

fn figures(windows: &[Window], drift: &Drift, fresh: bool) -> Option<Figures> {
    let mean = |of: &dyn Fn(&Window) -> f64| {
        let values: Vec<f64> = usable(windows).map(of).collect();
        geometric_mean(&values)
    };
    Some(Figures {
        joules_per_unit: mean(&|one| drift.joules_per_unit(one))?,
        tokens_per_second: mean(&|one| drift.tokens_per_second(one))?,
        time_to_first_token_s: mean(&|one| drift.first_token_s(one))?,
        windows: u32::try_from(usable(windows).count()).unwrap_or(u32::MAX),
        fresh,
    })
}
