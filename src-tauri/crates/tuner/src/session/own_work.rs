//! Work from a file of the person's own: a first look at it, the workload that it means, and whether it is
//! still the same file.

use crate::error::TunerError;
use crate::session::work::{PictureChoice, WorkSize, unit_of};
use crate::tuner::Tuner;
use std::path::Path;
use wattsmith_domain::{FailureCause, Workload};
use wattsmith_engine::{Server, WorkChoice, WorkPreview, own_workload, read_work};

/// Work, and what is known of its length before anything is run.
pub(crate) struct Asked {
    pub workload: Workload,
    /// Characters of the longest prompt.
    pub longest: usize,
}

impl Tuner {
    /// A first look at a file of work; nothing is run or stored. Faults in it are part of what is seen.
    ///
    /// # Errors
    /// The file as a whole cannot be read.
    pub async fn preview_work(&self, path: &Path) -> Result<WorkPreview, TunerError> {
        let file = read_work(path).await;
        file.map(|file| file.preview())
            .map_err(|fault| TunerError::Invalid(fault.to_string()))
    }
}

/// The workload that a file means for this server.
pub(crate) async fn of_file(
    server: &dyn Server,
    path: &Path,
    size: WorkSize,
    pictures: &PictureChoice,
) -> Result<Asked, TunerError> {
    let refused = |words: String| Err(TunerError::Invalid(words));
    if !unit_of(server).is_token() || *pictures != PictureChoice::default() {
        return refused(format!(
            "A file of work holds prompts for text, and {} is asked for pictures. Give prompts of pictures \
             one by one, or choose another engine.",
            server.name()
        ));
    }
    size.check()?;
    let file = read_work(path)
        .await
        .map_err(|fault| TunerError::Invalid(fault.to_string()))?;
    let choice = WorkChoice {
        requests: size.requests,
        concurrency: size.concurrency,
        output_tokens: size.output_tokens,
        arrivals: size.arrivals,
    };
    let workload =
        own_workload(&file, choice).map_err(|fault| TunerError::Invalid(fault.to_string()))?;
    let sent = file.entries.iter().take(workload.requests as usize);
    Ok(Asked {
        longest: sent.map(|one| one.content.characters()).max().unwrap_or(0),
        workload,
    })
}

/// Refuses to measure with another file than the session began with.
pub(crate) async fn unchanged(workload: &Workload) -> Result<(), TunerError> {
    let Some(own) = &workload.own else {
        return Ok(());
    };
    let changed = |message: String| TunerError::Surroundings {
        cause: FailureCause::FileChanged,
        message,
        fault: None,
    };
    let file = read_work(Path::new(&own.path)).await;
    let file = file.map_err(|fault| changed(fault.to_string()))?;
    if file.sha256 == own.sha256 {
        return Ok(());
    }
    Err(changed(format!(
        "The file of work {} changed since this session began: its SHA-256 was {} and is {}. Bring that \
         file back, or start a new session.",
        own.path, own.sha256, file.sha256
    )))
}
