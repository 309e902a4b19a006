//! How long a window must be to pay, and what a question costs at the least.
//!
//! Wald's sequential test of "no difference" against "a difference d" needs, on average and where the
//! difference is there, ((1−β)·ln((1−β)/α) + β·ln(β/(1−α))) · 2v/d² pairs of variance v (Wald, *Annals of
//! Mathematical Statistics* 16, 1945). No test with these errors needs fewer (Wald & Wolfowitz 1948), so it
//! is the bound that a measuring plan is held against.

use super::Noise;
use serde::{Deserialize, Serialize};

/// No window is shorter: below it filling and draining the slots, and the edges of CPU time, weigh too much.
pub const SHORTEST_WINDOW_S: f64 = 4.0;
/// No window is made longer than this for the noise's sake.
pub const LONGEST_WINDOW_S: f64 = 30.0;
/// A window pays while a longer one would save less than this share of the seconds.
const HARDLY: f64 = 0.05;
/// Steps of the search for a length.
const STEP_S: f64 = 0.5;

/// What is to be decided, and at what price.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Question {
    /// The ratio that is to be told from 1, such as 0.9.
    pub ratio: f64,
    /// Chance of a false yes.
    pub alpha: f64,
    /// Chance of a false no.
    pub beta: f64,
    /// Seconds that each window takes besides: launch, warm-up, end.
    pub beside_s: f64,
    /// The shortest window that sensors and whole passes allow, seconds.
    pub least_s: f64,
}

impl Question {
    /// A saving of 10 %, falsely found in 1 of 20 and missed in 1 of 10.
    #[must_use]
    pub fn usual(beside_s: f64, least_s: f64) -> Self {
        Self {
            ratio: 0.9,
            alpha: 0.05,
            beta: 0.1,
            beside_s,
            least_s,
        }
    }
}

/// What pays.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct NoisePlan {
    /// The shortest window that pays, seconds.
    pub window_s: f64,
    /// Seconds after a start that are better left out.
    pub pause_s: f64,
    /// The least that the usual question takes on average with such windows, seconds, all included.
    pub question_s: f64,
    /// The pairs of windows among that.
    pub pairs: f64,
    /// The ratio that was asked for.
    pub ratio: f64,
}

/// Pairs that the test needs on average where the difference is there; `variance` is that of one pair's
/// log ratio. `None` for chances that are none, or no difference.
#[must_use]
pub fn wald_pairs(question: &Question, variance: f64) -> Option<f64> {
    let (alpha, beta) = (question.alpha, question.beta);
    let sound = |chance: f64| chance > 0.0 && chance < 0.5;
    let difference = question.ratio.ln();
    if !(sound(alpha) && sound(beta) && difference.is_finite() && difference != 0.0) {
        return None;
    }
    let information =
        (1.0 - beta) * ((1.0 - beta) / alpha).ln() + beta * (beta / (1.0 - alpha)).ln();
    let pairs = information * 2.0 * variance / difference.powi(2);
    pairs.is_finite().then_some(pairs.max(1.0))
}

impl Noise {
    /// The shortest window that pays for a question. Two sides of a pair follow each other, each with a
    /// launch of its own; drift grows with the time between them, so no rest between them ever pays.
    #[must_use]
    pub fn plan(&self, question: &Question) -> Option<NoisePlan> {
        let launch = self.launch.as_ref().map_or(0.0, |one| one.variance);
        let beside_s = question.beside_s.max(0.0) + self.settling_s;
        let cost = |window_s: f64| {
            let side = self.components.of_window(window_s, beside_s) + launch;
            let pairs = wald_pairs(question, 2.0 * side)?;
            Some((2.0 * pairs * (window_s + beside_s), pairs))
        };
        let least_s = question.least_s.max(SHORTEST_WINDOW_S);
        let most_s = LONGEST_WINDOW_S.max(least_s);
        let lengths = (0..).map(|step| least_s + f64::from(step) * STEP_S);
        let tried: Vec<(f64, f64, f64)> = lengths
            .take_while(|length| *length <= most_s)
            .map(|length| cost(length).map(|(seconds, pairs)| (length, seconds, pairs)))
            .collect::<Option<_>>()?;
        let best = tried
            .iter()
            .map(|(_, seconds, _)| *seconds)
            .fold(f64::INFINITY, f64::min);
        let (window_s, question_s, pairs) = tried
            .into_iter()
            .find(|(_, seconds, _)| *seconds <= best * (1.0 + HARDLY))?;
        Some(NoisePlan {
            window_s,
            pause_s: self.settling_s,
            question_s,
            pairs,
            ratio: question.ratio,
        })
    }
}
