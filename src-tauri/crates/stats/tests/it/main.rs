//! What may be said and what may not, from single figures to whole sessions.

#![allow(clippy::unwrap_used)] // a panic here is the report

mod analysis;
mod basis;
mod compare;
mod covariate;
mod decide;
mod expecting;
mod figures;
mod forecast;
mod foretold;
mod noise;
mod outcome;
mod pairs;
mod properties;
mod repeats;
mod simulation;
mod stopping_rule;
mod turns;
mod undo;
