//! The person at the terminal: interrupts, and lines read without blocking the runtime.

use crate::Stop;
use std::future::Future;
use std::io::BufRead as _;
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};
use wattsmith_tuner::Tuner;
use wattsmith_tuner::domain::SessionId;

/// Runs `work`; on Ctrl-C or TERM cancels the session's job and waits until the work has returned,
/// so that no engine is left behind.
pub(crate) async fn interruptible<T>(
    tuner: &Arc<Tuner>,
    session: &SessionId,
    work: impl Future<Output = T>,
) -> Result<T, Stop> {
    let no_signals = |error: std::io::Error| Stop::Failed(format!("cannot watch signals: {error}"));
    let mut interrupt = signal(SignalKind::interrupt()).map_err(no_signals)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(no_signals)?;
    tokio::pin!(work);
    tokio::select! {
        done = &mut work => return Ok(done),
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    if tuner.cancel(session) {
        work.await;
    }
    Err(Stop::Interrupted)
}

/// One line of standard input; none at its end.
pub(crate) async fn line() -> Result<Option<String>, Stop> {
    tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        match std::io::stdin().lock().read_line(&mut line) {
            Ok(0) => Ok(None),
            Ok(_) => Ok(Some(line.trim_end_matches(['\n', '\r']).to_owned())),
            Err(error) => Err(Stop::Failed(format!("cannot read standard input: {error}"))),
        }
    })
    .await
    .unwrap_or_else(|error| Err(Stop::Failed(error.to_string())))
}

/// Lines of standard input up to one that holds only a full stop; none when it ends before.
pub(crate) async fn until_full_stop() -> Result<Option<String>, Stop> {
    let mut text = String::new();
    while let Some(line) = line().await? {
        if line.trim() == "." {
            return Ok(Some(text));
        }
        text.push_str(&line);
        text.push('\n');
    }
    Ok(None)
}
