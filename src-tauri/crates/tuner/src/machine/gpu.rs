//! The power limit and the clock of NVIDIA boards, set for a trial and put back after it.
//!
//! Setting needs an administrator, so a small program does it ([`hold`]): started once through
//! pkexec, it stays at the other end of a pipe, obeys one line per board and puts everything back
//! when the pipe closes. This module decides what has to be said: [`GpuControl::apply`] before an
//! engine starts, [`GpuControl::restore`] when a step ends, however it ends, and
//! [`GpuControl::recover`] at start, for boards that a power cut or a kill of the program itself
//! left changed.

mod hold;
mod refused;

pub use hold::{GpuAccess, GpuPermission};

use crate::error::TunerError;
use crate::machine::models::blocking;
use hold::{Hold, Reply};
pub(crate) use refused::Refused;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;
use wattsmith_domain::{Configuration, Difference, Finding, Machine, Severity, Watts};
use wattsmith_engine::{GPU_CLOCK_LOCK, GPU_POWER_LIMIT, GpuSetting, gpu_knobs, gpu_settings};
use wattsmith_gpu_control::{Verb, left, power_limit};

/// Power limits that differ by less are the same: NVML counts milliwatts.
const SAME_W: f64 = 0.5;

/// The one way to the boards' settings. The lock is held while boards are being set.
pub(crate) struct GpuControl {
    access: Arc<GpuAccess>,
    /// Replaces the driver's own library.
    library: Option<PathBuf>,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    hold: Option<Hold>,
    /// What was asked last, and what came of it.
    settings: Vec<GpuSetting>,
    used: Vec<GpuUsed>,
    /// Boards that are not as they were.
    changed: Vec<String>,
}

/// What a board uses.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct GpuUsed {
    name: String,
    power_limit: Option<Watts>,
    clock_mhz: Option<u32>,
}

impl GpuControl {
    pub(crate) fn new(access: GpuAccess, library: Option<PathBuf>) -> Self {
        Self {
            access: Arc::new(access),
            library,
            held: Mutex::default(),
        }
    }

    /// Sets every board as `configuration` asks. Asks for permission only when something has to
    /// change; boards that have what is asked are not touched, and neither is any board where the
    /// configuration holds no such knob.
    ///
    /// # Errors
    /// [`TunerError::GpuControl`], and nothing stays changed.
    pub(crate) async fn apply(
        &self,
        machine: &Machine,
        configuration: &Configuration,
        cancel: &CancellationToken,
    ) -> Result<Vec<Difference>, TunerError> {
        let settings = gpu_settings(machine, configuration);
        let asked = [GPU_POWER_LIMIT, GPU_CLOCK_LOCK].map(|knob| configuration.get(knob).is_some());
        if settings.is_empty() && asked.contains(&true) {
            return Err(Refused::NoBoard.into());
        }
        let mut held = self.held.lock().await;
        if held.settings != settings {
            self.put_back(&mut held).await;
            match self.set(&mut held, &settings, cancel).await {
                Ok(used) => {
                    held.settings = settings;
                    held.used = used;
                }
                Err(error) => {
                    self.put_back(&mut held).await;
                    return Err(error);
                }
            }
        }
        Ok(differences(
            machine,
            configuration,
            &held.settings,
            &held.used,
        ))
    }

    /// Puts every board back that was changed. The program stays, so that nobody is asked again.
    pub(crate) async fn restore(&self) {
        self.put_back(&mut *self.held.lock().await).await;
    }

    /// Puts every board back and ends the program.
    pub(crate) async fn end(&self) {
        let mut held = self.held.lock().await;
        self.put_back(&mut held).await;
        if let Some(hold) = held.hold.take() {
            hold.end().await;
        }
    }

