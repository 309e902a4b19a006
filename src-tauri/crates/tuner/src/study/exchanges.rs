//! What was said in a study: every prompt with its reply in one file, a line each. A study that was
//! interrupted goes on from it, and a finished one replays from it without any LLM.

use crate::error::TunerError;
use crate::local::OpenChat;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tokio_util::sync::CancellationToken;
use wattsmith_chat::{ChatError, ChatRequest};
use wattsmith_domain::Connection;

/// Version of the file.
const FORMAT: u32 = 1;

/// One prompt and its reply.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Said {
    /// SHA-256 of the request, hex.
    request: String,
    arm: String,
    seed: u64,
    /// Trials that were known, the default among them.
    trials: usize,
    prompt: String,
    reply: String,
    prompt_tokens: Option<u64>,
    reply_tokens: Option<u64>,
}

/// The first line of the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Head {
    /// Version of the format.
    exchanges: u32,
    /// How the LLM was reached, without folders.
    connection: Connection,
}

/// The exchanges of a study.
pub struct Exchanges {
    path: PathBuf,
    connection: Connection,
    chat: Option<Arc<OpenChat>>,
    cancel: CancellationToken,
    kept: Mutex<Kept>,
}

struct Kept {
    by_request: HashMap<String, Said>,
    file: Option<File>,
}

impl std::fmt::Debug for Exchanges {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Exchanges")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

/// Who asks.
pub(super) struct Asker<'a> {
    pub arm: &'a str,
    pub seed: u64,
    pub trials: usize,
}

impl Exchanges {
    /// Reads what was said before, where there is such a file; what the LLM behind `asked` says from
    /// now on is added to it. Without one only what is in the file can be replayed. A last line that
    /// was cut off is left out.
    ///
    /// # Errors
    /// The file cannot be read or written, a line is none of ours, or another LLM said it.
    pub fn open(
        path: &Path,
        asked: Option<(Connection, Arc<OpenChat>)>,
        cancel: CancellationToken,
    ) -> Result<Self, TunerError> {
        let fail = |what: &str| {
            let what = format!("cannot {what} {}", path.display());
            move |source| TunerError::io(what, source)
        };
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && asked.is_some() => {
                String::new()
            }
            Err(error) => return Err(fail("read")(error)),
        };
        let whole = text.rfind('\n').map_or("", |end| &text[..=end]);
        let mut lines = whole.lines().enumerate();
        let head: Option<Head> = match lines.next() {
            Some((_, line)) => Some(read(line, 0, path)?),
            None => None,
        };
        let mut by_request = HashMap::new();
        for (index, line) in lines {
            let said: Said = read(line, index, path)?;
            by_request.insert(said.request.clone(), said);
        }
        let asked = asked.map(|(connection, chat)| (without_folders(connection), chat));
        let (connection, chat) = match (head, asked) {
            (Some(head), Some((connection, _))) if head.connection != connection => {
                return Err(TunerError::Invalid(format!(
                    "{} was said by {}, not by {}. Name another file.",
                    path.display(),
                    head.connection.label(),
                    connection.label()
                )));
            }
            (Some(head), asked) => (head.connection, asked.map(|(_, chat)| chat)),
            (None, Some((connection, chat))) => (connection, Some(chat)),
            (None, None) => {
                return Err(TunerError::Invalid(format!(
                    "{} holds no exchanges.",
                    path.display()
                )));
            }
        };
        let mut file = None;
        if chat.is_some() {
            let head = Head {
                exchanges: FORMAT,
                connection: connection.clone(),
            };
            match whole {
                "" => crate::paths::replace(path, format!("{}\n", line(&head)?).as_bytes()),
                whole if whole.len() < text.len() => crate::paths::replace(path, whole.as_bytes()),
                _ => Ok(()),
            }
            .map_err(fail("write"))?;
            let opened = OpenOptions::new().append(true).open(path);
            file = Some(opened.map_err(fail("write"))?);
        }
        Ok(Self {
            path: path.to_owned(),
            connection,
            chat,
            cancel,
            kept: Mutex::new(Kept { by_request, file }),
        })
    }

    /// How the LLM is or was reached; of a local model the file's name alone.
    #[must_use]
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The reply to a request: the one in the file, else the LLM's.
    pub(super) async fn reply(
        &self,
        asker: Asker<'_>,
        request: ChatRequest,
    ) -> Result<String, TunerError> {
        let key = key(&request)?;
        if let Some(said) = self.kept().by_request.get(&key) {
            return Ok(said.reply.clone());
        }
        let Some(chat) = &self.chat else {
            return Err(TunerError::Invalid(format!(
                "{} holds no reply for arm {}, seed {}, after {} trials: the study, the templates or \
                 this program differ from when it was recorded. Replay it as it was, or add a \
                 --connection that can be asked.",
                self.path.display(),
                asker.arm,
                asker.seed,
                asker.trials
            )));
        };
        let prompt = request.prompt.clone();
        let chat = chat.awake(&self.cancel).await?;
        let reply = match chat.complete(request, &mut |_| {}, &self.cancel).await {
            Err(ChatError::Cancelled) => return Err(TunerError::Cancelled),
            reply => reply?,
        };
        let said = Said {
            request: key.clone(),
            arm: asker.arm.to_owned(),
            seed: asker.seed,
            trials: asker.trials,
            prompt,
            reply: reply.text,
            prompt_tokens: reply.prompt_tokens,
            reply_tokens: reply.reply_tokens,
        };
        self.keep(&said)?;
        Ok(said.reply)
    }

    /// Ends a local model, so that something can be measured; it is loaded again when it is asked.
    pub(super) async fn rest(&self) {
        if let Some(chat) = &self.chat {
            chat.rest().await;
        }
    }

    fn keep(&self, said: &Said) -> Result<(), TunerError> {
        let line = line(said)?;
        let mut kept = self.kept();
        if let Some(file) = &mut kept.file {
            file.write_all(format!("{line}\n").as_bytes())
                .map_err(|source| {
                    TunerError::io(format!("cannot write {}", self.path.display()), source)
                })?;
        }
        kept.by_request.insert(said.request.clone(), said.clone());
        Ok(())
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read<T: serde::de::DeserializeOwned>(
    line: &str,
    index: usize,
    path: &Path,
) -> Result<T, TunerError> {
    serde_json::from_str(line).map_err(|error| {
        TunerError::Invalid(format!(
            "Line {} of {} is none of a study's exchanges: {error}. Take it out, or name another \
             file.",
            index + 1,
            path.display()
        ))
    })
}

fn line(of: &impl Serialize) -> Result<String, TunerError> {
    serde_json::to_string(of)
        .map_err(|error| TunerError::Invalid(format!("cannot keep an exchange: {error}")))
}

/// Where a local model lies is nobody's business who gets the file.
fn without_folders(connection: Connection) -> Connection {
    match connection {
        Connection::Local { model } => Connection::Local {
            model: Path::new(&model)
                .file_name()
                .map_or_else(|| model.clone(), |name| name.to_string_lossy().into_owned()),
        },
        other => other,
    }
}

/// What makes two requests the same.
fn key(request: &ChatRequest) -> Result<String, TunerError> {
    let whole = serde_json::json!([
        request.prompt,
        request.schema,
        request.max_tokens,
        request.temperature,
        request.seed
    ]);
    let text = serde_json::to_vec(&whole)
        .map_err(|error| TunerError::Invalid(format!("cannot name a request: {error}")))?;
    Ok(Sha256::digest(text)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}
