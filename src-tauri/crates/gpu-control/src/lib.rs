//! What of an NVIDIA board can be set, and the small program that sets it as root.
//!
//! [`boards`] and [`power_limit`] read what the driver tells everybody. [`run`] is the whole of
//! `wattsmith-gpu-control`, which is started through pkexec: it knows three verbs ([`Verb`]), checks
//! every value against the driver's own range, and with `--hold` puts everything back as soon as its
//! input ends, which the system sees to even when Wattsmith is killed. What it has changed is
//! written down first ([`left`] reads that), so that nothing stays changed after a power cut.
//!
//! This room is kept so small that it can be read before it is trusted: no async, no network, no
//! shell, no file but its own in `/run`.

mod board;
mod control;
mod elevated;
mod program;
mod refusal;
mod state;
mod verb;

pub use board::{boards, power_limit};
pub use program::run;
pub use refusal::{Code, Refusal};
pub use state::{Left, STATE_FOLDER, left};
pub use verb::Verb;

/// Names another NVML library than the driver's; for tests. Honoured by debug builds alone, and not
/// when they run with more rights than their caller.
pub const LIBRARY_VARIABLE: &str = "WATTSMITH_GPU_CONTROL_NVML";
/// Names another folder than [`STATE_FOLDER`]; under the same conditions.
pub const STATE_VARIABLE: &str = "WATTSMITH_GPU_CONTROL_STATE";
