//! What is said to a chat LLM, how it is reached and what is understood of its reply.
//!
//! One exchange in this room's words: the tuner fills a [`PromptContext`]; [`render`] turns it into
//! a prompt by a template of [`Templates`]; a [`Chat`] carries it there and streams the reply back;
//! [`parse_reply`] makes of it a configuration that the parameter space allows, or a [`ReplyError`]
//! whose text can be sent back to the LLM. [`Keys`] keeps API keys in the keyring of the system.
//!
//! A reply is data: nothing in it is run, and no claim about energy is taken from it but the
//! prediction that was asked for.
//!
//! # Map
//!
//! | files | purpose |
//! |---|---|
//! | `templates`, `context`, `facts`, `sample`, `render` | from facts to a prompt |
//! | `connection`, `client/`, `address` | carrying it there and the reply back, a file for each way of speaking |
//! | `keys`, `secret`, `veil` | API keys: where they are kept, and that they show nowhere |
//! | `reply/`, `schema` | from a text to a configuration, or to why not |
//! | `tokens` | how many tokens a text has before anybody counts them |
//!
//! # Stopping
//!
//! Every wait has a limit for silence and one for the whole, and only content counts as progress. A cancelled
//! call drops its connection; what came so far is no reply.

mod address;
mod client;
mod connection;
mod context;
mod facts;
mod keys;
mod render;
mod reply;
mod sample;
mod schema;
mod secret;
mod templates;
mod tokens;
mod veil;

pub use address::normal_base_url;
pub use client::{ChatClient, Timeouts};
pub use connection::{Chat, ChatError, ChatReply, ChatRequest, Delta};
pub use context::{
    Choice, Expected, HISTORY_ROWS, HistoryRow, Mark, ParameterFacts, PersonFeedback,
    PromptContext, RefusedProposal, Said,
};
pub use facts::{
    EnergyFacts, EngineFacts, GoalFacts, MachineFacts, ModelFacts, WorkloadFacts, rules, settings,
    verdict,
};
pub use keys::{Kept, KeyError, Keys};
pub use render::{TemplateError, render, render_within};
pub use reply::{ParsedReply, ReplyError, find_proposal, mentioned_settings, parse_reply};
pub use schema::{ReplyForm, reply_schema};
pub use secret::Secret;
pub use templates::{Template, Templates};
pub use tokens::tokens_about;
