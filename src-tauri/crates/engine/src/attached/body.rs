//! The process of a server that runs already: looked at, never touched.

use crate::place::Place;
use crate::proc::began;
use crate::supervise::failure::Exit;
use std::time::Duration;

/// How often it is looked whether it is still there.
const LOOK: Duration = Duration::from_millis(250);

/// What is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Watched {
    place: Place,
    /// When the process began, in the kernel's ticks: a pid may be given away again.
    began: Option<u64>,
}

impl Watched {
    pub(crate) fn new(place: Place) -> Self {
        let began = match &place {
            Place::Here { pid, .. } => began(*pid),
            _ => None,
        };
        Self { place, began }
    }

    pub(crate) fn place(&self) -> &Place {
        &self.place
    }

    /// Its process, where that is on this machine.
    pub(crate) fn pid(&self) -> Option<u32> {
        match self.place {
            Place::Here { pid, .. } => Some(pid),
            _ => None,
        }
    }

    pub(crate) fn exited(&self) -> Option<Exit> {
        let pid = self.pid()?;
        (began(pid) != self.began).then_some(Exit {
            code: None,
            signal: None,
            kernel_out_of_memory: false,
        })
    }

    /// Resolves when it has ended; never, where it is not on this machine.
    pub(crate) async fn wait(&self) -> Exit {
        loop {
            if let Some(exit) = self.exited() {
                return exit;
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}
