//! The work that engines are measured with: what it is, how it is sent, and what came of it.

mod answers;
mod arrivals;
mod asked;
mod client;
mod draw;
mod drawn;
mod drive;
mod driven;
mod long_texts;
mod own;
mod pictures;
mod prompts;
mod workload;

pub use answers::answers;
pub use drawn::{Drawn, MadePicture};
pub use drive::{Patience, Progress, drive, drive_with, seconds_set, warm_up};
pub use driven::{Driven, RequestRecord};
pub use own::{
    CharacterSpread, Content, Entry, Format as WorkFormat, Message, Role, USUAL_ANSWER, WorkChoice,
    WorkFault, WorkFaultKind, WorkFile, WorkPreview, own_workload, read_work,
};
pub use pictures::{picture_workload, picture_workloads};
pub use prompts::prompts_of;
pub use workload::{of_prompts, with_arrivals, with_passes, workload, workloads};
