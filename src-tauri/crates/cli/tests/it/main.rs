//! The real binary, as a script or a person calls it, with the real engine and a very small model.

#![allow(clippy::unwrap_used, clippy::expect_used)] // a panic here is the report

mod call;
mod cores;
mod interrupted;
mod listing;
mod meters;
mod studying;
mod trial;
mod tune;
mod usage;
