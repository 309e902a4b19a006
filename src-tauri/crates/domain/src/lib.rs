//! The nouns of Wattsmith, and the checks that need nothing but them.
//!
//! One turn of the loop in these words: an advisor makes a [`Proposal`] of a [`Configuration`]; a
//! [`Trial`] runs the [`Workload`] under it and holds one [`Repeat`] per measured window; the
//! repeats give joules per [`WorkUnit`]; [`Feedback`] tells the advisor what was seen.
//!
//! No IO, no async, no clock: every other room imports this one, and it imports none of them.
//!
//! # Map
//!
//! | files | purpose |
//! |---|---|
//! | `record`, `session`, `trial`, `measurement`, `picture`, `answers` | what happened, from the whole down to one window |
//! | `configuration`, `parameter` | a value for every knob, and the space that they span |
//! | `workload`, `work_unit`, `model` | what is done, in which unit, by what |
//! | `proposal`, `connection`, `claim`, `memory` | who proposes, how they are reached, what they said and knew |
//! | `machine`, `usable`, `busy`, `noise`, `finding` | what it runs on, and what is to be said of that |
//! | `outside`, `reader`, `sensor_fault` | the person's meters, and why a sensor is not believed |
//! | `units`, `clock`, `id` | quantities, time and identities as types |
//! | `foreign`, `masked` | text from outside: bounded, cleaned, without secrets |
//!
//! # The life of one value
//!
//! `threads = 2` enters as text of a reply, a form or a command line; [`ParameterSpace::check`] makes a
//! [`Value`] of it or a [`Rejection`]; it is part of a [`Configuration`], which a [`Trial`] holds with its
//! [`Repeat`]s; a [`SessionRecord`] is all of them, as it is stored, shown and reported.
//!
//! Nothing here waits, so that nothing is to be stopped.

mod answers;
mod arrivals;
mod busy;
mod claim;
mod clock;
mod configuration;
mod connection;
mod finding;
mod forecast;
mod foreign;
mod id;
mod kept;
mod machine;
mod masked;
mod measurement;
mod memory;
mod model;
mod noise;
mod outside;
mod own_work;
mod parameter;
mod picture;
mod proposal;
mod reader;
mod record;
mod sensor_fault;
mod session;
mod settings;
mod trial;
mod undoing;
mod units;
mod usable;
mod work_unit;
mod workload;

pub use answers::{Agreement, Answers, Given, LogApart};
pub use arrivals::Arrivals;
pub use busy::{Busy, StartLoad, USUAL_WAIT_S, host_took, others_used};
pub use claim::Claim;
pub use clock::{Clock, SystemClock};
pub use configuration::{Change, Configuration, Rejection};
pub use connection::{Connection, Cost, Price, Provider};
pub use finding::{Finding, Remedy, Severity};
pub use forecast::{EarlierCosts, Expected, Forecast};
pub use foreign::{bounded, one_line, plain};
pub use id::{ConfirmationId, ExchangeId, ProposalId, SessionId, TrialId};
pub use kept::{EnergyReading, Marks, Reckoning, WindowOf};
pub use machine::{Availability, GpuControl, Machine, PowerLimits, SensorReport};
pub use masked::{masked, masked_words};
pub use measurement::{
    Allowance, BesideEnergy, Cause, CpuUse, DeviceConditions, DeviceEnergy, DiscardedRepeat,
    Energy, EstimateSpread, Interval, MOST_OTHER_LOAD, Performance, PhaseEnergy, PowerSample,
    Quantiles, QuotaUse, Repeat, Scope, Source, SteadyState, Warning, WarningKind,
};
pub use memory::{EarlierPoint, EarlierSession, Memory};
pub use model::{Model, ModelPart, WeightType, Weights, weights_in_words};
pub use noise::{NoiseOrigin, NoiseWindow, PairSpread, SessionNoise, SpreadPrior};
pub use outside::{
    CommandMode, Decimal, MeterRole, MeterUnit, OutsideKind, OutsideMeter, OutsideMeterError, Part,
};
pub use own_work::{AnswerLengths, OwnWork};
pub use parameter::{Kind, Parameter, ParameterSpace, Rule, Tell, Value};
pub use picture::{KeptPicture, Likeness, PairLikeness, PhaseShare, PicturePhase, PictureWork};
pub use proposal::{
    Advisor, Exchange, ExchangeKind, ExchangeOutcome, Feedback, Proposal, ProposalStatus,
};
pub use reader::Reader;
pub use record::SessionRecord;
pub use sensor_fault::SensorFault;
pub use session::{Constraints, Ending, Engine, Objective, Session, Threshold};
pub use settings::{EnergyUnit, SettingKey, Settings, SettingsError, Theme};
pub use trial::{
    Comparison, Confirmation, Decision, Difference, FailureCause, Launch, Purpose, Trial,
    TrialState, Verdict,
};
pub use undoing::{UndoVerdict, Undoing, UndoneChange};
pub use units::{Joules, MonotonicNs, Seconds, Tokens, Watts};
pub use usable::{CoreLimit, CoreLimitKind, CoreSet, CoreSetKind, Usable, cores_in_words};
pub use work_unit::WorkUnit;
pub use workload::{PictureTask, Prompts, Workload};
