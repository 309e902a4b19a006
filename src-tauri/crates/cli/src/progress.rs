//! What runs, on the terminal: one line that is rewritten where standard error is a terminal, a line
//! per phase where it is not; JSON lines on standard output with `--json`.

use crate::terminal::{raw, write};
use std::io::IsTerminal as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio::task::JoinHandle;
use wattsmith_tuner::domain::SessionId;
use wattsmith_tuner::{Event, EventKind, Phase, PhaseKind, Tuner};

/// Shows a session's events until it is dropped.
pub(crate) struct Progress {
    task: JoinHandle<()>,
}

impl Progress {
    pub(crate) fn show(tuner: &Arc<Tuner>, session: &SessionId, json: bool) -> Self {
        let events = tuner.watch();
        let session = session.clone();
        let task = tokio::spawn(async move {
            if json {
                as_json(events, session).await;
            } else {
                as_text(events, session, std::io::stderr().is_terminal()).await;
            }
        });
        Self { task }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.task.abort();
        clear_line(std::io::stderr().is_terminal());
    }
}

async fn next(events: &mut Receiver<Event>, session: &SessionId) -> Option<EventKind> {
    loop {
        match events.recv().await {
            Ok(event) if event.session == *session => return Some(event.kind),
            Ok(_) | Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return None,
        }
    }
}

async fn as_json(mut events: Receiver<Event>, session: SessionId) {
    let mut last = PhaseKind::Idle;
    while let Some(kind) = next(&mut events, &session).await {
        if let EventKind::Note(text) = &kind {
            json_line(&serde_json::json!({ "event": "note", "text": text }));
        }
        if let EventKind::Phase(phase) = kind
            && phase.kind != last
        {
            last = phase.kind;
            if phase.kind != PhaseKind::Idle {
                json_line(&serde_json::json!({
                    "event": "phase",
                    "phase": phase.kind.label(),
                    "detail": phase.detail,
                }));
            }
        }
    }
}

async fn as_text(mut events: Receiver<Event>, session: SessionId, terminal: bool) {
    let mut phase = Phase::default();
    let mut watts: Option<f64> = None;
    let mut clock = tokio::time::interval(Duration::from_secs(1));
    loop {
        tokio::select! {
            _ = clock.tick() => if terminal { rewrite(&phase, watts) },
            event = next(&mut events, &session) => match event {
                None => return,
                Some(EventKind::Phase(new)) => {
                    let changed = new.kind != phase.kind || new.detail != phase.detail;
                    phase = new;
                    if changed {
                        watts = None;
                        if terminal {
                            rewrite(&phase, watts);
                        } else if phase.kind != PhaseKind::Idle {
                            let line = format!("  {} ({})\n", phase.kind.label(), phase.detail);
                            write(&mut std::io::stderr(), &line);
                        }
                    }
                }
                Some(EventKind::Note(text)) => {
                    clear_line(terminal);
                    write(&mut std::io::stderr(), &format!("  note: {text}\n"));
                }
                Some(EventKind::Power(samples)) => {
                    watts = samples.last().map(|sample| sample.power.0).or(watts);
                }
                Some(_) => {}
            }
        }
    }
}

fn rewrite(phase: &Phase, watts: Option<f64>) {
    if phase.kind == PhaseKind::Idle {
        return;
    }
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0.0, |span| span.as_secs_f64() * 1e3);
    let elapsed = (now - phase.started_at_ms).max(0.0) / 1e3;
    let mut line = format!(
        "  {} · {} · {elapsed:.0} s",
        phase.kind.label(),
        phase.detail
    );
    if let Some(part) = phase.progress {
        line.push_str(&format!(" · {:.0} %", part * 100.0));
    } else if let Some(expected) = phase.expected_s {
        line.push_str(&format!(" of about {expected:.0} s"));
    }
    if let Some(watts) = watts {
        line.push_str(&format!(" · {watts:.1} W"));
    }
    write(&mut std::io::stderr(), &format!("\r\x1b[2K{line}"));
}

pub(crate) fn clear_line(terminal: bool) {
    if terminal {
        write(&mut std::io::stderr(), "\r\x1b[2K");
    }
}

/// One JSON object on a line of its own.
pub(crate) fn json_line(value: &serde_json::Value) {
    raw(&format!("{value}\n"));
}

/// How a command ended, in the last object of its JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// It did what was asked.
    Complete,
    /// It did not.
    Failed,
    /// Ctrl-C or TERM.
    Interrupted,
    /// Wrong words.
    Usage,
}

impl Ended {
    fn word(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
            Self::Usage => "usage",
        }
    }
}

/// Whether the last object was written.
static LAST: AtomicBool = AtomicBool::new(false);

/// The last object of a command: whoever reads JSON always gets one, and can tell by `ended` how it went.
pub(crate) fn last(mut value: serde_json::Value, ended: Ended) {
    value["ended"] = ended.word().into();
    LAST.store(true, Ordering::Relaxed);
    json_line(&value);
}

/// The last object of a command that failed before it had one.
pub(crate) fn last_of_failure(ended: Ended, cause: Option<&str>, message: &str, code: u8) {
    if !LAST.load(Ordering::Relaxed) {
        let value = serde_json::json!({
            "event": "result",
            "cause": cause,
            "message": message,
            "exit_code": code,
        });
        last(value, ended);
    }
}
