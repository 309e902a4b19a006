//! What runs beside a phase: the load, and `nvidia-smi` for comparison.

use std::collections::HashMap;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// How the load runs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    Steady,
    /// Stopped and let go again in turn.
    Bursty,
}

/// Not a multiple of any known update period.
const BURST: Duration = Duration::from_millis(730);
const PAUSE: Duration = Duration::from_millis(470);

/// The person's command, in a process group of its own.
pub struct Load {
    child: Child,
    bursts: Option<(Sender<()>, JoinHandle<()>)>,
}

impl Load {
    pub fn start(command: &str, shape: Shape, warm_up: Duration) -> Result<Self, String> {
        let child = Command::new("sh")
            .args(["-c", command])
            .process_group(0)
            .stdout(Stdio::null())
            .spawn()
            .map_err(|error| format!("the load cannot be started: {error}"))?;
        std::thread::sleep(warm_up);
        let group = child.id();
        let bursts = (shape == Shape::Bursty).then(|| {
            let (stop, stopped) = channel();
            let thread = std::thread::spawn(move || {
                let wait = |span| stopped.recv_timeout(span) == Err(RecvTimeoutError::Timeout);
                while wait(BURST) {
                    signal(group, "STOP");
                    let goes_on = wait(PAUSE);
                    signal(group, "CONT");
                    if !goes_on {
                        break;
                    }
                }
            });
            (stop, thread)
        });
        Ok(Self { child, bursts })
    }

    /// Whose children the work is done by.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// An error where it had ended by itself: then the phase was idle.
    pub fn end(mut self) -> Result<(), String> {
        if let Some((stop, thread)) = self.bursts.take() {
            drop(stop);
            let _ = thread.join();
        }
        let ended = self.child.try_wait().ok().flatten();
        signal(self.child.id(), "KILL");
        let _ = self.child.wait();
        match ended {
            Some(status) => Err(format!("the load ended before the phase did ({status})")),
            None => Ok(()),
        }
    }
}

fn signal(group: u32, name: &str) {
    let _ = Command::new("kill")
        .args([&format!("-{name}"), "--", &format!("-{group}")])
        .stderr(Stdio::null())
        .status();
}

/// `nvidia-smi` telling power ten times a second.
pub struct NvidiaSmi(Child);

impl NvidiaSmi {
    pub fn start(program: &Path) -> Option<Self> {
        Command::new(program)
            .args([
                "--query-gpu=index,power.draw",
                "--format=csv,noheader,nounits",
            ])
            .arg("--loop-ms=100")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()
            .map(Self)
    }

    /// Mean watts per board.
    pub fn end(mut self) -> HashMap<usize, f64> {
        let _ = self.0.kill();
        let mut text = String::new();
        if let Some(mut output) = self.0.stdout.take() {
            let _ = output.read_to_string(&mut text);
        }
        let _ = self.0.wait();
        let mut sums: HashMap<usize, (f64, f64)> = HashMap::new();
        for (index, watts) in text.lines().filter_map(row) {
            let sum = sums.entry(index).or_default();
            sum.0 += watts;
            sum.1 += 1.0;
        }
        sums.into_iter()
            .map(|(index, (sum, count))| (index, sum / count))
            .collect()
    }
}

/// Such as `0, 71.34`; the last line may be cut off.
fn row(line: &str) -> Option<(usize, f64)> {
    let (index, watts) = line.split_once(',')?;
    let watts: f64 = watts.trim().parse().ok()?;
    Some((index.trim().parse().ok()?, watts)).filter(|_| watts > 0.0)
}
