//! What each trial's J/unit is expected to be by a model of all of them.
//!
//! The lowest of many figures is low by luck as well, so that picking it picks luck. Here every trial's
//! mean is shrunk towards what the others say of it (a Gaussian process: [`crate::gaussian`]): a setting
//! is an effect of its own, an effect of each of its knobs, and one of all of them together. With two or
//! three trials that is a plain random-effects shrinkage towards their common level; the more there are,
//! the more they tell of each other. How strong effects are altogether is fitted, around what is usual.
//!
//! All constants were chosen on invented landscapes (instances 1 to 5 and 21 to 32 of each kind).

use crate::features::Features;
use crate::gaussian::{Belief, Gram, Posterior, matern};
use wattsmith_domain::{Configuration, ParameterSpace};

/// Noise of one window as a standard deviation of ln J/unit, until a session knows its own: the middle
/// of what was seen on a desktop.
pub const USUAL_LOG_SD: f64 = 0.06;
/// Never quite 0, or one lucky pair of equal windows would be taken for certainty.
const LEAST_LOG_SD: f64 = 0.002;
/// Part of what sets settings apart that goes with their knobs, one by one.
const BY_KNOB: f64 = 0.3;
/// Part that belongs to one configuration alone and says nothing about any other.
const OWN: f64 = 0.2;
/// Distance over which a knob's effect stays about the same, its levels lying between 0 and 1.
const LENGTH: f64 = 0.8;
/// Usual variance of ln J/unit between settings.
const USUAL_SPREAD: f64 = 0.05;
/// How freely the logarithm of that moves, as a standard deviation.
const FREEDOM: f64 = 1.5;
/// Steps on each side of the usual spread that are looked at, and their width in those deviations.
const STEPS: i32 = 8;
const STEP: f64 = 0.35;
/// Variance of the level that all settings share, which nothing is known of.
const LEVEL: f64 = 1.0;

/// One configuration with what was seen of it.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    /// What was measured.
    pub configuration: &'a Configuration,
    /// Geometric mean of its J/unit, above 0.
    pub joules_per_unit: f64,
    /// Windows behind it, at least 1.
    pub windows: u32,
}

/// What is expected of each of some configurations, in the order in which they were given.
#[derive(Debug, Clone)]
pub struct Expected {
    /// How many configurations there are.
    n: usize,
    /// How much each two of them have in common, by rows.
    alike: Vec<f64>,
    level: f64,
    spread: f64,
    posterior: Posterior,
}

impl Expected {
    /// Fits the model; `log_sd` is the noise of one window, where it is known. `None` where nothing was
    /// seen, or a figure is no positive number.
    #[must_use]
    pub fn of(space: &ParameterSpace, seen: &[Seen], log_sd: Option<f64>) -> Option<Self> {
        let usable = |one: &Seen| one.joules_per_unit.is_finite() && one.joules_per_unit > 0.0;
        if seen.is_empty() || !seen.iter().all(usable) {
            return None;
        }
        let features = Features::of(space);
        let points: Vec<Vec<f64>> = seen
            .iter()
            .map(|one| features.encode(one.configuration))
            .collect();
        let logs: Vec<f64> = seen.iter().map(|one| one.joules_per_unit.ln()).collect();
        let level = logs.iter().sum::<f64>() / logs.len() as f64;
        let residuals: Vec<f64> = logs.iter().map(|log| log - level).collect();
        let sd = log_sd.filter(|sd| sd.is_finite() && *sd > 0.0);
        let variance = sd.unwrap_or(USUAL_LOG_SD).max(LEAST_LOG_SD).powi(2);
        let noise: Vec<f64> = seen
            .iter()
            .map(|one| variance / f64::from(one.windows.max(1)))
            .collect();
        let n = points.len();
        let alike: Vec<f64> = (0..n * n)
            .map(|at| alike(&features, &points, at / n, at % n))
            .collect();
        let fits = (-STEPS..=STEPS).filter_map(|step| {
            let at = f64::from(step) * STEP;
            let spread = USUAL_SPREAD * (FREEDOM * at).exp();
            let gram = Gram::of(n, |row, column| LEVEL + spread * alike[row * n + column]);
            let posterior = Posterior::fit(gram, &noise, &residuals)?;
            Some((posterior.log_evidence - 0.5 * at * at, spread, posterior))
        });
        let (_, spread, posterior) = fits.max_by(|one, other| one.0.total_cmp(&other.0))?;
        Some(Self {
            n,
            alike,
            level,
            spread,
            posterior,
        })
    }

    /// Expected J/unit of the `at`-th configuration.
    #[must_use]
    pub fn joules_per_unit(&self, at: usize) -> f64 {
        (self.level + self.belief(at).mean).exp()
    }

    /// Chance that the true J/unit of the `at`-th configuration is at most `limit`.
    #[must_use]
    pub fn chance_at_most(&self, at: usize, limit: f64) -> f64 {
        self.belief(at).at_most(limit.ln() - self.level)
    }

    /// Chance that the true ratio of the `at`-th configuration to the `other`-th is at most `limit`.
    #[must_use]
    pub fn chance_of_ratio(&self, at: usize, other: usize, limit: f64) -> f64 {
        let cross = (0..self.n)
            .map(|point| self.covariance(at, point) - self.covariance(other, point))
            .collect();
        let own = self.covariance(at, at) + self.covariance(other, other)
            - 2.0 * self.covariance(at, other);
        self.posterior.at(cross, own).at_most(limit.ln())
    }

    fn belief(&self, at: usize) -> Belief {
        let cross = (0..self.n)
            .map(|point| self.covariance(at, point))
            .collect();
        self.posterior.at(cross, self.covariance(at, at))
    }

    fn covariance(&self, one: usize, other: usize) -> f64 {
        LEVEL + self.spread * self.alike[one * self.n + other]
    }
}

/// How much two configurations have in common, 0 to 1.
fn alike(features: &Features, points: &[Vec<f64>], one: usize, other: usize) -> f64 {
    let same = f64::from(u8::from(points[one] == points[other]));
    let knobs = features.knobs.len();
    if knobs == 0 {
        return same;
    }
    let gaps = features.knobs.iter().enumerate();
    let gaps = gaps.map(|(at, knob)| knob.distance(points[one][at], points[other][at]) / LENGTH);
    let (by_knob, squares) = gaps.fold((0.0, 0.0), |(by_knob, squares), gap| {
        (by_knob + matern(gap), squares + gap * gap)
    });
    let share = 1.0 / knobs as f64;
    BY_KNOB * by_knob * share
        + (1.0 - BY_KNOB - OWN) * matern((squares * share).sqrt())
        + OWN * same
}
