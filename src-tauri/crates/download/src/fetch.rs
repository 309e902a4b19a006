//! The life of one download.

use crate::check::{is_sha256, sha256_of};
use crate::client::{Client, Patience};
use crate::error::DownloadError;
use crate::hub::Hub;
use crate::pace::{Pace, Progress, Stage};
use crate::part::Part;
use crate::pull::{Known, need_room, pull};
use crate::source::Source;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What is to be fetched, and what is known of it.
#[derive(Debug, Clone)]
pub struct Order {
    /// From where.
    pub source: Source,
    /// Where it is to lie.
    pub folder: PathBuf,
    /// SHA-256 in hex, where somebody knows it.
    pub sha256: Option<String>,
    /// Its size, where somebody knows it.
    pub bytes: Option<u64>,
}

/// A file that was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The file.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// As it was worked out from what lies on the disk.
    pub sha256: String,
    /// Whether somebody told that hash beforehand.
    pub verified: bool,
    /// Whether it lay there already, so that nothing was fetched.
    pub was_there: bool,
}

/// What became of an order.
#[derive(Debug)]
pub enum Fetch {
    /// The very file lay there.
    There(Fetched),
    /// All of it has come; it waits for its name.
    Whole(Whole),
}

/// A file that is whole and checked, and still has the name of a part.
#[derive(Debug)]
pub struct Whole {
    part: Part,
    fetched: Fetched,
}

impl Whole {
    /// Where it lies.
    #[must_use]
    pub fn part(&self) -> &Path {
        self.part.growing.path()
    }

    /// Gives it its name.
    ///
    /// # Errors
    /// There is another file of this name by now; the system's word.
    pub fn keep(self) -> Result<Fetched, DownloadError> {
        let path = self.fetched.path.clone();
        match self.part.finish(&path) {
            Ok(()) => Ok(self.fetched),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                Err(DownloadError::InTheWay { path, found: None })
            }
            Err(error) => Err(DownloadError::io(
                format!("cannot name {}", path.display()),
                error,
            )),
        }
    }

    /// Removes it: it is nothing of use.
    pub fn discard(self) {
        self.part.discard();
    }
}

/// How files are fetched.
#[derive(Debug, Clone)]
pub struct Download {
    /// The hub that is asked for sizes and hashes.
    pub hub: Hub,
    /// How long servers are waited for.
    pub patience: Patience,
}

impl Download {
    /// Fetches a file, going on where an earlier download was cut off. It is checked, and waits for its name.
    ///
    /// # Errors
    /// [`DownloadError`]; unless it says otherwise, what has come stays for the next time.
    pub async fn fetch(
        &self,
        order: &Order,
        tell: &(dyn Fn(Progress) + Send + Sync),
        cancel: &CancellationToken,
    ) -> Result<Fetch, DownloadError> {
        let given = order
            .sha256
            .as_deref()
            .map(|hash| hash.trim().to_ascii_lowercase());
        if let Some(hash) = given.as_ref().filter(|hash| !is_sha256(hash)) {
            return Err(DownloadError::BadHash(hash.clone()));
        }
        let path = order.folder.join(order.source.file_name());
        let mut part = Part::hold(&path)?;
        let one = One {
            order,
            client: Client::new(&self.patience, order.source.url())?,
            path,
            patience: self.patience,
            tell,
            cancel,
        };
        match one.carry_out(&mut part, given, &self.hub).await {
            Ok(fetched) if fetched.was_there => {
                if part.bytes() == 0 {
                    part.discard();
                }
                Ok(Fetch::There(fetched))
            }
            Ok(fetched) => Ok(Fetch::Whole(Whole { part, fetched })),
            Err(error) => {
                if matches!(error, DownloadError::WrongHash { .. }) || part.bytes() == 0 {
                    part.discard();
                }
                Err(error)
            }
        }
    }
}

/// One order while it is carried out.
struct One<'a> {
    order: &'a Order,
    client: Client,
    path: PathBuf,
    patience: Patience,
    tell: &'a (dyn Fn(Progress) + Send + Sync),
    cancel: &'a CancellationToken,
}

