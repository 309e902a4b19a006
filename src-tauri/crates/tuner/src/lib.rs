//! The use cases: create a session, measure, ask, decide, report. The only room that knows all the
//! others; it knows no window and no terminal.
//!
//! One turn of the loop in this room: [`Tuner::perform`] takes a [`Step`]; `ask` renders a prompt
//! and makes a proposal of the reply by way of `turn` and `offer` (`talk` answers the person's
//! questions); `trial` runs it window by window through `measure`; `feedback` drafts what to tell the
//! advisor (`bottleneck` what held the trial back); [`Next`] says from the record alone what comes
//! after.
//!
//! Shutting down: every job holds a cancellation token; cancelling it makes the step return, and
//! no step returns before its engine's process group is gone.

mod ask;
mod bottleneck;
mod confirm;
mod connect;
mod core_use;
mod doctor;
mod error;
mod event;
mod exchange;
mod export;
pub mod feedback;
mod gpu;
mod job;
mod landscape;
mod ledger;
mod live;
mod local;
mod lock;
mod machine;
mod measure;
mod memory;
mod models;
mod next;
mod offer;
mod outside;
mod paths;
mod phases;
mod plan;
mod prompt;
mod proposals;
mod rerun;
mod sensing;
mod spending;
mod spoiled;
mod study;
mod talk;
mod too_busy;
mod trial;
mod tuner;
mod turn;
pub mod words;

pub use connect::ConnectionChoice;
pub use core_use::CoreUse;
pub use doctor::{Diagnosis, verdict};
pub use error::TunerError;
pub use event::{Event, EventKind, Phase, PhaseKind};
pub use export::{Format, default_name};
pub use gpu::{GpuAccess, GpuPermission, StillChanged};
pub use job::JobState;
pub use landscape::{LandscapePlan, LandscapeWork, ListedLandscape, Recording, read_landscape};
pub use ledger::{Act, Entry, Ledger};
pub use local::OpenChat;
pub use lock::MachineLock;
pub use models::ModelEntry;
pub use next::{Next, trials_used};
pub use paths::Paths;
pub use plan::{SessionPlan, USUAL_PARAMETERS, WorkSize};
pub use spending::{Spent, spent};
pub use spoiled::{
    LONGEST_COOLING, MOST_OTHER_LOAD, RERUNS_PER_REPEAT, RERUNS_PER_TRIAL, SAME_HEAT_C, spoiled,
};
pub use study::{
    ArmHead, ArmResult, BegunStudy, Exchanges, FRESH, KeptStudy, LivePlan, LiveRequest, StudyChat,
    StudyComparison, StudyFiles, StudyHead, StudyPlan, StudyRequest, StudyResult, StudyWait,
    WITH_MEMORY, arm_names, asks_a_chat, can_remember, run_study, study_job, write_study,
};
pub use too_busy::{BusyLimit, MOST_TAKEN_CORES, taken_cores};
pub use trial::cause_label;
pub use tuner::{Step, Tuner, TunerOptions};

// The app and the cli see the other rooms through this one.
pub use wattsmith_chat as chat;
pub use wattsmith_domain as domain;
pub use wattsmith_engine::{catalogue, gpu_knobs, workloads};
pub use wattsmith_meter::{Calibration, Pricing};
pub use wattsmith_report::command_line;
pub use wattsmith_search as search;
pub use wattsmith_stats as stats;
pub use wattsmith_store::StoreOptions;
