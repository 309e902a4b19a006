//! Inference servers: which knobs they have, how they are started and ended, and the work they are
//! given while they are measured.
//!
//! In the order of one trial: [`catalogue`] tells the knobs, [`launch`] starts `llama-server` under
//! one configuration and reads back what it really uses, [`warm_up`] and [`drive`] send it the
//! [`workloads`], and [`RunningEngine::stop`] ends its whole process group. [`reap_orphans`] ends
//! what a crashed Wattsmith left behind.
//!
//! This room counts tokens and time stamps; joules are the meter's. A chat model that serves as
//! advisor is started by the same [`launch`], from [`LaunchOptions::chat_server`].

mod architectures;
mod argv;
mod catalogue;
mod context;
mod drawn;
mod drive;
mod driven;
mod error;
mod events;
mod failure;
mod gguf;
mod gpu_knobs;
mod launch;
mod log;
mod orphan;
mod process;
mod readback;
mod ready;
mod strays;
mod version;
mod watchdog;
mod workload;

pub use architectures::{Architectures, architectures};
pub use catalogue::catalogue;
pub use context::{CONTEXT_PER_SLOT, beyond_context, within_context};
pub use drawn::{Drawn, MadePicture};
pub use drive::{Patience, Progress, drive, drive_with, warm_up};
pub use driven::{Driven, RequestRecord};
pub use error::EngineError;
pub use gguf::{ModelFile, Survey, UnfitFile, inspect_model, survey_models};
pub use gpu_knobs::{GPU_CLOCK_LOCK, GPU_POWER_LIMIT, GpuSetting, gpu_knobs, gpu_settings};
pub use launch::{LaunchOptions, RunningEngine, launch};
pub use orphan::reap_orphans;
pub use version::version;
pub use workload::{prompts, with_passes, workload, workloads};
