//! One download: what a person named becomes a model in the folder of models.

use super::{listed, not_listed, progress_in_words};
use crate::error::TunerError;
use crate::event::{EventKind, PhaseKind};
use crate::job::{Job, JobState};
use crate::machine::lock::MachineLock;
use crate::machine::memory_need::gigabytes;
use crate::tuner::Tuner;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use wattsmith_domain::SessionId;
use wattsmith_download::{Download, Fetch, Fetched, Hub, Order, Patience, Progress, Source};
use wattsmith_engine::{files_of_set, look_at_head};

/// The name of the job, under which it is watched like a session's.
#[must_use]
pub fn download_job() -> SessionId {
    SessionId::from("download")
}

/// What a person wants to have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModelWish {
    /// A name of the shipped list, `OWNER/REPOSITORY/FILE.gguf` of the hub, or an address.
    pub what: String,
    /// Its SHA-256 in hex, where the person knows it.
    pub sha256: Option<String>,
}

/// A model that was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchedModel {
    /// Its files in order; the first is what an engine is given.
    pub files: Vec<Fetched>,
    /// What is worth knowing of it before it is run; empty where nothing is.
    pub note: String,
}

/// How the last download of this run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DownloadEnd {
    /// What was asked for, without secrets.
    pub what: String,
    /// The file, or why there is none.
    pub done: Result<PathBuf, String>,
    /// In sentences.
    pub words: String,
}

/// What is fetched now, and how the last one ended.
#[derive(Debug, Default)]
pub(crate) struct Downloads {
    ended: Mutex<Option<DownloadEnd>>,
}

impl FetchedModel {
    /// The file to run.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.files.first().map_or(Path::new(""), |file| &file.path)
    }

    /// All its files, bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    /// Whether somebody told the hash of each file beforehand.
    #[must_use]
    pub fn verified(&self) -> bool {
        self.files.iter().all(|file| file.verified)
    }

    /// What came of it, in sentences.
    #[must_use]
    pub fn in_words(&self) -> String {
        let was_there = self.files.iter().all(|file| file.was_there);
        let came = match was_there {
            true => "It was here already",
            false => "It is here",
        };
        let mut words = match (self.verified(), self.files.as_slice()) {
            (true, _) => format!(
                "{came}: {}, {}, checked by its SHA-256.",
                self.path().display(),
                gigabytes(self.bytes())
            ),
            (false, files) => {
                let hashes: Vec<&str> = files.iter().map(|file| file.sha256.as_str()).collect();
                format!(
                    "{came}: {}, {}. Nobody told its SHA-256 beforehand, so it is not verified; it is {}.",
                    self.path().display(),
                    gigabytes(self.bytes()),
                    hashes.join(", ")
                )
            }
        };
        if !self.note.is_empty() {
            words.push(' ');
            words.push_str(&self.note);
        }
        words
    }
}

impl Tuner {
    /// What the download that runs is doing.
    #[must_use]
    pub fn downloading(&self) -> JobState {
        self.jobs.state(&download_job())
    }

    /// Ends the download that runs; what has come is kept. Whether there was one.
    #[must_use]
    pub fn cancel_download(&self) -> bool {
        self.jobs.cancel(&download_job())
    }

