//! A word from the desktop when long work has ended and nobody looks at the window.
//!
//! A program of the desktop shows it (`notify-send`, or what `WATTSMITH_NOTIFY` names), since asking the
//! session bus can wait for ever.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tauri::{AppHandle, Manager as _};
use tokio::process::Command;
use tokio::sync::broadcast::error::RecvError;
use wattsmith_tuner::domain::SessionId;
use wattsmith_tuner::stats::Analysis;
use wattsmith_tuner::{Event, EventKind, Next, PhaseKind, Tuner};

/// Names the program that shows a word; empty: none does.
const PROGRAM: &str = "WATTSMITH_NOTIFY";
const USUAL: &str = "notify-send";
/// Shorter work was waited for.
const LONG: Duration = Duration::from_secs(60);
/// How long that program may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Watches the core until the app ends.
pub(crate) fn watch(app: AppHandle, tuner: Arc<Tuner>) {
    let mut events = tuner.watch();
    tauri::async_runtime::spawn(async move {
        let mut work = Work::default();
        loop {
            match events.recv().await {
                Ok(event) => {
                    let looked_at = || {
                        let window = app.get_webview_window("main");
                        window.is_some_and(|window| window.is_focused().unwrap_or(true))
                    };
                    if work.has_ended(&event, Instant::now()) && !looked_at() {
                        tell(&tuner, &event.session).await;
                    }
                }
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            }
        }
    });
}

/// Since when each session works.
#[derive(Debug, Default)]
struct Work(HashMap<SessionId, Instant>);

impl Work {
    /// Whether this is the end of work that took long.
    fn has_ended(&mut self, event: &Event, now: Instant) -> bool {
        match &event.kind {
            EventKind::Phase(phase) if phase.kind != PhaseKind::Idle => {
                self.0.entry(event.session.clone()).or_insert(now);
                false
            }
            EventKind::Phase(_) | EventKind::Failed(_) => {
                let begun = self.0.remove(&event.session);
                begun.is_some_and(|begun| now.duration_since(begun) >= LONG)
            }
            _ => false,
        }
    }
}

async fn tell(tuner: &Tuner, session: &SessionId) {
    let Ok(record) = tuner.record(session).await else {
        return;
    };
    let next = match Next::of(&record, &Analysis::of(&record)) {
        Next::Ended(_) => "The session has ended; its report is ready.",
        Next::Decide(_) => "A proposal waits for you.",
        Next::Confirm(_) => "The goal seems reached; a confirmation decides.",
        Next::Busy(_) => "Other programs keep the machine busy; you decide.",
        _ => "What was running has ended.",
    };
    let program = std::env::var(PROGRAM).unwrap_or_else(|_| USUAL.to_owned());
    if let Err(error) = show(&program, &record.session.name, next).await {
        tracing::debug!("{program} showed nothing: {error}");
    }
}

/// Runs the program with a title and a text, and ends it where it takes too long.
async fn show(program: &str, title: &str, text: &str) -> std::io::Result<()> {
    if program.is_empty() {
        return Ok(());
    }
    let mut child = Command::new(program)
        .args(["--app-name=Wattsmith", "--", title, text])
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    match tokio::time::timeout(PATIENCE, child.wait()).await {
        Ok(status) => status.map(|_| ()),
        Err(_) => child.kill().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;
    use wattsmith_tuner::Phase;

    fn event(session: &str, kind: PhaseKind) -> Event {
        Event {
            session: SessionId(session.to_owned()),
            kind: EventKind::Phase(Phase {
                kind,
                ..Phase::default()
            }),
        }
    }

    #[test]
    fn only_the_end_of_long_work_is_told_and_once() {
        let mut work = Work::default();
        let begun = Instant::now();
        let later = |seconds| begun + Duration::from_secs(seconds);
        assert!(!work.has_ended(&event("a", PhaseKind::LoadingEngine), begun));
        assert!(!work.has_ended(&event("b", PhaseKind::Asking), later(50)));
        assert!(!work.has_ended(&event("a", PhaseKind::Measuring), later(55)));
        assert!(!work.has_ended(&event("b", PhaseKind::Idle), later(70)));
        assert!(work.has_ended(&event("a", PhaseKind::Idle), later(61)));
        assert!(!work.has_ended(&event("a", PhaseKind::Idle), later(62)));
    }

    #[tokio::test]
    async fn the_program_gets_title_and_text_as_they_are_and_is_ended_when_it_hangs() {
        let folder = tempfile::tempdir().unwrap();
        let heard = folder.path().join("heard");
        let script = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
            path.display().to_string()
        };
        let notes = script(
            "notes",
            &format!("printf '%s|' \"$@\" > {}", heard.display()),
        );
        show(&notes, "--urgent $(date)", "done").await.unwrap();
        let said = std::fs::read_to_string(&heard).unwrap();
        assert_eq!(said, "--app-name=Wattsmith|--|--urgent $(date)|done|");
        assert!(show("/no/such/program", "a", "b").await.is_err());
        show("", "a", "b").await.unwrap();
        let hangs = script("hangs", "exec sleep 60");
        let begun = Instant::now();
        show(&hangs, "a", "b").await.unwrap();
        assert!(begun.elapsed() < Duration::from_secs(50));
    }
}
