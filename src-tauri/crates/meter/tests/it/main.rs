//! The meter on scripted boards behind a real library, on made-up sysfs trees and on real processes.

// Helpers of tests may panic too; clippy sees only the functions that carry #[test].
#![allow(clippy::unwrap_used, clippy::panic)]

mod accuracy;
mod doctor;
mod estimate;
mod faults;
mod machine;
mod nvml;
mod plausible;
mod prometheus;
mod seeds;
mod validate;