    /// How the last download ended; none where none did since Wattsmith was started.
    #[must_use]
    pub fn last_download(&self) -> Option<DownloadEnd> {
        let ended = self.downloads.ended.lock();
        ended.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Starts a download and returns at once; watch it with [`Tuner::watch`].
    ///
    /// # Errors
    /// A download runs already, something is measured, or what was named is nothing that can be fetched.
    pub fn start_download(self: &Arc<Self>, wish: ModelWish) -> Result<(), TunerError> {
        let chosen = chosen(&wish, self.hub.as_deref())?;
        let (job, lock) = self.begin_download()?;
        let tuner = Arc::clone(self);
        tokio::spawn(async move {
            let what = wattsmith_domain::masked(wish.what.trim());
            let fetched = tuner.fetch_chosen(&job, chosen, &|_| {}).await;
            drop(lock);
            let end = match fetched {
                Ok(model) => Some(DownloadEnd {
                    what,
                    done: Ok(model.path().to_owned()),
                    words: model.in_words(),
                }),
                Err(TunerError::Cancelled) => None,
                Err(error) => Some(DownloadEnd {
                    what,
                    done: Err(error.name()),
                    words: error.to_string(),
                }),
            };
            let failed = end.as_ref().filter(|end| end.done.is_err());
            let failed = failed.map(|end| EventKind::Failed(end.words.clone()));
            let mut last = tuner
                .downloads
                .ended
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            *last = end;
            drop(last);
            // Whoever hears that it is over can ask how it ended.
            drop(job);
            if let Some(failed) = failed {
                tuner.jobs.emit(&download_job(), failed);
            }
        });
        Ok(())
    }

    /// Fetches a model; `tell` hears how far it is. Cancelling the job [`download_job`] ends it, and what has come
    /// is kept.
    ///
    /// # Errors
    /// A download runs already, something is measured, it cannot be fetched, or it is no model.
    pub async fn fetch_model(
        &self,
        wish: ModelWish,
        tell: &(dyn Fn(&Progress) + Send + Sync),
    ) -> Result<FetchedModel, TunerError> {
        let chosen = chosen(&wish, self.hub.as_deref())?;
        let (job, _lock) = self.begin_download()?;
        self.fetch_chosen(&job, chosen, tell).await
    }

    fn begin_download(&self) -> Result<(Job, MachineLock), TunerError> {
        if self.downloading().running {
            return Err(TunerError::Busy(
                "A download runs already. Wait for it, or cancel it first.".to_owned(),
            ));
        }
        let lock = MachineLock::acquire(&self.paths.lock)?;
        Ok((self.jobs.begin(&download_job(), false)?, lock))
    }

    async fn fetch_chosen(
        &self,
        job: &Job,
        chosen: Chosen,
        tell: &(dyn Fn(&Progress) + Send + Sync),
    ) -> Result<FetchedModel, TunerError> {
        let set = files_of_set(chosen.order.source.file_name());
        if set.len() > 1 && chosen.order.sha256.is_some() {
            return Err(TunerError::Invalid(
                "This is a model in several files, and one SHA-256 cannot be that of each. Leave --sha256 out; \
                 what the hub tells of them is checked."
                    .to_owned(),
            ));
        }
        let folder = self.paths.own_models();
        let count = set.len();
        let mut files = Vec::new();
        for (number, name) in (1..).zip(&set) {
            let place = match count {
                1 => String::new(),
                _ => format!(", file {number} of {count}"),
            };
            job.phase(PhaseKind::Downloading, &format!("{name}{place}"), None);
            let order = Order {
                source: chosen.order.source.sibling(name),
                folder: folder.clone(),
                ..chosen.order.clone()
            };
            let heard = |progress: Progress| {
                tell(&progress);
                let part = progress
                    .total
                    .map(|total| progress.bytes as f64 / total.max(1) as f64);
                job.tell(
                    &format!("{name}{place}: {}", progress_in_words(&progress)),
                    part,
                );
            };
            files.push(fetch_file(&chosen.download, &order, &heard, job).await?);
        }
        for file in &files {
            self.remember_hash(&file.path, &file.sha256).await?;
        }
        let mut fetched = FetchedModel {
            files,
            note: String::new(),
        };
        // A file that this engine cannot run is the person's all the same.
        if let Err(error) = self.inspect(fetched.path()).await {
            fetched.note = error.to_string();
        }
        Ok(fetched)
    }
}

async fn fetch_file(
    download: &Download,
    order: &Order,
    heard: &(dyn Fn(Progress) + Send + Sync),
    job: &Job,
) -> Result<Fetched, TunerError> {
    match download.fetch(order, heard, &job.cancel).await? {
        Fetch::There(fetched) => Ok(fetched),
        Fetch::Whole(whole) => match look_at_head(whole.part()).await {
            Ok(()) => Ok(whole.keep()?),
            Err(error) => {
                whole.discard();
                Err(TunerError::Invalid(format!(
                    "{} is no model to run, and was not kept: {error}",
                    order.source.file_name()
                )))
            }
        },
    }
}

/// What is fetched by what was named.
struct Chosen {
    download: Download,
    order: Order,
}

fn chosen(wish: &ModelWish, hub: Option<&str>) -> Result<Chosen, TunerError> {
    let download = Download {
        hub: hub.map_or_else(Hub::of_environment, Hub::at)?,
        patience: Patience::default(),
    };
    let what = wish.what.trim();
    let given = wish
        .sha256
        .as_deref()
        .map(str::trim)
        .filter(|hash| !hash.is_empty());
    let given = given.map(str::to_ascii_lowercase);
    let (named, sha256, bytes) = match listed(what) {
        Some(entry) => {
            if given.as_ref().is_some_and(|given| *given != entry.sha256) {
                return Err(TunerError::Invalid(format!(
                    "{} is known by the SHA-256 {}, and another one was given. Leave it out.",
                    entry.name, entry.sha256
                )));
            }
            let named = format!("{}/{}", entry.repository, entry.file);
            (named, Some(entry.sha256.clone()), Some(entry.bytes))
        }
        None if !what.contains('/') => return Err(not_listed(what)),
        None => (what.to_owned(), given, None),
    };
    let source = Source::named(&named, &download.hub)?;
    Ok(Chosen {
        order: Order {
            source,
            folder: PathBuf::new(),
            sha256,
            bytes,
        },
        download,
    })
}