impl One<'_> {
    fn say(&self, stage: Stage, bytes: u64, total: Option<u64>, pace: &Pace, note: String) {
        (self.tell)(Progress {
            stage,
            name: self.order.source.file_name().to_owned(),
            bytes,
            total,
            rate: pace.rate(),
            seconds_left: pace.seconds_left(bytes, total),
            note,
        });
    }

    async fn carry_out(
        &self,
        part: &mut Part,
        given: Option<String>,
        hub: &Hub,
    ) -> Result<Fetched, DownloadError> {
        let known = self.known(given, hub).await?;
        if self.path.symlink_metadata().is_ok() {
            return self.already(&known).await;
        }
        need_room(part, known.bytes)?;
        let mut anew = part.bytes() == 0;
        loop {
            self.bring(part, &known).await?;
            let found = self.hash(part.growing.path(), Some(part.bytes())).await?;
            match &known.sha256 {
                Some(expected) if *expected != found && anew => {
                    return Err(DownloadError::WrongHash {
                        name: self.order.source.file_name().to_owned(),
                        expected: expected.clone(),
                        found,
                    });
                }
                // Perhaps only what an earlier download left was not of this file.
                Some(expected) if *expected != found => part.clear()?,
                known => {
                    return Ok(Fetched {
                        path: self.path.clone(),
                        bytes: part.bytes(),
                        sha256: found,
                        verified: known.is_some(),
                        was_there: false,
                    });
                }
            }
            anew = true;
        }
    }

    /// Size and hash: those that were given, else those that the hub tells.
    async fn known(&self, given: Option<String>, hub: &Hub) -> Result<Known, DownloadError> {
        let (source, bytes) = (&self.order.source, self.order.bytes);
        if given.is_some() || !source.is_on_hub() {
            return Ok(Known {
                sha256: given,
                bytes,
            });
        }
        let mut tries = Tries::new(self.patience);
        loop {
            let asked = hub.ask(&self.client, source.url());
            let asked = self.cancel.run_until_cancelled(asked).await;
            match asked.ok_or(DownloadError::Cancelled)? {
                Ok(told) => {
                    return Ok(Known {
                        sha256: told.sha256,
                        bytes: bytes.or(told.bytes),
                    });
                }
                Err(error) => self.again(&mut tries, error, (0, bytes)).await?,
            }
        }
    }

    /// The file has its name already: it is the very one, or in the way.
    async fn already(&self, known: &Known) -> Result<Fetched, DownloadError> {
        let in_the_way = |found| DownloadError::InTheWay {
            path: self.path.clone(),
            found,
        };
        let Some(expected) = &known.sha256 else {
            return Err(in_the_way(None));
        };
        let meta = std::fs::metadata(&self.path).map_err(|source| {
            DownloadError::io(format!("cannot read {}", self.path.display()), source)
        })?;
        if !meta.is_file() {
            return Err(in_the_way(None));
        }
        let found = self.hash(&self.path, Some(meta.len())).await?;
        match found == *expected {
            true => Ok(Fetched {
                path: self.path.clone(),
                bytes: meta.len(),
                sha256: found,
                verified: true,
                was_there: true,
            }),
            false => Err(in_the_way(Some(found))),
        }
    }

    /// Asks until all of it is there. As long as bytes come, there is no limit to it.
    async fn bring(&self, part: &mut Part, known: &Known) -> Result<(), DownloadError> {
        let mut tries = Tries::new(self.patience);
        let mut pace = Pace::default();
        loop {
            let before = part.bytes();
            if before > 0 && known.bytes == Some(before) && known.sha256.is_some() {
                return Ok(());
            }
            let mut tell = |bytes: u64, total: Option<u64>| {
                if pace.mark(Instant::now(), bytes) {
                    self.say(Stage::Fetching, bytes, total, &pace, String::new());
                }
            };
            let source = &self.order.source;
            let error = match pull(&self.client, source, part, known, &mut tell, self.cancel).await
            {
                Ok(_) => return Ok(()),
                Err(error) => error,
            };
            if part.bytes() > before {
                tries = Tries::new(self.patience);
            }
            self.again(&mut tries, error, (part.bytes(), known.bytes))
                .await?;
            pace = Pace::default();
        }
    }

    /// Waits before the next try; gives the error back where there is none.
    async fn again(
        &self,
        tries: &mut Tries,
        error: DownloadError,
        (bytes, total): (u64, Option<u64>),
    ) -> Result<(), DownloadError> {
        let Some(pause) = tries.next(&error) else {
            return Err(error);
        };
        tracing::info!("{error}");
        let note = match &error {
            DownloadError::Broken { why, .. } => why.clone(),
            other => other.to_string(),
        };
        self.say(Stage::Waiting, bytes, total, &Pace::default(), note);
        let waited = self
            .cancel
            .run_until_cancelled(tokio::time::sleep(pause))
            .await;
        waited.ok_or(DownloadError::Cancelled)
    }

    async fn hash(&self, path: &Path, total: Option<u64>) -> Result<String, DownloadError> {
        let (told, mut heard) = tokio::sync::watch::channel(0);
        let (file, cancel) = (path.to_owned(), self.cancel.clone());
        let work = tokio::task::spawn_blocking(move || {
            sha256_of(&file, |bytes| {
                told.send_replace(bytes);
                !cancel.is_cancelled()
            })
        });
        let mut pace = Pace::default();
        while heard.changed().await.is_ok() {
            let bytes = *heard.borrow_and_update();
            if pace.mark(Instant::now(), bytes) {
                self.say(Stage::Checking, bytes, total, &pace, String::new());
            }
        }
        let hash = work
            .await
            .unwrap_or_else(|error| Err(std::io::Error::other(error)));
        hash.map_err(|source| DownloadError::io(format!("cannot read {}", path.display()), source))?
            .ok_or(DownloadError::Cancelled)
    }
}

/// Tries that are left until a byte comes.
struct Tries {
    left: u32,
    pause: Duration,
}

impl Tries {
    fn new(patience: Patience) -> Self {
        Self {
            left: patience.tries,
            pause: patience.pause,
        }
    }

    /// How long to wait before the next one; none where there is none, or where it would be of no use.
    fn next(&mut self, error: &DownloadError) -> Option<Duration> {
        if !error.may_pass() || self.left == 0 {
            return None;
        }
        self.left -= 1;
        let pause = self.pause;
        self.pause = (pause * 2).min(LONGEST_PAUSE);
        match error {
            DownloadError::Broken {
                wait: Some(wait), ..
            } => Some(pause.max(*wait)),
            _ => Some(pause),
        }
    }
}
