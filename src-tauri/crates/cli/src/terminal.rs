//! The person at the terminal: lines to them, lines from them, interrupts.

use crate::Stop;
use std::future::Future;
use std::io::{BufRead as _, Write};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use wattsmith_tuner::domain::{SessionId, plain};
use wattsmith_tuner::{EventKind, PhaseKind, Tuner};

/// Writes at once; whether anybody reads it is no matter.
pub(crate) fn write(to: &mut impl Write, text: &str) {
    let _ = to.write_all(text.as_bytes());
    let _ = to.flush();
}

/// Why standard output took something not, the first time.
static BROKEN: Mutex<Option<String>> = Mutex::new(None);

/// Text for the person on standard output, without what a terminal would obey: much of it comes from
/// models, servers and files.
pub(crate) fn out(text: &str) {
    raw(&plain(text));
}

/// Text for programs on standard output, as it is. Work goes on where it is not taken: the figures are in
/// the store, and leaving in its middle would leave an engine behind. [`broken`] tells it at the end.
pub(crate) fn raw(text: &str) {
    let mut to = std::io::stdout();
    let written = to.write_all(text.as_bytes()).and_then(|()| to.flush());
    if let Err(error) = written {
        let mut broken = BROKEN.lock().unwrap_or_else(PoisonError::into_inner);
        broken.get_or_insert_with(|| error.to_string());
    }
}

/// Why not all that was to be said on standard output is there.
pub(crate) fn broken() -> Option<String> {
    let broken = BROKEN.lock().unwrap_or_else(PoisonError::into_inner);
    broken.clone()
}

/// Whoever sits at the terminal, while measuring commands run.
pub(crate) struct Terminal {
    interrupted: CancellationToken,
}

impl Terminal {
    /// Watches Ctrl-C, TERM and a closed terminal from now on. Their usual effect is gone with that,
    /// so every wait of the command has to go through here.
    pub(crate) fn watch() -> Result<Self, Stop> {
        let interrupted = CancellationToken::new();
        for kind in [
            SignalKind::interrupt(),
            SignalKind::terminate(),
            SignalKind::hangup(),
        ] {
            let mut signal = signal(kind)
                .map_err(|error| Stop::Failed(format!("cannot watch signals: {error}")))?;
            let interrupted = interrupted.clone();
            tokio::spawn(async move {
                signal.recv().await;
                interrupted.cancel();
            });
        }
        Ok(Self { interrupted })
    }

    /// What is cancelled when the person interrupts.
    pub(crate) fn interrupted(&self) -> &CancellationToken {
        &self.interrupted
    }

    /// Runs `work`; when interrupted, cancels the session's job and waits until the work has
    /// returned, so that no engine is left behind.
    pub(crate) async fn interruptible<T>(
        &self,
        tuner: &Arc<Tuner>,
        session: &SessionId,
        work: impl Future<Output = T>,
    ) -> Result<T, Stop> {
        tokio::pin!(work);
        let mut events = tuner.watch();
        let stop = loop {
            tokio::select! {
                done = &mut work => return Ok(done),
                () = self.interrupted.cancelled() => break Stop::Interrupted,
                event = events.recv() => {
                    if let Ok(event) = event
                        && event.session == *session
                        && let EventKind::Phase(phase) = event.kind
                        && phase.kind == PhaseKind::WaitingForHand
                        && let Err(stop) = self.until_set(tuner, session, &phase.detail).await
                    {
                        break stop;
                    }
                }
            }
        };
        if tuner.cancel(session) {
            work.await;
        }
        Err(stop)
    }

    /// Asks the person to set a server that Wattsmith did not start.
    async fn until_set(
        &self,
        tuner: &Arc<Tuner>,
        session: &SessionId,
        settings: &str,
    ) -> Result<(), Stop> {
        let question = format!(
            "\nSet this on your server, and start it again if it needs that: {}\nThen press Enter to go \
             on, or Ctrl-C to stop.\n",
            plain(settings)
        );
        write(&mut std::io::stderr(), &question);
        match self.line().await? {
            Some(_) => {
                tuner.set_by_hand(session);
                Ok(())
            }
            None => Err(Stop::Failed(format!(
                "your server has to be set by hand ({settings}), and nobody is at the terminal to do it. \
                 Set it and go on with `tune --session`"
            ))),
        }
    }

    /// One line of standard input; none at its end.
    pub(crate) async fn line(&self) -> Result<Option<String>, Stop> {
        let (reader, line) = oneshot::channel();
        // A thread of its own: the runtime would wait at its end for a read that never returns.
        std::thread::spawn(move || {
            let mut line = String::new();
            let read = std::io::stdin().lock().read_line(&mut line);
            let _ = reader.send(read.map(|bytes| (bytes > 0).then_some(line)));
        });
        tokio::select! {
            () = self.interrupted.cancelled() => Err(Stop::Interrupted),
            line = line => match line {
                Ok(Ok(line)) => Ok(line.map(|line| line.trim_end_matches(['\n', '\r']).to_owned())),
                Ok(Err(error)) => Err(Stop::Failed(format!("cannot read standard input: {error}"))),
                Err(_) => Err(Stop::Failed("cannot read standard input".to_owned())),
            },
        }
    }

    /// Lines of standard input up to one that holds only a full stop; none when it ends before.
    pub(crate) async fn until_full_stop(&self) -> Result<Option<String>, Stop> {
        let mut text = String::new();
        while let Some(line) = self.line().await? {
            if line.trim() == "." {
                return Ok(Some(text));
            }
            text.push_str(&line);
            text.push('\n');
        }
        Ok(None)
    }
}
