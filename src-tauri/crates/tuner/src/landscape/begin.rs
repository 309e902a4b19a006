//! Beginning a recording, or taking up one that was begun under the same words.

use super::file::{partial_path, read_landscape, read_partial};
use super::{Extent, LandscapeWork, Recording, sweep};
use crate::error::TunerError;
use crate::session::plan::SessionPlan;
use crate::tuner::Tuner;
use std::path::{Path, PathBuf};
use wattsmith_domain::{
    Advisor, Configuration, Engine, Model, Parameter, Session, Threshold, Workload,
};
use wattsmith_search::{Entry, LANDSCAPE_FORMAT, Landscape, Noise};

impl Tuner {
    /// Engine, model and work as a session would have them.
    pub(super) async fn landscape_session(
        &self,
        work: &LandscapeWork,
    ) -> Result<Session, TunerError> {
        let session = self
            .session(SessionPlan {
                name: work.name.clone(),
                engine: work.engine.clone(),
                model: work.model.clone(),
                workload: work.workload.clone(),
                work_file: work.work_file.clone(),
                size: work.size,
                pictures: work.pictures.clone(),
                advisor: Advisor::Sobol,
                threshold: Threshold::PercentBelowDefault { percent: 10.0 },
                constraints: work.constraints,
                tuned: work.tuned.clone(),
                start: work.start.clone(),
                budget: 0,
                repeats: 1,
                quick: work.quick,
                seed: work.seed,
                ..SessionPlan::default()
            })
            .await?;
        // A landscape keeps no pictures that others could be held against.
        if session.workload.pictures.is_some() && !work.constraints.quality_lock {
            return Err(TunerError::Invalid(
                "A landscape of pictures varies only what leaves them as they are; leave out that \
                 settings may change them."
                    .to_owned(),
            ));
        }
        Ok(session)
    }

    /// A landscape of that session in which nothing is measured.
    pub(super) fn blank(
        &self,
        session: &Session,
        chosen: Vec<Configuration>,
        passes: u32,
    ) -> Landscape {
        Landscape {
            format: LANDSCAPE_FORMAT,
            name: session.name.clone(),
            synthetic: false,
            recorded_at: session.created_at.clone(),
            recorded_by: env!("CARGO_PKG_VERSION").to_owned(),
            // Where things lie on this machine is nobody's business.
            engine: Engine {
                path: String::new(),
                ..session.engine.clone()
            },
            model: Model {
                path: file_name(&session.model.path),
                ..session.model.clone()
            },
            workload: session.workload.clone(),
            machine: session.machine.clone(),
            scope: self.meter().scope(),
            source: String::new(),
            measured: self.meter().is_measured(),
            sensor_error: 0.0,
            quick: session.quick,
            passes,
            seed: session.seed,
            constraints: session.objective.constraints,
            space: session.space.clone(),
            entries: chosen.into_iter().map(unmeasured).collect(),
            truth: Vec::new(),
            noise: Noise {
                log_sd: 0.0,
                df: 0.0,
            },
        }
    }
}

/// An entry without windows.
pub(super) fn unmeasured(configuration: Configuration) -> Entry {
    Entry {
        configuration,
        windows: Vec::new(),
        failure: None,
    }
}

/// The recording as it is planned, or as far as it came; what was begun with other words is left
/// alone.
pub(super) fn take_up(
    session: Session,
    planned: Landscape,
    extent: Extent,
    fresh: u32,
    out: PathBuf,
) -> Result<Recording, TunerError> {
    let landscape = match read_partial(&partial_path(&out))? {
        None => planned,
        Some(mut begun) => {
            let chosen = matches!(extent, Extent::Sweep { .. }) && keys(&begun) != keys(&planned);
            let other = chosen.then_some("choice of configurations");
            if let Some(what) = difference(&begun, &planned).or(other) {
                return Err(TunerError::Invalid(format!(
                    "{} was begun with another {what}. Go on with the same words as then, or move \
                     the file away.",
                    partial_path(&out).display()
                )));
            }
            sweep::forget_spoiled(&mut begun);
            if let (Extent::Asked { .. }, Some(default)) = (extent, begun.entries.first_mut()) {
                // A default that fails ends such a study; whoever goes on has seen to it.
                default.failure = None;
            }
            begun
        }
    };
    // Passes as they were begun; where the person's file lies is not in a landscape.
    let workload = Workload {
        own: session.workload.own.clone(),
        ..landscape.workload.clone()
    };
    let session = Session {
        workload,
        ..session
    };
    Ok(Recording {
        session,
        landscape,
        extent,
        fresh,
        out,
    })
}

/// A planned landscape with the sweep of another one in it.
pub(super) fn swept(planned: Landscape, from: &Path) -> Result<Landscape, TunerError> {
    let mut other = read_landscape(from)?;
    other.constraints = planned.constraints;
    let chosen = keys(&other) != keys(&planned);
    let choice = chosen.then_some("choice of configurations");
    if let Some(what) = difference(&other, &planned).or(choice) {
        return Err(TunerError::Invalid(format!(
            "{} has another {what}, so its sweep cannot be taken over. Use the same words as then \
             but for the limits.",
            from.display()
        )));
    }
    Ok(Landscape {
        name: planned.name,
        truth: Vec::new(),
        ..other
    })
}

fn keys(landscape: &Landscape) -> Vec<String> {
    let entries = landscape.entries.iter();
    entries.map(|entry| entry.configuration.key()).collect()
}

/// What sets a begun recording apart from the planned one; the number of whole passes over the work
/// in a window may differ, since the first window decides it.
fn difference(begun: &Landscape, planned: &Landscape) -> Option<&'static str> {
    let knobs = |one: &Landscape| -> Vec<Parameter> { one.space.parameters.clone() };
    let checks = [
        (begun.engine != planned.engine, "engine"),
        (begun.model.sha256 != planned.model.sha256, "model"),
        (!begun.workload.is_same_work(&planned.workload), "workload"),
        (begun.machine.cpu != planned.machine.cpu, "machine"),
        (begun.scope != planned.scope, "set of sensors"),
        (begun.quick != planned.quick, "length of windows"),
        (begun.passes != planned.passes, "number of passes"),
        (begun.constraints != planned.constraints, "set of limits"),
        (knobs(begun) != knobs(planned), "set of parameters"),
    ];
    checks
        .into_iter()
        .find(|(differs, _)| *differs)
        .map(|(_, what)| what)
}

fn file_name(path: &str) -> String {
    Path::new(path)
        .file_name()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}
