//! One trial, from its settings to its joules.
//!
//! The life of a trial: before a session's first one, [`quiet`] looks whether the machine does other
//! work. [`trial`] takes the windows one by one: [`measure`] launches a fresh engine for each, warms it
//! up, and lets the meter record while it is driven; [`phases`] lays the requests beside the power,
//! [`pictures`] keeps pictures and says by [`likeness`] how far they are from the default's; [`answers`] says
//! the same of texts before the first window.
//! [`too_busy`] refuses a figure that CPU seconds cannot carry, [`spoiled`] says which window something
//! outside disturbed, and [`rerun`] measures such a one again; [`again`] adds windows to what is complete. A server that ran already is
//! never set by us: [`by_hand`] asks the person and waits. A crossing of the goal opens
//! [`confirm`]: fresh pairs of the best and the default.
//!
//! [`noise`] runs the engine without a break to see how much its joules vary, and over which times.
//!
//! [`undo`] undoes each change of a confirmed winner by itself. [`turns`] holds two settings against each other while both are loaded.
//!
//! Cancelled, a trial keeps the windows that are on disk; no step returns before its engine's process
//! group is gone.

pub(crate) mod again;
pub(crate) mod answers;
pub(crate) mod by_hand;
pub(crate) mod confirm;
pub(crate) mod lengths;
pub(crate) mod likeness;
pub(crate) mod measure;
pub(crate) mod noise;
pub(crate) mod phases;
pub(crate) mod pictures;
pub(crate) mod quiet;
pub(crate) mod rerun;
pub(crate) mod spoiled;
pub(crate) mod too_busy;
pub(crate) mod trial;
pub(crate) mod turns;
pub(crate) mod undo;
