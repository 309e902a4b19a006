//! Simulated whole sessions: the search with its luck, drift windows and confirmations, judged by the
//! functions that the tuner calls (`enough`, `Analysis`, `look`), beside a fixed rule on the same draws.
//!
//! A session has a default and twelve proposals. Four of them have the ratio in question, the others
//! need up to 30 % more; the order is drawn. Every window's figure is the truth × noise × drift.

#![allow(dead_code, unused_imports)] // each of the benches and tests that play sessions uses a part

pub mod noise;
pub mod random;
pub mod session;
pub mod tally;
pub mod world;

pub use session::{Outcome, Play};
pub use tally::{Tally, tally};
pub use world::World;

/// Proposals of a session.
pub const BUDGET: usize = 12;
/// Proposals whose truth is the ratio in question.
const CONTENDERS: usize = 4;
/// The default is measured again after each fourth trial.
const DRIFT_EVERY: usize = 4;
/// Windows per trial as planned, and those of the fixed rule.
const REPEATS: usize = 3;
/// Joules per token of the default.
const DEFAULT: f64 = 0.4;

/// The default's windows.
const REFERENCE: u64 = 0;
/// Windows of confirmations have noise of their own, so that they are fresh.
const FRESH: u64 = 1000;
