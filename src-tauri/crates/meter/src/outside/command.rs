//! A program that prints a number, per line or once per run. It is started without a shell, in a
//! process group of its own that is killed when it is no longer needed.

use super::Reading;
use crate::sensor::ReadError;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use wattsmith_domain::CommandMode;

/// How long a program that prints once may take, and a stream until its first line.
const PATIENCE: Duration = Duration::from_secs(3);
/// A stream that ended is started again, but not more often than this.
const START_AGAIN: Duration = Duration::from_secs(5);
/// Bytes of a line; what is longer is no number.
const LONGEST_LINE: u64 = 4096;

/// A program to read from.
pub(super) struct Program {
    argv: Vec<String>,
    mode: CommandMode,
    /// A last line older than this is no reading any more.
    stale: Duration,
    stream: Mutex<Option<Stream>>,
}

impl Program {
    pub(super) fn new(argv: &[String], mode: CommandMode, stale: Duration) -> Self {
        Self {
            argv: argv.to_vec(),
            mode,
            stale,
            stream: Mutex::default(),
        }
    }

    fn name(&self) -> &str {
        self.argv.first().map_or("", String::as_str)
    }

    fn start(&self) -> Result<Group, ReadError> {
        Command::new(self.name())
            .args(self.argv.iter().skip(1))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .map(Group)
            .map_err(|error| ReadError(format!("{} cannot be started: {error}", self.name())))
    }

    fn once(&self) -> Result<f64, ReadError> {
        let last = Stream::begin(self.start()?);
        let said = last.wait(PATIENCE, |lines| lines.ended.is_some());
        match (&said.latest, &said.ended) {
            (Some((line, _)), Some(_)) => number(self.name(), line),
            (None, Some(how)) => Err(ReadError(format!(
                "{} {how} and printed nothing",
                self.name()
            ))),
            (_, None) => Err(ReadError(format!(
                "{} did not end within {} s; is it a stream?",
                self.name(),
                PATIENCE.as_secs()
            ))),
        }
    }

    fn streamed(&self) -> Result<f64, ReadError> {
        let mut stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        let over = |stream: &Stream| stream.has_ended() && stream.begun.elapsed() > START_AGAIN;
        if stream.as_ref().is_none_or(over) {
            *stream = Some(Stream::begin(self.start()?));
        }
        let Some(stream) = stream.as_ref() else {
            return Err(ReadError(format!("{} is not running", self.name())));
        };
        let said = stream.wait(PATIENCE.saturating_sub(stream.begun.elapsed()), |lines| {
            lines.latest.is_some() || lines.ended.is_some()
        });
        if let Some(how) = &said.ended {
            return Err(ReadError(format!("{} {how}", self.name())));
        }
        match &said.latest {
            None => Err(ReadError(format!(
                "{} has printed nothing yet",
                self.name()
            ))),
            Some((_, at)) if at.elapsed() > self.stale => Err(ReadError(format!(
                "{} has printed nothing for {:.0} s",
                self.name(),
                at.elapsed().as_secs_f64()
            ))),
            Some((line, _)) => number(self.name(), line),
        }
    }
}

impl Reading for Program {
    fn value(&self) -> Result<f64, ReadError> {
        match self.mode {
            CommandMode::Once => self.once(),
            CommandMode::Stream => self.streamed(),
        }
    }
}

fn number(program: &str, line: &str) -> Result<f64, ReadError> {
    line.trim().parse().map_err(|_| {
        ReadError(format!(
            "{program} printed {:?}, which is no number",
            line.trim()
        ))
    })
}

/// A process with its group, killed when dropped.
struct Group(Child);

impl Drop for Group {
    fn drop(&mut self) {
        if let Ok(pid) = i32::try_from(self.0.id()) {
            // The group may outlive its leader, so it is killed whether that has ended or not. It
            // has not been waited for, so its number cannot belong to anybody else.
            let _ = killpg(Pid::from_raw(pid), Signal::SIGKILL);
        }
        let _ = self.0.wait();
    }
}

#[derive(Default)]
struct Lines {
    latest: Option<(String, Instant)>,
    /// How it ended.
    ended: Option<String>,
}

/// A program whose lines a thread reads.
struct Stream {
    lines: Arc<(Mutex<Lines>, Condvar)>,
    begun: Instant,
    _group: Group,
}

impl Stream {
    fn begin(mut group: Group) -> Self {
        let lines: Arc<(Mutex<Lines>, Condvar)> = Arc::default();
        let output = group.0.stdout.take();
        let heard = Arc::clone(&lines);
        // It ends with the program's standard output, at the latest when the group is killed.
        std::thread::spawn(move || {
            let mut output = output.map(BufReader::new);
            loop {
                let mut line = String::new();
                let read = output
                    .as_mut()
                    .map(|output| output.take(LONGEST_LINE).read_line(&mut line));
                let mut lines = heard.0.lock().unwrap_or_else(PoisonError::into_inner);
                match read {
                    Some(Ok(read)) if read > 0 => {
                        if !line.trim().is_empty() {
                            lines.latest = Some((line, Instant::now()));
                        }
                    }
                    Some(Err(_)) => lines.ended = Some("printed what is no text".to_owned()),
                    _ => lines.ended = Some("has ended".to_owned()),
                }
                heard.1.notify_all();
                if lines.ended.is_some() {
                    return;
                }
            }
        });
        Self {
            lines,
            begun: Instant::now(),
            _group: group,
        }
    }

    fn has_ended(&self) -> bool {
        let lines = self.lines.0.lock();
        lines
            .unwrap_or_else(PoisonError::into_inner)
            .ended
            .is_some()
    }

    /// Its lines, as soon as they are `enough` or time is up.
    fn wait(&self, most: Duration, enough: impl Fn(&Lines) -> bool) -> MutexGuard<'_, Lines> {
        let lines = self.lines.0.lock().unwrap_or_else(PoisonError::into_inner);
        self.lines
            .1
            .wait_timeout_while(lines, most, |lines| !enough(lines))
            .unwrap_or_else(PoisonError::into_inner)
            .0
    }
}