    async fn set(
        &self,
        held: &mut Held,
        settings: &[GpuSetting],
        cancel: &CancellationToken,
    ) -> Result<Vec<GpuUsed>, TunerError> {
        let mut used = Vec::new();
        for setting in settings {
            let mut own = GpuUsed {
                name: setting.name.clone(),
                power_limit: self.power_limit(&setting.uuid).await,
                clock_mhz: None,
            };
            for verb in verbs(setting, own.power_limit) {
                held.changed.retain(|uuid| *uuid != setting.uuid);
                held.changed.push(setting.uuid.clone());
                let reply = self.say(held, &verb, cancel).await?;
                own.power_limit = reply.power_limit_w.map(Watts).or(own.power_limit);
                own.clock_mhz = reply.clock_lock_mhz.or(own.clock_mhz);
            }
            used.push(own);
        }
        Ok(used)
    }

    async fn say(
        &self,
        held: &mut Held,
        verb: &Verb,
        cancel: &CancellationToken,
    ) -> Result<Reply, TunerError> {
        let said = match &mut held.hold {
            Some(hold) => hold.say(verb).await,
            none => {
                // The person may take long to find the password, or think better of it.
                let begun = tokio::select! {
                    begun = Hold::begin(&self.access, self.library.as_deref(), verb) => begun,
                    () = cancel.cancelled() => return Err(TunerError::Cancelled),
                };
                begun.map(|(hold, reply)| {
                    *none = Some(hold);
                    reply
                })
            }
        };
        said.map_err(|refused| {
            if refused == Refused::Gone {
                // Its end has put the boards back.
                *held = Held::default();
            }
            refused.into()
        })
    }

    async fn put_back(&self, held: &mut Held) {
        held.settings.clear();
        held.used.clear();
        for uuid in std::mem::take(&mut held.changed) {
            let Some(hold) = &mut held.hold else {
                return; // nothing was ever set
            };
            if let Err(refused) = hold.say(&Verb::Reset { uuid: uuid.clone() }).await {
                tracing::warn!("{uuid}: {refused}");
                // Closing its pipe makes it try once more.
                if let Some(hold) = held.hold.take() {
                    hold.end().await;
                }
                return;
            }
        }
    }

    async fn power_limit(&self, uuid: &str) -> Option<Watts> {
        let (library, uuid) = (self.library.clone(), uuid.to_owned());
        blocking(move || power_limit(library.as_deref(), &uuid))
            .await
            .ok()
            .flatten()
    }

    /// Puts boards back that a program which is gone left changed, where no permission has to be
    /// asked for; gives those that are still changed.
    pub(crate) async fn recover(&self) -> Vec<StillChanged> {
        for board in self.still_changed().await {
            let library = self.library.as_deref();
            match self.access.reset(library, &board.uuid).await {
                Ok(()) => tracing::info!("{} was put back as it was", board.uuid),
                Err(Refused::WouldAsk) => {}
                Err(refused) => tracing::warn!("{}: {refused}", board.uuid),
            }
        }
        self.still_changed().await
    }

    /// Boards that a program which is gone left changed.
    pub(crate) async fn still_changed(&self) -> Vec<StillChanged> {
        let mut changed = Vec::new();
        for board in left(&self.access.state_folder()) {
            let limit_is_back = board.power_limit.is_none()
                || board.power_limit == self.power_limit(&board.uuid).await;
            if !limit_is_back || board.clocks_locked {
                changed.push(StillChanged {
                    command: self.access.command_to_reset(&board.uuid),
                    uuid: board.uuid,
                    power_limit: board.power_limit,
                    clocks_locked: board.clocks_locked,
                });
            }
        }
        changed
    }
}

/// A board that a trial which was ended by force left changed.
#[derive(Debug, Clone, PartialEq)]
pub struct StillChanged {
    /// The board.
    pub uuid: String,
    /// Its power limit before, where that was changed.
    pub power_limit: Option<Watts>,
    /// Whether its clocks are locked.
    pub clocks_locked: bool,
    /// What puts it back, to paste into a shell.
    pub command: String,
}

