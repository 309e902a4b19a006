//! What was said in a study: every prompt with its reply in one file, a line each. A study that was
//! interrupted goes on from it, and a finished one replays from it without any LLM.
//!
//! A reply belongs to the prompt that it answered, which stands beside it word for word. When the
//! words of prompts change, an old reply is replayed only where the facts were the same ([`Known`]),
//! it is read as it was read then, and the study says so ([`SaidWords`]).

use super::known::{Known, WORDS};
use crate::error::TunerError;
use crate::turn::local::OpenChat;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use tokio_util::sync::CancellationToken;
use wattsmith_chat::{ChatError, ChatRequest, ReplyError};
use wattsmith_domain::{Configuration, Connection};

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
    /// Version of the prompt's words, and what else it was made of; recordings of the first days
    /// lack both until they are completed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    words: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    known: Option<Known>,
    /// What was made of the reply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    read: Option<Read>,
}

/// What was made of a reply.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Read {
    Proposed(Configuration),
    /// With what the LLM was told.
    Refused(String),
}

/// In whose words the prompts of a study were.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaidWords {
    /// Version of the words that this program uses.
    pub words: u32,
    /// Prompts that were answered.
    pub prompts: usize,
    /// Those of them that would be worded otherwise today, by the version of their words: the facts
    /// were the same, and the reply is an answer to the words of then.
    pub worded_otherwise: BTreeMap<u32, usize>,
    /// Replies that would be read otherwise today; they count as they were read then.
    pub read_otherwise: usize,
}

impl SaidWords {
    /// In a sentence, where there is something to say.
    #[must_use]
    pub fn sentence(&self) -> Option<String> {
        let otherwise: usize = self.worded_otherwise.values().sum();
        if otherwise == 0 && self.read_otherwise == 0 {
            return None;
        }
        let versions = self.worded_otherwise.keys().map(u32::to_string);
        let versions = versions.collect::<Vec<_>>().join(" and ");
        let mut sentence = match otherwise {
            0 => String::new(),
            n => format!(
                "{n} of {} replies were given to prompts in the words of version {versions}; with \
                 the same facts, today's (version {}) say it otherwise.",
                self.prompts, self.words
            ),
        };
        if self.read_otherwise > 0 {
            let space = if sentence.is_empty() { "" } else { " " };
            sentence.push_str(&format!(
                "{space}{} replies would be read otherwise today; they count as they were read then.",
                self.read_otherwise
            ));
        }
        Some(sentence)
    }
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
    said: Vec<Said>,
    /// Places in `said`.
    by_request: HashMap<String, usize>,
    /// The same by the turn and the try in it.
    by_turn: HashMap<Turn, usize>,
    /// How often each turn of the file has been tried.
    tries: HashMap<(String, u64, usize), u32>,
    /// Places that were replayed or heard, and how they differ from today.
    used: BTreeMap<usize, Differs>,
    file: Option<File>,
}

/// Arm, seed, trials that were known, prompts before it in the turn.
type Turn = (String, u64, usize, u32);

/// How a reply that was kept differs from one of today.
#[derive(Debug, Clone, Copy, Default)]
struct Differs {
    words: bool,
    reading: bool,
}

impl Kept {
    fn new(said: Vec<Said>, file: Option<File>) -> Self {
        let mut kept = Self {
            said: Vec::new(),
            by_request: HashMap::new(),
            by_turn: HashMap::new(),
            tries: HashMap::new(),
            used: BTreeMap::new(),
            file,
        };
        for one in said {
            kept.add(one);
        }
        kept
    }

    /// Adds what was said; its place. Tries of one turn follow each other in the file.
    fn add(&mut self, said: Said) -> usize {
        let place = self.said.len();
        let turn = (said.arm.clone(), said.seed, said.trials);
        let tries = self.tries.entry(turn.clone()).or_default();
        self.by_turn.insert((turn.0, turn.1, turn.2, *tries), place);
        *tries += 1;
        self.by_request.insert(said.request.clone(), place);
        self.said.push(said);
        place
    }
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
    /// Prompts before it in this turn.
    pub tries: u32,
    /// What the prompt is made of.
    pub known: Known,
}

