//! The machine on which everything is measured, and what may be done to it.
//!
//! [`description`] is what is recorded with a session; [`sensing`] probes the sensors, [`readers`]
//! and [`outside`] hold what the person said about them; [`live`] shows power while nothing is
//! measured; [`models`] finds model files in the folders that [`places`] knows, [`downloads`] fetches more, and
//! [`memory_need`] says whether they fit, [`start`] whether a start would fail; [`running`] lists servers, [`elsewhere`] finds where an attached one does its work; [`gpu`]
//! sets a board's limits through the one program that runs as root, and puts them back; [`awake`] keeps it from
//! sleeping; [`lock`] lets one measurement at a time happen; [`doctor`] says
//! what is missing, and what to do; [`noise`] keeps how much figures vary here.

pub(crate) mod awake;
pub(crate) mod description;
pub(crate) mod doctor;
pub(crate) mod downloads;
pub(crate) mod elsewhere;
pub(crate) mod gpu;
pub(crate) mod live;
pub(crate) mod lock;
pub(crate) mod memory_need;
pub(crate) mod models;
pub(crate) mod noise;
pub(crate) mod noise_words;
pub(crate) mod outside;
pub(crate) mod places;
pub(crate) mod readers;
pub(crate) mod running;
pub(crate) mod sensing;
pub(crate) mod start;
