//! What was known of a machine's noise when a session began.

use crate::Seconds;
use serde::{Deserialize, Serialize};

/// Where that came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoiseOrigin {
    /// Windows of earlier sessions on this machine.
    Sessions,
    /// A recording of this machine's noise.
    Recording,
    /// Recorded landscapes that come along: of other machines.
    Shipped,
}

/// How much repeats of one setting are expected to vary.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SpreadPrior {
    /// Standard deviation of ln J/unit: 0.06 is about 6 %.
    pub log_sd: f64,
    /// Windows that it counts for.
    pub windows: f64,
    /// Where it came from.
    pub origin: NoiseOrigin,
}

/// How much the log ratio of two windows that follow each other, each with a launch of its own, is expected to
/// vary: slow drift is the same in both, so that it is less than two windows of a whole session would.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PairSpread {
    /// Standard deviation of ln of the ratio: 0.06 is about 6 %.
    pub log_sd: f64,
    /// Pairs that it counts for.
    pub windows: f64,
}

/// A length of windows that the machine's noise asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NoiseWindow {
    /// The shortest that pays.
    pub length: Seconds,
    /// When the recording behind it was made, RFC 3339, UTC.
    pub recorded_at: String,
}

/// What a session knows of the noise before its first window. It is kept as it was then, so that a session
/// says the same whatever is recorded later.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SessionNoise {
    /// How much repeats vary.
    pub prior: SpreadPrior,
    /// How much the ratio of neighbours varies, by earlier sessions or a recording; none where neither tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pairs: Option<PairSpread>,
    /// The length of windows; none where the usual one stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<NoiseWindow>,
}
