//! What was recorded, and the figures of any window within it.

use crate::conditions::ConditionLog;
use crate::cpu::CpuLog;
use crate::error::MeterError;
use crate::estimate::Prices;
use crate::meter::scope_of;
use crate::sensor::{Device, Info};
use crate::series::{Hole, Series};
use std::time::Duration;
use wattsmith_domain::{
    BesideEnergy, CpuUse, DeviceEnergy, Energy, Joules, MonotonicNs, PowerSample, Scope, Seconds,
    Source, Watts,
};

/// Periods that may pass without a sample.
const MOST_PERIODS: u32 = 5;
/// A counter that stands still for so long inside a window has frozen: on a device that is on, it
/// moves ten times a second.
const MOST_STILL: Seconds = Seconds(2.0);
/// A counter that moves more seldom may stand still for so many of its own steps.
const MOST_STEPS_STILL: f64 = 3.0;
/// What the estimate is called where devices are listed.
pub(crate) const ESTIMATE_DEVICE: &str = "CPU time";

/// Every sample between beginning and end of a recording.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// None for the estimate.
    pub(crate) devices: Vec<DeviceLog>,
    /// Meters of another scope.
    pub(crate) beside: Vec<DeviceLog>,
    pub(crate) cpu: CpuLog,
    pub(crate) on_battery: bool,
    pub(crate) not_covered: Option<String>,
    /// What the estimate charges.
    pub(crate) prices: Prices,
}

/// What one device told.
#[derive(Debug, Clone)]
pub(crate) struct DeviceLog {
    pub(crate) info: Info,
    /// Joules over time, where it counts them.
    pub(crate) counter: Option<Series>,
    /// Watts over time, where it tells them.
    pub(crate) gauge: Option<Series>,
    /// Heat, clocks and company, where it tells.
    pub(crate) conditions: Option<ConditionLog>,
    /// The last reading that failed.
    pub(crate) failure: Option<String>,
}

impl Recorded {
    /// Joules between two instants: counters read at the edges, interpolated between the samples
    /// around each; power integrated by trapezoids; the estimate where there is no sensor. `net`
    /// is left to whoever knows the idle power.
    ///
    /// # Errors
    /// A window that is empty or not covered, missing samples, a sensor that was lost or froze.
    pub fn energy(&self, from: MonotonicNs, to: MonotonicNs) -> Result<Energy, MeterError> {
        if to <= from {
            return Err(MeterError::EmptyWindow);
        }
        if self.devices.is_empty() {
            return self.estimated(from, to);
        }
        let devices: Vec<DeviceEnergy> = self
            .devices
            .iter()
            .map(|device| device.energy(from, to))
            .collect::<Result<_, _>>()?;
        Ok(Energy {
            gross: devices.iter().map(|device| device.joules).sum(),
            net: None,
            scope: scope_of(self.devices.iter().map(|device| device.info.scope)),
            devices,
            beside: self.beside(from, to),
            sensor_error: self
                .devices
                .iter()
                .map(|device| device.info.error)
                .fold(0.0, f64::max),
            window_error: 0.0,
            estimate: None,
        })
    }

    fn estimated(&self, from: MonotonicNs, to: MonotonicNs) -> Result<Energy, MeterError> {
        if self.cpu.engine().points().is_empty() {
            return Err(MeterError::NoSensor {
                reason: "no energy sensor answers, and CPU time cannot be read either".to_owned(),
            });
        }
        let most = Seconds(crate::cpu::MOST_UNREAD.as_secs_f64());
        let cpu = self
            .cpu
            .between(from, to)
            .map_err(|hole| error(hole, ESTIMATE_DEVICE, most, None))?;
        let estimated = self.prices.estimate(to.since(from).0, cpu.engine_s);
        Ok(Energy {
            gross: estimated.joules,
            net: None,
            scope: Scope::Estimated,
            devices: vec![DeviceEnergy {
                device: ESTIMATE_DEVICE.to_owned(),
                source: Source::Estimate,
                joules: estimated.joules,
                integral: None,
                window_error: 0.0,
            }],
            beside: self.beside(from, to),
            sensor_error: estimated.error,
            window_error: 0.0,
            estimate: Some(estimated.spread),
        })
    }

    /// What meters of another scope say of the same window. One that failed does not spoil the
    /// figure; it is named with its reason.
    fn beside(&self, from: MonotonicNs, to: MonotonicNs) -> Vec<BesideEnergy> {
        self.beside
            .iter()
            .map(|log| BesideEnergy {
                device: log.info.name.clone(),
                source: log.info.source,
                scope: log.info.scope,
                joules: log
                    .energy(from, to)
                    .map(|energy| energy.joules)
                    .map_err(|error| error.to_string()),
                sensor_error: log.info.error,
            })
            .collect()
    }

