//! A session's record, and what follows from it.
//!
//! [`choices`] is what can be chosen for one; [`plan`] begins it, on shipped work ([`work`]) or a file of the person's own ([`own_work`]), with what [`memory`] knows of earlier ones (weighed by [`memory_quality`]).
//! [`next`] says from the record alone what comes after, so that a restart goes on where it was.
//! [`ledger`] is what the person added; [`export`] makes the report, [`one_file`] a file with all of it, and
//! [`example`] is one that comes along; [`words`] has verdicts and figures as they are read on the screen, in
//! the terminal and in prompts ([`trial_words`]: those of one trial); [`outlook`] says what a step is going
//! to take, and [`undoable`] what is offered once a winner is confirmed.

pub(crate) mod choices;
pub(crate) mod digest;
pub(crate) mod example;
pub(crate) mod export;
pub(crate) mod forecast;
pub(crate) mod ledger;
pub(crate) mod memory;
pub(crate) mod memory_quality;
pub(crate) mod next;
pub(crate) mod one_file;
pub(crate) mod outlook;
pub(crate) mod own_choice;
pub(crate) mod own_work;
pub(crate) mod plan;
pub(crate) mod trial_words;
pub(crate) mod undoable;
pub mod words;
pub(crate) mod work;
