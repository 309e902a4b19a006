//! The use cases: create a session, measure, ask, decide, report. The only room that knows all the
//! others; it knows no window and no terminal.
//!
//! The rooms, as the loop goes through them: [`turn`] asks an advisor and makes a proposal of the
//! reply; [`measuring`] runs it window by window; [`session`] keeps the record and says from it alone
//! what comes next; [`machine`] is what all of it runs on. [`study`] plays whole sessions against a
//! [`landscape`], so that ways of proposing can be compared. At the root lie what all share: [`Tuner`]
//! and its steps, jobs, events, errors and paths.
//!
//! The life of one step: [`Tuner::perform`] takes a [`Step`] and starts a [`job`]; the step asks,
//! decides or measures; what came of it is stored before an [`Event`] tells of it; [`Next`] then says
//! what comes after.
//!
//! Shutting down: every job holds a cancellation token; cancelling it makes the step return, and
//! no step returns before its engine's process group is gone.

mod error;
mod event;
mod job;
mod landscape;
mod machine;
mod measuring;
mod paths;
mod session;
mod settings;
mod study;
mod tuner;
mod turn;

pub use error::TunerError;
pub use event::{Event, EventKind, Phase, PhaseKind};
pub use job::JobState;
pub use landscape::{LandscapePlan, LandscapeWork, ListedLandscape, Recording, read_landscape};
pub use machine::doctor::{Diagnosis, verdict};
pub use machine::downloads::{
    DownloadEnd, Fetchable, FetchedModel, ModelWish, Offered, download_job, fetchable,
    progress_in_words,
};
pub use machine::gpu::{GpuAccess, GpuPermission, StillChanged};
pub use machine::lock::MachineLock;
pub use machine::memory_need::{FreeMemory, MemoryNeed, free_memory};
pub use machine::models::{ModelEntry, ModelShelf};
pub use machine::noise::{KeptNoise, NoisePlace};
pub use machine::noise_words::{noise_drift, noise_line, noise_parts};
pub use machine::places::{ModelFolders, ModelPlace, WeightFolder};
pub use machine::start::{StartFacts, refused_start};
pub use measuring::noise::{NOISE_SECONDS, NoiseWish, noise_job};
pub use measuring::pictures::{PicturePair, kept_pictures};
pub use measuring::quiet::{LoadLook, PATIENT_WAIT_S, QUIET};
pub use measuring::spoiled::{
    LONGEST_COOLING, MOST_OTHER_LOAD, RERUNS_PER_REPEAT, RERUNS_PER_TRIAL, SAME_HEAT_C, spoiled,
};
pub use measuring::too_busy::{BusyLimit, MOST_TAKEN_CORES, taken_cores};
pub use measuring::trial::cause_label;
pub use measuring::turns::{TURNS_FOURS, TURNS_LAUNCHES, TookTurns, TurnsWish, turns_job};
pub use measuring::undo::UNDO_MINUTES;
pub use paths::{Paths, TALKATIVE, keep_to_owner};
pub use session::choices::{OtherModel, ServerChoices};
pub use session::digest::{Digest, Listed};
pub use session::export::{Format, ReportWish, default_name};
pub use session::forecast::{Took, TrackRecord, forecast_words, trial_forecast as foreseen};
pub use session::ledger::{Act, Entry, Ledger};
pub use session::next::{Next, trials_used};
#[doc(hidden)]
pub use session::one_file::session_of_file;
pub use session::plan::{SessionPlan, USUAL_PARAMETERS};
pub use session::undoable::UndoOffer;
pub use session::words;
pub use session::work::{PictureChoice, WorkSize};
pub use settings::KeptSettings;
pub use study::{
    ArmHead, ArmResult, BegunStudy, Exchanges, FRESH, KeptStudy, LivePlan, LiveRequest, Note,
    SaidWords, StudyChat, StudyComparison, StudyFiles, StudyHead, StudyPlan, StudyRequest,
    StudyResult, StudyWait, WITH_MEMORY, WORDS, arm_names, asks_a_chat, can_remember, llm_share,
    read_notes, run_study, study_job, write_study,
};
pub use tuner::{Access, Step, Tuner, TunerOptions};
pub use turn::connect::ConnectionChoice;
pub use turn::core_use::CoreUse;
pub use turn::fallback::{Fallback, fallbacks};
pub use turn::feedback;
pub use turn::local::OpenChat;
pub use turn::questions::Question;
pub use turn::spending::{Spent, spent};

// The app and the cli see the other rooms through this one.
pub use machine::running::{KnownServer, Timed};
pub use wattsmith_chat as chat;
pub use wattsmith_domain as domain;
pub use wattsmith_download::{DownloadError, Fetched, Progress, Stage};
pub use wattsmith_engine::{
    ATTACHED, About, Found, ModelForm, Place, USUAL_ANSWER, UnfitFile, WorkPreview, gpu_knobs,
    picture_workloads, servers, shipped, workloads,
};
pub use wattsmith_files::{keep as keep_file, write as write_file};
pub use wattsmith_meter::{
    Calibration, MeterOffer, MeterRefusal, MeterTrial, Pricing, ReaderChoice,
};
pub use wattsmith_report as report;
pub use wattsmith_report::command_line;
pub use wattsmith_search as search;
pub use wattsmith_stats as stats;
pub use wattsmith_store::StoreOptions;
