//! A running program whose lines a thread reads.

use super::burst::{Burst, PAUSE, is_above};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Child;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Bytes of a line; what is longer is no number.
const LONGEST_LINE: u64 = 4096;
/// Lines of a program that ends which are kept.
const MOST_LINES: usize = 1024;
/// How long lines that do not pause are waited for.
const SETTLED_AT_LAST: Duration = Duration::from_millis(300);

/// A process with its group, killed when dropped.
pub(super) struct Group(pub(super) Child);

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

/// What a program has printed.
#[derive(Default)]
pub(super) struct Lines {
    /// Its first line that is not empty.
    pub(super) first: Option<String>,
    /// The lines behind it, up to some number.
    rest: Vec<String>,
    /// What came last, together.
    pub(super) newest: Option<Burst>,
    /// How it ended.
    pub(super) ended: Option<String>,
}

impl Lines {
    fn take(&mut self, line: String, at: Instant) {
        match self.first {
            None => self.first = Some(line.clone()),
            Some(_) if self.rest.len() < MOST_LINES => self.rest.push(line.clone()),
            Some(_) => {}
        }
        match &mut self.newest {
            None if is_above(&line) => self.newest = Some(Burst::new(Some(line), at)),
            None => {
                let mut burst = Burst::new(None, at);
                burst.take(line, at);
                self.newest = Some(burst);
            }
            // Some programs repeat their first line now and then.
            Some(burst) if burst.above.as_ref() == Some(&line) => {}
            Some(burst) => burst.take(line, at),
        }
    }

    /// The line above the numbers, if there is one with something below it, and all others.
    pub(super) fn all(&self) -> (Option<String>, Vec<String>) {
        let first = self.first.iter();
        match (&self.first, self.rest.is_empty()) {
            (Some(line), false) if is_above(line) => (Some(line.clone()), self.rest.clone()),
            _ => (None, first.chain(&self.rest).cloned().collect()),
        }
    }
}

/// A program whose lines a thread reads.
pub(super) struct Stream {
    lines: Arc<(Mutex<Lines>, Condvar)>,
    pub(super) begun: Instant,
    _group: Group,
}

impl Stream {
    pub(super) fn begin(mut group: Group) -> Self {
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
                            lines.take(line, Instant::now());
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

    pub(super) fn has_ended(&self) -> bool {
        self.lines().ended.is_some()
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.lines.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its lines, as soon as they are `enough` or time is up.
    pub(super) fn wait(
        &self,
        most: Duration,
        enough: impl Fn(&Lines) -> bool,
    ) -> MutexGuard<'_, Lines> {
        self.lines
            .1
            .wait_timeout_while(self.lines(), most, |lines| !enough(lines))
            .unwrap_or_else(PoisonError::into_inner)
            .0
    }

    /// What was printed last, once it is known that no more belongs to it. A line that has only a
    /// name is a value that is none.
    pub(super) fn settled(&self) -> Burst {
        let begin = Instant::now();
        loop {
            let burst = self.lines().newest.clone();
            let burst = burst.unwrap_or_else(|| Burst::new(None, begin));
            let pause = PAUSE.saturating_sub(burst.age());
            if pause.is_zero() || burst.is_endless() || begin.elapsed() > SETTLED_AT_LAST {
                return match (burst.is_empty(), burst.above.clone()) {
                    (true, Some(above)) => {
                        let mut only = Burst::new(None, begin);
                        only.lines.push(above);
                        only
                    }
                    _ => burst,
                };
            }
            std::thread::sleep(pause);
        }
    }
}
