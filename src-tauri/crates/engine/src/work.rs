//! The work that engines are measured with: what it is, how it is sent, and what came of it.

mod draw;
mod drawn;
mod drive;
mod driven;
mod pictures;
mod prompts;
mod workload;

pub use drawn::{Drawn, MadePicture};
pub use drive::{Patience, Progress, drive, drive_with, seconds_set, warm_up};
pub use driven::{Driven, RequestRecord};
pub use pictures::{picture_workload, picture_workloads};
pub use prompts::prompts;
pub use workload::{with_passes, workload, workloads};
