//! Which power a board tells, and what it means.
//!
//! The instant power field (driver 530 and newer, all architectures) is preferred. Else there is
//! `nvmlDeviceGetPowerUsage`, which by NVIDIA's reference is the mean of the last second on Ampere
//! other than GA100 and on everything newer, and power at the moment before that.

use super::board::{Board, watts};
use super::explain::{explain, refusal};
use crate::probe::{Looked, Movement, Refusal};
use crate::sensor::{PowerGauge, ReadError};
use nvml_wrapper::enums::device::DeviceArchitecture;
use nvml_wrapper::error::NvmlError;
use std::sync::Arc;
use std::time::Duration;
use wattsmith_domain::{Scope, SensorReport, Source, Watts};

/// Typical systematic error of counter and instant power.
pub(super) const ERROR: f64 = 0.05;
/// The averaged value was seen to be off by so much.
const ERROR_OF_AVERAGE: f64 = 0.13;
/// What newer boards average their power over.
const AVERAGED_OVER: Duration = Duration::from_secs(1);
/// Compute capability of GA100, the one Ampere chip that does not average.
const GA100: (i32, i32) = (8, 0);
pub(crate) const INSTANT: &str = "NVIDIA GPU power, instant";
pub(crate) const AVERAGE: &str = "NVIDIA GPU power, averaged";

/// A power that answers.
pub(super) struct Power {
    pub(super) source: Source,
    pub(super) gauge: Arc<dyn PowerGauge>,
}

/// What was found of a board's power.
pub(super) struct Powers {
    /// The best one that answers, or why the last one does not.
    pub(super) gauge: Result<Power, ()>,
    /// What was looked for and does not answer.
    missing: Vec<(Source, Refusal)>,
}

/// Looks for the best power that answers.
pub(super) fn find(board: &Board) -> Powers {
    let mut missing = Vec::new();
    let ways = [
        (Source::NvmlInstant, Told::Instant),
        (meaning_of_usage(board), Told::Usage),
    ];
    for (source, told) in ways {
        let gauge = Gauge {
            board: board.clone(),
            told,
            source,
        };
        match gauge.look() {
            Ok(()) => {
                let gauge = Ok(Power {
                    source,
                    gauge: Arc::new(gauge),
                });
                return Powers { gauge, missing };
            }
            // Where both are instant, the second is only another way to ask.
            Err(why) => {
                missing.retain(|(other, _)| *other != source);
                missing.push((source, why));
            }
        }
    }
    Powers {
        gauge: Err(()),
        missing,
    }
}

impl Powers {
    /// One per power that was looked for; `movement` is that of the one that answers.
    pub(super) fn reports(&self, device: &str, movement: Option<Movement>) -> Vec<SensorReport> {
        let answers = self.gauge.as_ref().ok();
        let missing = self.missing.iter();
        missing
            // The field may be missing where the call tells the same.
            .filter(|(source, _)| answers.is_none_or(|power| power.source != *source))
            .map(|(source, why)| looked(*source, device).refused(why.clone()))
            .chain(answers.map(|power| {
                looked(power.source, device).available_as(movement, averaging_of(power.source))
            }))
            .collect()
    }
}

fn looked(source: Source, device: &str) -> Looked {
    Looked {
        name: if source == Source::NvmlAverage {
            AVERAGE
        } else {
            INSTANT
        },
        device: device.to_owned(),
        source,
        scope: Scope::GpuBoard,
        error: error_of(source),
    }
}

pub(super) fn error_of(source: Source) -> f64 {
    if source == Source::NvmlAverage {
        ERROR_OF_AVERAGE
    } else {
        ERROR
    }
}

/// None where it is not known: the stretch that the instant field looks at is nowhere documented.
pub(super) fn averaging_of(source: Source) -> Option<Duration> {
    (source == Source::NvmlAverage).then_some(AVERAGED_OVER)
}

/// What `nvmlDeviceGetPowerUsage` means on this board. Where the board does not say what it is, the
/// worse is assumed.
fn meaning_of_usage(board: &Board) -> Source {
    let capability = board
        .with(|device| device.cuda_compute_capability())
        .map(|capability| (capability.major, capability.minor));
    let instant = match board.with(|device| device.architecture()) {
        Ok(
            DeviceArchitecture::Kepler
            | DeviceArchitecture::Maxwell
            | DeviceArchitecture::Pascal
            | DeviceArchitecture::Volta
            | DeviceArchitecture::Turing,
        ) => true,
        Ok(DeviceArchitecture::Ampere) => capability.is_ok_and(|it| it == GA100),
        Ok(_) => false,
        // Drivers of before Ampere cannot tell.
        Err(_) => capability.is_ok_and(|it| it <= GA100),
    };
    if instant {
        Source::NvmlInstant
    } else {
        Source::NvmlAverage
    }
}

#[derive(Clone, Copy)]
enum Told {
    Instant,
    Usage,
}

struct Gauge {
    board: Board,
    told: Told,
    source: Source,
}

impl Gauge {
    fn milliwatts(&self) -> Result<f64, NvmlError> {
        match self.told {
            Told::Instant => self.board.instant_milliwatts(),
            Told::Usage => self.board.usage_milliwatts(),
        }
    }

    fn look(&self) -> Result<(), Refusal> {
        let milliwatts = self.milliwatts().map_err(|error| refusal(&error))?;
        match watts(milliwatts) {
            Ok(_) => Ok(()),
            Err(error) => Err(Refusal::new(error.fault, error.reason).advise(
                "Update the driver; some laptop GPUs never tell their power, and a plug at the wall \
                 does.",
            )),
        }
    }
}

impl PowerGauge for Gauge {
    fn power(&self) -> Result<Watts, ReadError> {
        let milliwatts = self
            .milliwatts()
            .map_err(|error| ReadError::unreadable(explain(&error).0))?;
        watts(milliwatts)
    }

    fn nature(&self) -> Option<(Source, f64, Option<Duration>)> {
        Some((
            self.source,
            error_of(self.source),
            averaging_of(self.source),
        ))
    }
}
