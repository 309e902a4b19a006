//! What a list shows of a session: worked out after each step and kept beside the record, so that a list
//! of thousands reads no window of any of them. It stands until the record changes; one that does not
//! stand is worked out when it is asked for.

use crate::error::TunerError;
use crate::machine::models::blocking;
use crate::tuner::Tuner;
use serde::{Deserialize, Serialize};
use wattsmith_domain::{
    Advisor, Ending, Interval, Scope, Session, SessionId, SessionRecord, TrialId, WorkUnit,
};
use wattsmith_stats::{Analysis, Outcome};
use wattsmith_store::{Head, StoreError};

/// By what a digest is made: another version of the program may find other words for the same record.
/// Raise the number when that happens within one version.
const MADE_BY: &str = concat!(env!("CARGO_PKG_VERSION"), "/4");

/// What is logged where a digest cannot be kept.
const NOT_KEPT: &str = "a line of the list of sessions is not kept";

/// Digests that are stored together.
const AT_ONCE: usize = 64;

/// What a list shows of a session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Digest {
    /// Identity.
    pub id: SessionId,
    /// For people.
    pub name: String,
    /// RFC 3339, UTC.
    pub created_at: String,
    /// Whether it is an example, which stands beside no other session.
    pub example: bool,
    /// Whether it came from a file.
    pub imported: bool,
    /// The engine's name.
    pub engine: String,
    /// Processor and boards of the machine that it ran on, or that machine's name where it was another.
    pub machine: String,
    /// What the trial that the outcome is about changed, in words.
    pub settings: Vec<String>,
    /// Who proposes.
    pub advisor: Advisor,
    /// Trials begun, the default among them.
    pub trials: u32,
    /// Why it ended, once it has.
    pub ending: Option<Ending>,
    /// What it came to.
    pub outcome: Outcome,
    /// What its joules cover; none where nothing was measured.
    pub scope: Option<Scope>,
    /// J/unit of the default, once that is known.
    pub default: Option<Interval>,
    /// J/unit of the trial that the outcome is about.
    pub best: Option<Interval>,
    /// Name of the workload.
    pub workload: String,
    /// Hash of the workload.
    pub workload_hash: String,
    /// Name of the model.
    pub model: String,
    /// Label of its weights.
    pub quantisation: String,
    /// Hash of its file.
    pub model_sha256: String,
    /// What is counted.
    pub unit: WorkUnit,
    /// What is recommended so far, its mean J/unit in per cent of the default's, after the default and after
    /// each trial that may be compared.
    pub track: Vec<f64>,
}

/// A line of the list.
#[derive(Debug, Clone, PartialEq)]
pub enum Listed {
    /// A session.
    Session(Box<Digest>),
    /// One of whose record something cannot be read.
    Unreadable {
        /// Identity.
        id: SessionId,
        /// RFC 3339, UTC.
        created_at: String,
        /// What cannot be read, and why.
        why: String,
    },
}

impl Listed {
    /// Which session.
    #[must_use]
    pub fn id(&self) -> &SessionId {
        match self {
            Self::Session(digest) => &digest.id,
            Self::Unreadable { id, .. } => id,
        }
    }
}

impl Digest {
    /// Works it out.
    #[must_use]
    pub fn of(record: &SessionRecord) -> Self {
        let analysis = Analysis::of(record);
        let outcome = Outcome::of(record, &analysis);
        let session = &record.session;
        // The trial that the outcome is about, so that figure and verdict belong together.
        let best = outcome.trial.as_ref().or(analysis.best.as_ref());
        let settings = settings(record, best);
        let best = best.and_then(|best| analysis.trial(best));
        let first = record.trials.iter().flat_map(|trial| &trial.repeats).next();
        Self {
            unit: session.workload.unit,
            track: track(record, &analysis),
            id: session.id.clone(),
            name: session.name.clone(),
            created_at: session.created_at.clone(),
            example: session.example,
            imported: session.imported_at.is_some(),
            engine: session.engine.name.clone(),
            machine: machine(session),
            settings,
            advisor: session.advisor,
            trials: u32::try_from(record.trials.len()).unwrap_or(u32::MAX),
            ending: session.ending.clone(),
            scope: first.map(|repeat| repeat.energy.scope),
            default: analysis.default,
            best: best.and_then(|best| best.joules_per_unit),
            outcome,
            workload: session.workload.name.clone(),
            workload_hash: session.workload.hash.clone(),
            model: session.model.name.clone(),
            quantisation: session.model.quantisation.clone(),
            model_sha256: session.model.sha256.clone(),
        }
    }
}