impl StillChanged {
    /// The same as the doctor says it.
    #[must_use]
    pub fn finding(&self) -> Finding {
        Finding::new(
            Severity::Problem,
            "gpu-still-changed",
            "A GPU still has the settings of a trial",
            format!("{self} Figures measured now are figures under these settings."),
        )
        .command("Put it back:", self.command.clone())
        .advise("Restarting the machine puts it back, too.")
    }
}

impl fmt::Display for StillChanged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let before = match (self.power_limit, self.clocks_locked) {
            (Some(watts), false) => format!("its power limit was {watts} before"),
            (Some(watts), true) => format!("its power limit was {watts} before, its clock free"),
            (None, _) => "its clock was free before".to_owned(),
        };
        write!(
            f,
            "The GPU {} still has the settings of a trial that was ended by force: {before}.",
            self.uuid
        )
    }
}

/// What has to be said so that a board gets this setting.
fn verbs(setting: &GpuSetting, now: Option<Watts>) -> Vec<Verb> {
    let uuid = || setting.uuid.clone();
    let power = setting
        .power_limit
        .filter(|wanted| now.is_none_or(|now| (now.0 - wanted.0).abs() >= SAME_W));
    let power = power.map(|wanted| Verb::SetPowerLimit {
        uuid: uuid(),
        milliwatts: (wanted.0 * 1e3).round() as u32,
    });
    let clock = setting.clock_mhz.flatten();
    let clock = clock.map(|mhz| Verb::LockClocks { uuid: uuid(), mhz });
    power.into_iter().chain(clock).collect()
}

/// What was asked and is not used, board by board.
fn differences(
    machine: &Machine,
    configuration: &Configuration,
    settings: &[GpuSetting],
    used: &[GpuUsed],
) -> Vec<Difference> {
    let knobs = gpu_knobs(machine);
    let mut differences = Vec::new();
    for (knob, unit) in [(GPU_POWER_LIMIT, "W"), (GPU_CLOCK_LOCK, "MHz")] {
        let Some(asked) = configuration.int(knob) else {
            continue;
        };
        let is_default = knobs
            .iter()
            .any(|one| one.name == knob && Some(&one.default) == configuration.get(knob));
        for (setting, used) in settings.iter().zip(used) {
            // At the knob's default every board has its own.
            let (expected, has) = match (knob, is_default) {
                (GPU_POWER_LIMIT, true) => (setting.power_limit.map(|one| one.0), used.power_limit),
                (GPU_POWER_LIMIT, false) => (Some(asked as f64), used.power_limit),
                (_, true) => continue,
                (_, false) => (
                    Some(asked as f64),
                    used.clock_mhz.map(|mhz| Watts(f64::from(mhz))),
                ),
            };
            let (Some(expected), Some(Watts(has))) = (expected, has) else {
                continue;
            };
            if (expected - has).abs() >= SAME_W {
                differences.push(Difference {
                    name: knob.to_owned(),
                    asked: format!("{asked} {unit}"),
                    used: format!("{has} {unit} ({})", used.name),
                });
            }
        }
    }
    differences
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(power_limit: Option<f64>, clock_mhz: Option<Option<u32>>) -> GpuSetting {
        GpuSetting {
            uuid: "GPU-aa".to_owned(),
            name: "a GPU".to_owned(),
            power_limit: power_limit.map(Watts),
            clock_mhz,
        }
    }

    #[test]
    fn nothing_is_said_to_a_board_that_has_what_is_asked() {
        let words = |setting, now| {
            verbs(&setting, now)
                .iter()
                .map(Verb::to_string)
                .collect::<Vec<_>>()
        };
        let has = Some(Watts(350.0));
        assert!(words(setting(Some(350.0), Some(None)), has).is_empty());
        assert!(words(setting(None, None), None).is_empty());
        assert_eq!(
            words(setting(Some(300.0), Some(Some(1410))), has),
            ["set-power-limit GPU-aa 300.000", "lock-clocks GPU-aa 1410"]
        );
        // What cannot be read is set.
        assert_eq!(
            words(setting(Some(350.0), None), None),
            ["set-power-limit GPU-aa 350.000"]
        );
    }
}
