//! One window that counts: measured again where something disturbed it, within limits.

use crate::error::TunerError;
use crate::event::{EventKind, PhaseKind};
use crate::job::Job;
use crate::measuring::measure::{Measured, Window};
use crate::measuring::spoiled::{LONGEST_COOLING, RERUNS_PER_REPEAT, SAME_HEAT_C, keep};
use crate::session::words::capital;
use crate::tuner::Tuner;
use std::time::Duration;
use wattsmith_domain::{Cause, DiscardedRepeat, Repeat, WarningKind};
use wattsmith_store::Owner;

/// How often a warm device is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);

impl Tuner {
    /// Measures `window` until `spoiled` finds nothing, each time from a fresh engine. Spoiled ones
    /// go to `owner` as discarded. `reruns` is what the owner has left of them. When they are used up
    /// the last window is kept.
    ///
    /// # Errors
    /// As [`Tuner::window`]; [`TunerError::TooBusy`] where the last one has no figure to keep.
    pub(crate) async fn undisturbed(
        &self,
        job: &Job,
        window: &Window<'_>,
        owner: &Owner,
        reruns: &mut u32,
        spoiled: impl Fn(&Repeat) -> Option<Cause>,
    ) -> Result<Measured, TunerError> {
        let mut again = 0;
        loop {
            let mut measured = self.window(job, window).await?;
            let Some(cause) = spoiled(&measured.repeat).filter(|_| window.session.rerun) else {
                return Ok(measured);
            };
            let last = again >= RERUNS_PER_REPEAT || *reruns == 0;
            let no_figure = cause.kind == WarningKind::TooBusy;
            if last && !no_figure {
                keep(&mut measured.repeat, &cause, again);
                return Ok(measured);
            }
            let text = capital(&cause.text);
            again += 1;
            *reruns = reruns.saturating_sub(1);
            let discarded = DiscardedRepeat {
                repeat: measured.repeat,
                cause,
            };
            self.store
                .add_discarded(owner, &discarded, &measured.samples)
                .await?;
            job.emit(EventKind::Changed);
            if !last {
                job.emit(EventKind::Note(format!(
                    "A window is measured again ({}): {text}.",
                    window.label
                )));
            }
            if last {
                return Err(TunerError::TooBusy {
                    cause: text,
                    windows: again,
                });
            }
        }
    }

    /// Waits until no device is much warmer than when the session's first window opened; no longer
    /// than the limit. A colder one would not warm up by waiting.
    pub(crate) async fn cool_down(&self, job: &Job, window: &Window<'_>) -> Result<(), TunerError> {
        let Some(reference) = window
            .reference
            .filter(|first| !first.conditions.is_empty())
        else {
            return Ok(());
        };
        let begun = tokio::time::Instant::now();
        while begun.elapsed() < LONGEST_COOLING {
            let meter = self.meter();
            let now = crate::machine::models::blocking(move || meter.temperatures()).await?;
            let warm = now.into_iter().any(|(device, degrees)| {
                reference.conditions.iter().any(|one| {
                    one.device == device
                        && one
                            .temperature_from_c
                            .is_some_and(|then| degrees - then > SAME_HEAT_C)
                })
            });
            if !warm {
                return Ok(());
            }
            let longest = Some(LONGEST_COOLING.as_secs_f64());
            if begun.elapsed() < LOOK_EVERY {
                job.phase(PhaseKind::CoolingDown, &window.label, longest);
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                () = job.cancel.cancelled() => return Err(TunerError::Cancelled),
            }
        }
        Ok(())
    }
}
