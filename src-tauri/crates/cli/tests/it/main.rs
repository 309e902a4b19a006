//! The real binary, as a script or a person calls it, with the real engine and a very small model.

#![allow(clippy::unwrap_used, clippy::expect_used)] // a panic here is the report

mod backing_up;
mod busy;
mod call;
mod cores;
mod ending;
mod failing;
mod fetching;
mod going_on;
mod interrupted;
mod listing;
mod meters;
mod models;
mod own_work;
mod reading;
mod secrets;
mod servers;
mod settings;
mod studying;
mod surroundings;
mod trial;
mod tune;
mod usage;
mod writing;
