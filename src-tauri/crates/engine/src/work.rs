//! The work that engines are measured with: what it is, how it is sent, and what came of it.

mod drive;
mod driven;
mod prompts;
mod workload;

pub use drive::{Patience, Progress, drive, drive_with, warm_up};
pub use driven::{Driven, RequestRecord};
pub use prompts::prompts;
pub use workload::{with_passes, workload, workloads};
