//! A program that prints a number, per line or once per run. It is started without a shell, in a
//! process group of its own that is killed when it is no longer needed.

mod burst;
mod stream;

use super::printed::{FLUSH, Manner};
use super::refusal::MeterRefusal;
use super::{Reading, Value};
use burst::Burst;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use stream::{Group, Stream};
use wattsmith_domain::{CommandMode, MeterUnit, Part, SensorFault};

/// How long a program that prints once may take, and a stream until its first number.
const PATIENCE: Duration = Duration::from_secs(3);
/// A stream that ended is started again, but not more often than this.
const START_AGAIN: Duration = Duration::from_secs(5);

/// A program to read from.
pub(super) struct Program {
    argv: Vec<String>,
    mode: CommandMode,
    manner: Manner,
    /// Last lines older than this are no reading any more.
    stale: Duration,
    running: Mutex<Running>,
}

#[derive(Default)]
struct Running {
    stream: Option<Stream>,
    /// How many lines the stream prints at once, as its first reading showed.
    at_once: Option<usize>,
}

impl Program {
    pub(super) fn new(
        argv: &[String],
        mode: CommandMode,
        (unit, part): (MeterUnit, &Part),
        stale: Duration,
    ) -> Self {
        Self {
            argv: argv.to_vec(),
            mode,
            manner: Manner {
                program: argv.first().cloned().unwrap_or_default(),
                unit,
                part: part.clone(),
            },
            stale,
            running: Mutex::default(),
        }
    }

    fn start(&self) -> Result<Group, MeterRefusal> {
        Command::new(&self.manner.program)
            .args(self.argv.iter().skip(1))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .map(Group)
            .map_err(|error| self.manner.refused(format!("cannot be started: {error}")))
    }

    fn once(&self) -> Result<f64, MeterRefusal> {
        let run = Stream::begin(self.start()?);
        let said = run.wait(PATIENCE, |lines| lines.ended.is_some());
        match &said.ended {
            None => Err(self.manner.refused(format!(
                "did not end within {} s; is it a stream?",
                PATIENCE.as_secs()
            ))),
            Some(how) if said.first.is_none() => {
                Err(self.manner.refused(format!("{how} and printed nothing")))
            }
            Some(_) => {
                let (above, lines) = said.all();
                self.manner.value(above.as_deref(), &lines)
            }
        }
    }

    fn streamed(&self) -> Result<f64, MeterRefusal> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let over = |stream: &Stream| stream.has_ended() && stream.begun.elapsed() > START_AGAIN;
        if running.stream.as_ref().is_none_or(over) {
            *running = Running {
                stream: Some(Stream::begin(self.start()?)),
                at_once: None,
            };
        }
        let usual = running.at_once;
        let Some(stream) = running.stream.as_ref() else {
            return Err(self.manner.refused("is not running".to_owned()));
        };
        let burst = self.newest(stream)?;
        let value = self.manner.value(burst.above.as_deref(), &burst.lines)?;
        let count = burst.lines.len();
        if let Some(rounds) = burst.rounds() {
            return Err(MeterRefusal::new(
                SensorFault::SeveralValues,
                format!(
                    "{} prints {rounds} lines one shortly after the other and then pauses, so each is \
                     of another thing: let it print them together (on one line), and say which one is \
                     meant (channel) or that they add (sum)",
                    self.manner.program
                ),
            ));
        }
        match usual {
            Some(usual) if usual != count => Err(MeterRefusal::new(
                SensorFault::SeveralValues,
                format!(
                    "{} printed {count} lines at once, and {usual} before: which is which cannot be \
                     told",
                    self.manner.program
                ),
            )),
            _ => {
                running.at_once = Some(count);
                Ok(value)
            }
        }
    }

    /// The lines that were printed last, together.
    fn newest(&self, stream: &Stream) -> Result<Burst, MeterRefusal> {
        let manner = &self.manner;
        let patience = PATIENCE.saturating_sub(stream.begun.elapsed());
        let said = stream.wait(patience, |lines| {
            lines.newest.as_ref().is_some_and(|burst| !burst.is_empty()) || lines.ended.is_some()
        });
        if let Some(how) = &said.ended {
            return Err(manner.refused(how.clone()));
        }
        if said.first.is_none() {
            return Err(manner.refused(format!("has printed nothing yet; {FLUSH}")));
        }
        drop(said);
        let burst = stream.settled();
        let age = burst.age();
        if age > self.stale {
            let hint = match burst.lines.len() {
                0..=1 => String::new(),
                count => format!(" after {count} lines at once; {FLUSH}"),
            };
            return Err(MeterRefusal::new(
                SensorFault::Stale,
                format!(
                    "{} has printed nothing for {:.0} s{hint}",
                    manner.program,
                    age.as_secs_f64()
                ),
            ));
        }
        Ok(burst)
    }
}

impl Reading for Program {
    fn value(&self) -> Result<Value, MeterRefusal> {
        let number = match self.mode {
            CommandMode::Once => self.once(),
            CommandMode::Stream => self.streamed(),
        }?;
        Ok(Value::of_now(number))
    }
}
