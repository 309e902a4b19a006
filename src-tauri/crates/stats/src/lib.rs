//! Intervals, comparisons and stopping rules, all on the logarithm of joules per unit of work.
//!
//! Energy varies by a factor rather than by an amount (a busier machine costs so many per cent
//! more), so means here are geometric, errors are relative, and every bound is positive by
//! construction. Nothing reads a clock, a file or a random number: the same record always gives the
//! same [`Analysis`]. The tuner asks it what to do next; the report and the screen draw it.
//!
//! # Map
//!
//! | files | purpose |
//! |---|---|
//! | `analysis`, `outcome`, `lead` | all that follows from a record, its verdict in words, the figures that stand first |
//! | `interval`, `accuracy`, `quantile`, `phases` | one trial: mean, errors, prefill and decode |
//! | `compare`, `constraints`, `repeats`, `importance` | trials against the default while it is searched |
//! | `expect`, `model`, `gaussian`, `features` | which trial is expected to be best, by a model of all of them |
//! | `basis` | whether the machine is still the one that the default was measured on |
//! | `decide`, `sequential` | the one rule that may end a session |
//! | `undo` | which change of a winner earned what was gained |
//! | `turns` | two settings that take turns while both are loaded |
//! | `covariate` | what was so before a window, and explains a part of it |
//! | `forecast` | the range around what is expected |
//! | `noise` | what a machine's noise is made of, how long a window must be, what was known before |
//! | `foretold` | predictions against what came |
//! | `paired`, `survival` | methods against each other, for studies |
//! | `said` | every figure in words, once |
//!
//! # The life of one value
//!
//! Joules of windows become an `Interval` on the log scale; `compare` says whether a trial is below the
//! default; `decide` looks at fresh pairs with the error that is left; [`Outcome`] makes the words that window,
//! terminal and report share. Nothing here waits, so that nothing is to be stopped.

mod accuracy;
mod analysis;
mod basis;
mod compare;
mod constraints;
mod covariate;
mod decide;
mod expect;
pub mod features;
mod forecast;
mod foretold;
pub mod gaussian;
mod importance;
mod interval;
mod lead;
mod model;
pub mod noise;
mod outcome;
mod paired;
mod phases;
mod quantile;
mod repeats;
pub mod said;
mod sequential;
mod survival;
mod turns;
mod undo;
mod worth;

pub use accuracy::accuracy;
pub use analysis::{Analysis, Judged, TrialAnalysis};
pub use basis::{Basis, DefaultCheck, MachineChange};
pub use compare::compare;
pub use covariate::{Before, Observed, Slopes, adjusted_ratio};
pub use decide::{Look, decide, look};
pub use expect::{Expected, Seen, USUAL_LOG_SD};
pub use forecast::expected;
pub use foretold::{Foretold, TrackRecord, than_predicted};
pub use importance::Importance;
pub use interval::{Pooled, geometric_mean, interval, pooled_log_sd, ratio};
pub use lead::{Lead, Side};
pub use outcome::{Outcome, OutcomeKind};
pub use paired::{SignedRank, Spread, holm, signed_rank, simultaneous_upper, spread};
pub use phases::{Slice, prefill_share};
pub use repeats::{Enough, MOST_EXTRA_REPEATS, enough};
pub use sequential::{Rule, Spending, WITH_PRIOR, WITH_WIDE_PRIOR, WITHOUT_PRIOR};
pub use survival::{
    Survival, Waiting, expected_first_draw, kaplan_meier, median_time, restricted_mean,
};
pub use turns::{LEAST_LAUNCHES, Loaded, Turn, launch_log_ratio, turn_order, turns_ratio};
pub use undo::{UndoLook, WORTH_KEEPING, added_up, next_to_undo, undo_look};
pub use worth::{MANY, Standing, Worth};

/// The confidence of every interval that is shown, unless a function says otherwise.
pub const CONFIDENCE: f64 = 0.95;