fn machine(session: &Session) -> String {
    if let Some(name) = &session.engine.machine {
        return name.clone();
    }
    let parts = std::iter::once(&session.machine.cpu).chain(&session.machine.gpus);
    parts.cloned().collect::<Vec<_>>().join(" + ")
}

fn settings(record: &SessionRecord, best: Option<&TrialId>) -> Vec<String> {
    let trial = |id: &TrialId| record.trials.iter().find(|trial| trial.id == *id);
    let (Some(default), Some(best)) = (record.default_trial(), best.and_then(trial)) else {
        return Vec::new();
    };
    let changes = best
        .configuration
        .changes_from(&default.configuration, &record.session.space);
    changes.iter().map(ToString::to_string).collect()
}

fn track(record: &SessionRecord, analysis: &Analysis) -> Vec<f64> {
    let Some(default) = analysis.default else {
        return Vec::new();
    };
    let recommended = analysis.recommended_so_far();
    let seen = record.trials.iter().zip(&analysis.trials).zip(recommended);
    seen.filter(|((trial, own), _)| trial.is_complete() && !own.stale && own.mean.is_some())
        .map(|(_, best)| {
            let mean = best.and_then(|at| analysis.trials.get(at)?.mean);
            mean.map_or(100.0, |mean| mean / default.mean * 100.0)
        })
        .collect()
}

impl Tuner {
    /// All sessions, newest first. One that cannot be read is a line that says so.
    ///
    /// # Errors
    /// The database itself cannot be read.
    pub async fn list(&self) -> Result<Vec<Listed>, TunerError> {
        let heads = self.store.heads(MADE_BY).await?;
        let mut list = Vec::with_capacity(heads.len());
        for head in heads {
            let kept = head.digest.as_deref();
            let kept = kept.and_then(|text| serde_json::from_str(text).ok());
            list.push(match kept {
                Some(digest) => Listed::Session(digest),
                None => self.listed(head).await?,
            });
        }
        Ok(list)
    }

    async fn listed(&self, head: Head) -> Result<Listed, TunerError> {
        match self.store.record(&head.id).await {
            Ok(record) => {
                let digest = blocking(move || Digest::of(&record)).await?;
                Ok(Listed::Session(Box::new(digest)))
            }
            Err(StoreError::Corrupt { what, .. }) => Ok(Listed::Unreadable {
                id: head.id,
                created_at: head.created_at,
                why: what,
            }),
            Err(other) => Err(other.into()),
        }
    }

    /// Works out the digests that do not stand: of what was stored by an earlier version, or by a
    /// Wattsmith that was killed.
    pub(crate) async fn refresh_digests(&self) {
        if let Err(error) = self.refresh_missing().await {
            tracing::warn!("{NOT_KEPT}: {error}");
        }
    }

    async fn refresh_missing(&self) -> Result<(), TunerError> {
        let heads = self.store.heads(MADE_BY).await?;
        let missing: Vec<_> = heads
            .into_iter()
            .filter(|head| head.digest.is_none())
            .map(|head| head.id)
            .collect();
        for some in missing.chunks(AT_ONCE) {
            let mut digests = Vec::new();
            for id in some {
                digests.extend(self.digest(id).await?);
            }
            self.store.put_digests(MADE_BY, digests).await?;
        }
        Ok(())
    }

    /// Works out what the list shows of a session as it is now. A record that is gone or cannot be read
    /// has none. Where it cannot be kept, the list works it out, and nothing is lost.
    pub(crate) async fn refresh_digest(&self, id: &SessionId) {
        let kept = match self.digest(id).await {
            Ok(digest) => {
                let digests = digest.into_iter().collect();
                let kept = self.store.put_digests(MADE_BY, digests).await;
                kept.map_err(TunerError::from)
            }
            Err(error) => Err(error),
        };
        if let Err(error) = kept {
            tracing::warn!("{NOT_KEPT}: {error}");
        }
    }

    async fn digest(&self, id: &SessionId) -> Result<Option<(SessionId, i64, String)>, TunerError> {
        let (record, changes) = match self.store.record_as_of(id).await {
            Ok(found) => found,
            Err(StoreError::NotFound { .. } | StoreError::Corrupt { .. }) => return Ok(None),
            Err(other) => return Err(other.into()),
        };
        let text = blocking(move || serde_json::to_string(&Digest::of(&record))).await?;
        // A figure that JSON cannot hold is not stored either.
        Ok(text.ok().map(|text| (id.clone(), changes, text)))
    }
}
