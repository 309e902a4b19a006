//! A landscape that grows by what is asked for: the advisors of a live study decide what is measured
//! next. A pass number stands for one repeat of one seed, so that the windows of a seed can be told
//! from another's, and a study that was interrupted finds its own again.

use super::begin::{take_up, unmeasured};
use super::sweep::{List, Pace, Pass, is_open};
use super::{Extent, LandscapeWork, Recording};
use crate::error::TunerError;
use crate::job::Job;
use crate::tuner::Tuner;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use wattsmith_domain::Configuration;
use wattsmith_search::{Failure, Landscape, Truth, Window};

impl Tuner {
    /// Plans a landscape that grows, or takes up one that was begun; `repeats` windows for a trial,
    /// at most `most` in all.
    pub(crate) async fn plan_asked(
        &self,
        work: &LandscapeWork,
        repeats: u32,
        fresh: u32,
        most: usize,
        out: PathBuf,
    ) -> Result<Recording, TunerError> {
        let session = self.landscape_session(work).await?;
        let default = session.space.default_configuration();
        let planned = self.blank(&session, vec![default], repeats);
        take_up(session, planned, Extent::Asked { most }, fresh, out)
    }

    /// Measures what is still open of these configurations in these passes, in turns.
    pub(crate) async fn measure_asked(
        &self,
        job: &Job,
        recording: &mut Recording,
        pace: &mut Pace,
        configurations: &[Configuration],
        passes: RangeInclusive<u32>,
        part: &str,
    ) -> Result<(), TunerError> {
        let places: Vec<usize> = configurations
            .iter()
            .map(|one| recording.place(one))
            .collect();
        recording.save()?;
        self.fill_window(job, recording, pace).await?;
        for number in passes {
            let pass = Pass {
                list: List::Sweep,
                number,
                places: places.clone(),
                part,
            };
            self.pass(job, recording, pace, pass).await?;
        }
        Ok(())
    }

    /// Fresh repeats of these configurations, which fix their truth.
    pub(crate) async fn confirm_asked(
        &self,
        job: &Job,
        recording: &mut Recording,
        pace: &mut Pace,
        configurations: Vec<Configuration>,
    ) -> Result<(), TunerError> {
        let mut known = std::mem::take(&mut recording.landscape.truth);
        recording.landscape.truth = configurations
            .into_iter()
            .map(|configuration| {
                let own = known
                    .iter_mut()
                    .find(|one| one.configuration == configuration);
                Truth {
                    windows: own.map_or_else(Vec::new, |own| std::mem::take(&mut own.windows)),
                    configuration,
                }
            })
            .collect();
        // How many they are is known now.
        let repeated = recording.landscape.truth.iter();
        let done: usize = repeated.map(|one| one.windows.len()).sum();
        let left = recording.landscape.truth.len() * recording.fresh as usize;
        recording.extent = Extent::Asked {
            most: (recording.progress().0 + left).saturating_sub(done),
        };
        recording.save()?;
        self.repeat_afresh(job, recording, pace).await
    }
}

impl Recording {
    /// Where a configuration stands among the entries; a new one comes last.
    fn place(&mut self, configuration: &Configuration) -> usize {
        let entries = &mut self.landscape.entries;
        let known = entries
            .iter()
            .position(|one| one.configuration == *configuration);
        known.unwrap_or_else(|| {
            entries.push(unmeasured(configuration.clone()));
            entries.len() - 1
        })
    }
}

/// Whether something of these configurations is still to be measured in these passes.
pub(crate) fn lacks(
    landscape: &Landscape,
    configurations: &[Configuration],
    passes: &RangeInclusive<u32>,
) -> bool {
    configurations.iter().any(|configuration| {
        let mut entries = landscape.entries.iter();
        let own = entries.find(|one| one.configuration == *configuration);
        own.is_none_or(|own| {
            let open = |pass| is_open(&own.windows, pass);
            own.failure.is_none() && passes.clone().any(open)
        })
    })
}

/// What is known of a configuration from these passes: windows that can be used, or why there are
/// none. `None` where everything that was measured is spoiled.
pub(crate) fn seen(
    landscape: &Landscape,
    configuration: &Configuration,
    passes: &RangeInclusive<u32>,
) -> Option<Result<Vec<Window>, Failure>> {
    let mut entries = landscape.entries.iter();
    let own = entries.find(|one| one.configuration == *configuration)?;
    let usable = |one: &&Window| one.spoiled.is_none() && passes.contains(&one.pass);
    let windows: Vec<Window> = own.windows.iter().filter(usable).cloned().collect();
    match (&own.failure, windows.is_empty()) {
        (_, false) => Some(Ok(windows)),
        (Some(failure), true) => Some(Err(failure.clone())),
        (None, true) => None,
    }
}