/// A reply, and what is made of it.
pub(super) struct Heard {
    pub reply: String,
    /// The proposal, or what the LLM is told.
    pub read: Result<Configuration, String>,
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
        let said = lines
            .map(|(index, line)| read::<Said>(line, index, path))
            .collect::<Result<Vec<_>, _>>()?;
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
                "" => wattsmith_files::keep(path, format!("{}\n", line(&head)?).as_bytes()),
                whole if whole.len() < text.len() => wattsmith_files::keep(path, whole.as_bytes()),
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
            kept: Mutex::new(Kept::new(said, file)),
        })
    }

    /// How the LLM is or was reached; of a local model the file's name alone.
    #[must_use]
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// The reply to a request: the one in the file, else the LLM's. `judge` reads it; what is in the
    /// file stays read as it was.
    pub(super) async fn reply(
        &self,
        asker: Asker<'_>,
        request: ChatRequest,
        judge: impl FnOnce(&str) -> Result<Configuration, String>,
    ) -> Result<Heard, TunerError> {
        let key = key(&request)?;
        match self.find(&key, &asker) {
            Found::Said(place) => return Ok(self.replay(place, &key, asker.known, judge)),
            Found::Nothing(why) if self.chat.is_none() => {
                return Err(TunerError::Invalid(format!(
                    "{} holds no reply for arm {}, seed {}, after {} trials: {why}. Replay it as it \
                     was, or add a --connection that can be asked.",
                    self.path.display(),
                    asker.arm,
                    asker.seed,
                    asker.trials
                )));
            }
            Found::Nothing(_) => {}
        }
        let Some(chat) = &self.chat else {
            return Err(TunerError::Cancelled);
        };
        let prompt = request.prompt.clone();
        let chat = chat.awake(&self.cancel).await?;
        let reply = match chat.complete(request, &mut |_| {}, &self.cancel).await {
            Err(ChatError::Cancelled) => return Err(TunerError::Cancelled),
            reply => reply?,
        };
        let read = match reply.cut_off {
            // Nothing is taken from half a reply, however whole a part of it looks.
            true => Err(ReplyError::CutOff.for_llm()),
            false => judge(&reply.text),
        };
        let said = Said {
            request: key,
            arm: asker.arm.to_owned(),
            seed: asker.seed,
            trials: asker.trials,
            prompt,
            reply: reply.text,
            prompt_tokens: reply.prompt_tokens,
            reply_tokens: reply.reply_tokens,
            words: Some(WORDS),
            known: Some(asker.known),
            read: Some(Read::from(read.clone())),
        };
        let reply = said.reply.clone();
        self.keep(said)?;
        Ok(Heard { reply, read })
    }

    /// The version of the words in which a turn was asked when it was recorded; none where it was not.
    pub(super) fn words_of(&self, arm: &str, seed: u64, trials: usize) -> Option<u32> {
        let kept = self.kept();
        let place = kept.by_turn.get(&(arm.to_owned(), seed, trials, 0))?;
        // Before versions were written down there was the first.
        Some(kept.said[*place].words.unwrap_or(1))
    }

    /// Where the reply to a request stands: under the same words, else under the same facts at the
    /// same place of the study.
    fn find(&self, key: &str, asker: &Asker<'_>) -> Found {
        let kept = self.kept();
        if let Some(place) = kept.by_request.get(key) {
            return Found::Said(*place);
        }
        let turn = (asker.arm.to_owned(), asker.seed, asker.trials, asker.tries);
        let Some(place) = kept.by_turn.get(&turn).copied() else {
            return Found::Nothing("there the recording ends".to_owned());
        };
        let said = &kept.said[place];
        match &said.known {
            None => Found::Nothing(
                "the prompt is another one, and the recording does not tell what the prompt of then \
                 was made of: the study, the templates or this program differ"
                    .to_owned(),
            ),
            Some(known) if *known == asker.known => Found::Said(place),
            Some(known) => Found::Nothing(format!(
                "the prompt of then, in the words of version {}, told other facts ({})",
                said.words.unwrap_or_default(),
                known.differences(&asker.known).join(", ")
            )),
        }
    }

    fn replay(
        &self,
        place: usize,
        key: &str,
        known: Known,
        judge: impl FnOnce(&str) -> Result<Configuration, String>,
    ) -> Heard {
        let reply = self.kept().said[place].reply.clone();
        let today = judge(&reply);
        let mut kept = self.kept();
        let said = &mut kept.said[place];
        let mut differs = Differs {
            words: said.request != key,
            reading: false,
        };
        let read = match said.read.clone().map(Result::from) {
            // A refusal may be worded otherwise, too.
            Some(then) => {
                differs.reading = then.as_ref().ok() != today.as_ref().ok();
                then
            }
            None => {
                said.read = Some(Read::from(today.clone()));
                today
            }
        };
        if !differs.words && said.known.is_none() {
            (said.words, said.known) = (Some(WORDS), Some(known));
        }
        kept.used.insert(place, differs);
        Heard { reply, read }
    }

    /// In whose words the prompts were that were replayed or sent so far.
    #[must_use]
    pub fn words(&self) -> SaidWords {
        let kept = self.kept();
        let mut words = SaidWords {
            words: WORDS,
            prompts: kept.used.len(),
            ..SaidWords::default()
        };
        for (place, differs) in &kept.used {
            if differs.words {
                let version = kept.said[*place].words.unwrap_or_default();
                *words.worded_otherwise.entry(version).or_default() += 1;
            }
            words.read_otherwise += usize::from(differs.reading);
        }
        words
    }

    /// Writes the file again with what a replay found out: what each prompt was made of, and how its
    /// reply was read. Only what was replayed word for word gains anything. Lines that did.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn complete(&self) -> Result<usize, TunerError> {
        let kept = self.kept();
        let head = Head {
            exchanges: FORMAT,
            connection: self.connection.clone(),
        };
        let mut text = format!("{}\n", line(&head)?);
        for said in &kept.said {
            text.push_str(&line(said)?);
            text.push('\n');
        }
        wattsmith_files::keep(&self.path, text.as_bytes()).map_err(|source| {
            TunerError::io(format!("cannot write {}", self.path.display()), source)
        })?;
        let complete = kept
            .used
            .keys()
            .filter(|place| kept.said[**place].known.is_some());
        Ok(complete.count())
    }

    /// Ends a local model, so that something can be measured; it is loaded again when it is asked.
    pub(super) async fn rest(&self) {
        if let Some(chat) = &self.chat {
            chat.rest().await;
        }
    }

    fn keep(&self, said: Said) -> Result<(), TunerError> {
        let line = line(&said)?;
        let mut kept = self.kept();
        if let Some(file) = &mut kept.file {
            file.write_all(format!("{line}\n").as_bytes())
                .map_err(|source| {
                    TunerError::io(format!("cannot write {}", self.path.display()), source)
                })?;
        }
        let place = kept.add(said);
        kept.used.insert(place, Differs::default());
        Ok(())
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where a reply stands, or why there is none.
enum Found {
    Said(usize),
    Nothing(String),
}

impl From<Result<Configuration, String>> for Read {
    fn from(read: Result<Configuration, String>) -> Self {
        read.map_or_else(Self::Refused, Self::Proposed)
    }
}

impl From<Read> for Result<Configuration, String> {
    fn from(read: Read) -> Self {
        match read {
            Read::Proposed(configuration) => Ok(configuration),
            Read::Refused(reason) => Err(reason),
        }
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
    Ok(wattsmith_engine::digest::of(text))
}
