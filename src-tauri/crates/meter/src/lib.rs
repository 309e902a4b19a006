//! From sensors to joules.
//!
//! [`Meter::open`] probes what the machine has: NVIDIA boards through NVML, CPU packages through
//! RAPL, and where neither answers an estimate from CPU time, labelled as one and never mixed with
//! a measured joule. [`Meter::record`] starts one thread per sensor and keeps every sample;
//! [`Recorded`] cuts the window out of them afterwards, so that nothing needs to be timed while
//! the engine works. A sensor that does not answer is unavailable with a reason, or an error; it is
//! never zero. Nothing here is async: the tuner calls it from a blocking task.
//!
//! A new kind of sensor is a type with [`EnergyCounter`] or [`PowerGauge`], found in the `probe`
//! module.
//!
//! # Map
//!
//! | files | purpose |
//! |---|---|
//! | `meter`, `probe`, `probed`, `choice`, `decided`, `mirror` | what there is, what it is worth, which make the figure |
//! | `nvml/`, `rapl`, `hwmon/`, `battery`, `outside/`, `platform` | a kind of sensor each |
//! | `sensor`, `plausible`, `company`, `conditions` | what a sensor is, what it can claim, in what state its device is |
//! | `recording`, `by_hand`, `device_log`, `series`, `sink` | reading while the engine works |
//! | `recorded`, `cut`, `ticks`, `gauge`, `boxcar`, `warnings` | joules of a window, and what they are worth |
//! | `judged/` | what a real window shows of the sensors themselves |
//! | `estimate`, `calibration`, `cpu`, `allowed`, `cgroup`, `usable`, `cpu_list` | CPU time, its price, whose it is |
//! | `doctor/` | why this machine can or cannot be measured, and what to do |
//! | `files`, `surroundings`, `error` | the kernel's files, where we run, why there are no joules |
//!
//! # The life of one value
//!
//! A board's counter: `nvml/` finds it, `probe` watches whether it moves, `choice` takes it for the figure.
//! [`Meter::record`] reads it ten times a second into a `device_log`; [`Recorded::judged`] looks whether it
//! followed the work, and cuts the window out at its ticks; what comes is an
//! [`Energy`](wattsmith_domain::Energy) with both its errors, or a [`MeterError`].
//!
//! # Stopping
//!
//! Each thread waits on a channel that nobody sends on; dropping a [`Recording`] closes them all, and no thread
//! outlives it by more than one reading. Programs of the person's own are ended with their meter.

mod allowed;
mod battery;
mod boxcar;
mod by_hand;
mod calibration;
mod cgroup;
mod choice;
mod company;
mod conditions;
mod cpu;
mod cpu_list;
mod cut;
mod decided;
mod device_log;
pub mod doctor;
mod error;
mod estimate;
mod files;
mod gauge;
mod hwmon;
mod judged;
mod meter;
mod mirror;
mod nvml;
mod outside;
mod platform;
mod plausible;
mod probe;
mod probed;
mod rapl;
mod recorded;
mod recording;
mod sensor;
mod series;
mod sink;
mod surroundings;
mod ticks;
mod usable;
mod warnings;

pub use by_hand::ByHand;
pub use calibration::{CalibrateError, Calibration};
pub use decided::ReaderChoice;
pub use error::MeterError;
pub use estimate::Pricing;
pub use judged::{Judged, Rest, Span};
pub use meter::{Meter, MeterOptions};
pub use nvml::free_gpu_memory;
#[doc(hidden)]
pub use outside::read_once;
pub use outside::{MeterOffer, MeterRefusal, MeterTrial, OutsideSettings, try_meter};
pub use recorded::Recorded;
pub use recording::Recording;
pub use sensor::{EnergyCounter, PowerGauge, ReadError, Total};
pub use sink::{ChunkSink, Quantity};
