//! The live channel: what happens in the core, for the one window.

use super::{Answer, Core};
use crate::views;
use crate::wire::LiveEvent;
use tauri::ipc::Channel;
use tokio::sync::broadcast::error::RecvError;
use wattsmith_tuner::domain::{MonotonicNs, PowerSample, SessionId};
use wattsmith_tuner::{Event, EventKind, PhaseKind};

/// Sends live events to the window until it is closed.
#[tauri::command]
#[specta::specta]
pub async fn follow(core: Core<'_>, channel: Channel<LiveEvent>) -> Answer<()> {
    let mut events = core.watch();
    tauri::async_runtime::spawn(async move {
        let mut clock = PowerClock::default();
        loop {
            match events.recv().await {
                Ok(event) => {
                    if channel.send(clock.view(event)).is_err() {
                        return; // the window is gone
                    }
                }
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            }
        }
    });
    Ok(())
}

/// Power is shown over the seconds since its engine was started.
#[derive(Default)]
struct PowerClock {
    origin: Option<(SessionId, MonotonicNs)>,
}

impl PowerClock {
    fn view(&mut self, event: Event) -> LiveEvent {
        let session_id = event.session.0.clone();
        match event.kind {
            EventKind::Phase(phase) => {
                if phase.kind == PhaseKind::LoadingEngine {
                    self.origin = None;
                }
                LiveEvent::Phase {
                    session_id,
                    phase: views::phase(&phase),
                }
            }
            EventKind::Power(samples) => LiveEvent::Power {
                session_id,
                at_s: self.seconds(&event.session, &samples),
                watts: samples.iter().map(|sample| sample.power.0).collect(),
            },
            EventKind::Reply(text) => LiveEvent::Reply { session_id, text },
            EventKind::Answer { question, text } => LiveEvent::Answer {
                session_id,
                exchange_id: question.0,
                text,
            },
            // The phase tells it as well.
            EventKind::Note(_) => LiveEvent::Changed { session_id },
            // The record tells it, and the window reads that.
            EventKind::Changed | EventKind::MachineChanged(_) | EventKind::Fallback(_) => {
                LiveEvent::Changed { session_id }
            }
            EventKind::Failed(message) => LiveEvent::Failed {
                session_id,
                message,
            },
        }
    }

    fn seconds(&mut self, session: &SessionId, samples: &[PowerSample]) -> Vec<f64> {
        let Some(first) = samples.first() else {
            return Vec::new();
        };
        let origin = match &self.origin {
            Some((of, origin)) if of == session => *origin,
            _ => {
                self.origin = Some((session.clone(), first.at));
                first.at
            }
        };
        samples.iter().map(|one| one.at.since(origin).0).collect()
    }
}
