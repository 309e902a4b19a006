//! Inference servers: which knobs they have, how they are started and ended, and the work they are
//! given while they are measured. This room counts tokens and time stamps; joules are the meter's.
//!
//! # Map
//!
//! | files | purpose |
//! |---|---|
//! | [`server`](Server), `known` | what every server must tell; the list of those that are known |
//! | `llama_server/` | one folder for each server, the same file names in all: `catalogue.toml` its knobs, `command` its command line, `ready` when it is ready and that it is ours, `readback` what it really uses, `failure` why it ended, `version` which one it is |
//! | `catalogue/` | knobs as data: the TOML format, what becomes of it on a machine, how values are told and read back |
//! | `program`, `python` | where a server's program lies, what it answers when it is asked, which packages a Python has |
//! | `launch`, `ready`, `running` | from a configuration to a server that is ready |
//! | `own_choice` | what a server uses when nobody tells it anything |
//! | `supervise/` | the process group: watchdog, log, what left it, what an earlier Wattsmith left behind |
//! | `work/` | workloads, shipped prompts and files of the person's own, when requests arrive, sending them, what came of it |
//! | `protocol/` | what a request says and what the events of its answer mean, a file for each way |
//! | `gguf/`, `model_folder` | model files, and folders of them, without loading them |
//! | `place`, `proc` | on which machine a server runs, and what the kernel tells of its process |
//! | `gpu_knobs` | the knobs of NVIDIA boards, which are no server's |
//!
//! None of these but its own folder and `known` names a server; [`server()`] finds it by
//! [`wattsmith_domain::Engine::name`], and [`shipped`] is the one that Wattsmith brings.
//!
//! # The life of one value
//!
//! `threads = 2`: an entry of a `catalogue.toml` becomes a [`wattsmith_domain::Parameter`] on this machine
//! ([`Server::space`]); a configuration that holds the value is checked by the space ([`launch`]);
//! [`Server::command`] makes `--threads 2` of it; once the server proves to be ours,
//! [`Server::used`] reads back what it uses, and what differs stands in the record of the launch.
//! [`warm_up`] and [`drive`] send it the [`workloads`], and what came of it is [`Driven`].
//!
//! # Stopping
//!
//! A cancelled [`launch`] ends what it started before it returns. A cancelled [`drive`] closes its
//! connections first, and [`RunningEngine::stop`] then ends the whole process group: TERM, two seconds,
//! KILL. A dropped engine is killed at once. When Wattsmith itself is killed, the watchdog that sleeps on a
//! pipe does it; and [`reap_orphans`] ends what even that left behind.

mod attached;
mod catalogue;
mod described;
mod diffusers;
pub mod digest;
mod error;
mod gguf;
mod gpu_knobs;
mod known;
mod launch;
mod llama_server;
mod model_folder;
mod ollama;
mod own_choice;
mod place;
mod proc;
mod program;
mod protocol;
mod python;
mod ready;
mod running;
mod server;
mod stable_diffusion;
mod supervise;
mod transformers;
mod vllm;
mod work;

pub use attached::{ATTACHED, ATTACHED_KEY, Endpoint, Found, running};
pub use catalogue::{About, Catalogue, CatalogueFault, Flags, Used};
pub use error::EngineError;
pub use gguf::{
    CacheShape, ModelFile, Survey, UnfitFile, files_of_set, inspect_model, look_at_head,
    survey_models,
};
pub use gpu_knobs::{GPU_CLOCK_LOCK, GPU_POWER_LIMIT, GpuSetting, gpu_knobs, gpu_settings};
pub use known::{attached, described, server, server_of, servers, shipped};
pub use launch::{LaunchOptions, launch};
pub use llama_server::Architectures;
pub use own_choice::{own_choice, settings_in_use};
pub use place::Place;
pub use protocol::{ImageForm, Length, OpenAi, OpenAiRoute, Protocol, Stay};
pub use running::RunningEngine;
pub use server::{Asked, CommandLine, Door, File, ModelForm, Server, ToLoad, Told};
pub use supervise::failure::{Ended, Exit};
pub use supervise::orphan::reap_orphans;
pub use work::{
    CharacterSpread, Content, Drawn, Driven, Entry, MadePicture, Message, Patience, Progress,
    RequestRecord, Role, USUAL_ANSWER, WorkChoice, WorkFault, WorkFaultKind, WorkFile, WorkFormat,
    WorkPreview, answers, drive, drive_with, of_prompts, own_workload, picture_workload,
    picture_workloads, prompts_of, read_work, seconds_set, warm_up, with_arrivals, with_passes,
    workload, workloads,
};
