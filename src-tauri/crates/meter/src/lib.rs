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
mod device_log;
pub mod doctor;
mod error;
mod estimate;
mod files;
mod gauge;
mod hwmon;
mod meter;
mod nvml;
mod outside;
mod platform;
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
pub use error::MeterError;
pub use estimate::Pricing;
pub use meter::{Meter, MeterOptions};
pub use outside::{OutsideSettings, try_meter};
pub use recorded::Recorded;
pub use recording::Recording;
pub use sensor::{EnergyCounter, PowerGauge, ReadError};
pub use sink::{ChunkSink, Quantity};
