//! Work from a file of the person's own: prompts or chats, a line each of JSON, or a table of CSV. What is
//! wrong in it is told with its line and what to do; docs/work.md tells what may be written.

mod csv_table;
mod entry;
mod fault;
mod file;
mod json_lines;
mod preview;
mod workload;

pub use entry::{Content, Entry, Message, Role};
pub use fault::{WorkFault, WorkFaultKind};
pub use file::{Format, WorkFile, read_work};
pub use preview::{CharacterSpread, WorkPreview};
pub(crate) use workload::sent;
pub use workload::{USUAL_ANSWER, WorkChoice, own_workload};

#[cfg(test)]
mod tests;
