//! Intervals, comparisons and stopping rules, all on the logarithm of joules per unit of work.
//!
//! Energy varies by a factor rather than by an amount (a busier machine costs so many per cent
//! more), so means here are geometric, errors are relative, and every bound is positive by
//! construction. Nothing reads a clock, a file or a random number: the same record always gives the
//! same [`Analysis`]. The tuner asks it what to do next; the report and the screen draw it.

mod accuracy;
mod analysis;
mod basis;
mod compare;
mod constraints;
mod decide;
mod importance;
mod interval;
mod lead;
mod outcome;
mod paired;
mod phases;
mod quantile;
mod repeats;
pub mod said;
mod sequential;
mod survival;

pub use accuracy::accuracy;
pub use analysis::{Analysis, Judged, TrialAnalysis};
pub use basis::{Basis, DefaultCheck, MachineChange};
pub use compare::compare;
pub use decide::{LEAST_CHANCE, Look, decide, look};
pub use importance::Importance;
pub use interval::{Pooled, geometric_mean, interval, pooled_log_sd, ratio};
pub use lead::{Lead, Side};
pub use outcome::{Outcome, OutcomeKind};
pub use paired::{SignedRank, Spread, holm, signed_rank, simultaneous_upper, spread};
pub use phases::{Slice, prefill_share};
pub use repeats::{Enough, MOST_EXTRA_REPEATS, enough};
pub use sequential::{LEAST_PAIRS, MOST_PAIRS, confirmation_alpha};
pub use survival::{
    Survival, Waiting, expected_first_draw, kaplan_meier, median_time, restricted_mean,
};

/// The confidence of every interval that is shown, unless a function says otherwise.
pub const CONFIDENCE: f64 = 0.95;