    /// Mean power between two instants; none where [`Recorded::energy`] has no figure.
    #[must_use]
    pub fn mean_power(&self, from: MonotonicNs, to: MonotonicNs) -> Option<Watts> {
        let energy = self.energy(from, to).ok()?;
        Some(Watts(energy.gross.0 / to.since(from).0))
    }

    /// Whose CPU time lies between two instants; none where procfs was not readable throughout.
    #[must_use]
    pub fn cpu(&self, from: MonotonicNs, to: MonotonicNs) -> Option<CpuUse> {
        self.cpu.between(from, to).ok()
    }

    /// Power over time per device, every sample: as told, or else from the steps of its counter, or
    /// as estimated.
    #[must_use]
    pub fn samples(&self) -> Vec<(String, Vec<PowerSample>)> {
        if self.devices.is_empty() {
            return vec![(
                ESTIMATE_DEVICE.to_owned(),
                self.prices.power(self.cpu.engine()),
            )];
        }
        self.devices
            .iter()
            .map(|device| (device.info.name.clone(), device.samples()))
            .collect()
    }
}

impl DeviceLog {
    pub(crate) fn new(device: &Device) -> Self {
        Self {
            info: device.info.clone(),
            counter: device.counter.as_ref().map(|_| Series::default()),
            gauge: device.gauge.as_ref().map(|_| Series::default()),
            conditions: None,
            failure: None,
        }
    }

    pub(crate) fn lost(info: Info, message: &str) -> Self {
        Self {
            info,
            counter: None,
            gauge: None,
            conditions: None,
            failure: Some(message.to_owned()),
        }
    }

    fn energy(&self, from: MonotonicNs, to: MonotonicNs) -> Result<DeviceEnergy, MeterError> {
        let most = self.info.period * MOST_PERIODS;
        let integral = self
            .gauge
            .as_ref()
            .map(|gauge| gauge.integral(from, to, most));
        let (joules, integral) = match (&self.counter, integral) {
            (Some(counter), integral) => {
                let gained = counter
                    .gained(from, to, most)
                    .map_err(|hole| self.error(hole, most))?;
                if gained <= 0.0 || counter.longest_still(from, to).0 > self.most_still() {
                    return Err(MeterError::Frozen {
                        device: self.info.name.clone(),
                    });
                }
                (gained, integral.and_then(Result::ok).map(Joules))
            }
            (None, Some(integral)) => (integral.map_err(|hole| self.error(hole, most))?, None),
            (None, None) => {
                return Err(MeterError::Lost {
                    device: self.info.name.clone(),
                    message: self.failure.clone().unwrap_or_default(),
                });
            }
        };
        Ok(DeviceEnergy {
            device: self.info.name.clone(),
            source: self.info.source,
            joules: Joules(joules),
            integral,
            window_error: 0.0,
        })
    }

    /// Seconds.
    fn most_still(&self) -> f64 {
        let update = self.info.update.unwrap_or_default().as_secs_f64();
        MOST_STILL.0.max(update * MOST_STEPS_STILL)
    }

    fn error(&self, hole: Hole, most: Duration) -> MeterError {
        let most = Seconds(most.as_secs_f64());
        error(hole, &self.info.name, most, self.failure.as_ref())
    }

    fn samples(&self) -> Vec<PowerSample> {
        let told = self.gauge.as_ref().map(|gauge| {
            let points = gauge.points().iter();
            let sample = |(at, watts): &(MonotonicNs, f64)| PowerSample {
                at: *at,
                power: Watts(*watts),
            };
            points.map(sample).collect::<Vec<_>>()
        });
        told.filter(|samples| !samples.is_empty())
            .or_else(|| self.counter.as_ref().map(Series::steps))
            .unwrap_or_default()
    }
}

/// A hole where the sensor also failed is the sensor's loss.
fn error(hole: Hole, device: &str, most: Seconds, failure: Option<&String>) -> MeterError {
    let device = device.to_owned();
    match (failure, hole) {
        (Some(message), _) => MeterError::Lost {
            device,
            message: message.clone(),
        },
        (None, Hole::NotCovered) => MeterError::NotCovered { device },
        (None, Hole::Gap(gap)) => MeterError::Gap { device, gap, most },
    }
}

#[cfg(test)]
#[path = "recorded_tests.rs"]
mod tests;
