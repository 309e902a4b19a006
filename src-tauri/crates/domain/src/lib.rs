//! The nouns of Wattsmith, and the checks that need nothing but them.
//!
//! One turn of the loop in these words: an advisor makes a [`Proposal`] of a [`Configuration`]; a
//! [`Trial`] runs the [`Workload`] under it and holds one [`Repeat`] per measured window; the
//! repeats give joules per [`WorkUnit`]; [`Feedback`] tells the advisor what was seen.
//!
//! No IO, no async, no clock: every other room imports this one, and it imports none of them.

mod clock;
mod configuration;
mod connection;
mod finding;
mod id;
mod machine;
mod measurement;
mod memory;
mod outside;
mod parameter;
mod proposal;
mod record;
mod sensor_fault;
mod session;
mod trial;
mod units;
mod usable;
mod workload;

pub use clock::{Clock, SystemClock};
pub use configuration::{Change, Configuration, Rejection};
pub use connection::{Connection, Cost, Price, Provider};
pub use finding::{Finding, Remedy, Severity};
pub use id::{ConfirmationId, ExchangeId, ProposalId, SessionId, TrialId};
pub use machine::{Availability, GpuControl, Machine, PowerLimits, SensorReport};
pub use measurement::{
    Allowance, BesideEnergy, Cause, CpuUse, DeviceConditions, DeviceEnergy, DiscardedRepeat,
    Energy, EstimateSpread, Interval, Performance, PhaseEnergy, PowerSample, Quantiles, QuotaUse,
    Repeat, Scope, Source, SteadyState, Warning, WarningKind,
};
pub use memory::{EarlierPoint, EarlierSession, Memory};
pub use outside::{
    CommandMode, MeterRole, MeterUnit, OutsideKind, OutsideMeter, OutsideMeterError,
};
pub use parameter::{Kind, Parameter, ParameterSpace, Rule, Tell, Value};
pub use proposal::{
    Advisor, Exchange, ExchangeKind, ExchangeOutcome, Feedback, Proposal, ProposalStatus,
};
pub use record::SessionRecord;
pub use sensor_fault::SensorFault;
pub use session::{Constraints, Ending, Engine, Model, Objective, Session, Threshold};
pub use trial::{
    Comparison, Confirmation, Decision, Difference, FailureCause, Launch, Purpose, Trial,
    TrialState, Verdict,
};
pub use units::{Joules, MonotonicNs, Seconds, Tokens, Watts};
pub use usable::{CoreLimit, CoreLimitKind, Usable};
pub use workload::{WorkUnit, Workload};
