//! What was recorded, and the figures of any window within it.

use crate::cpu::CpuLog;
use crate::device_log::DeviceLog;
use crate::error::MeterError;
use crate::estimate::Prices;
use crate::meter::scope_of;
use crate::sensor::ReadError;
use crate::series::Hole;
use std::collections::BTreeMap;
use wattsmith_domain::{
    BesideEnergy, CpuUse, DeviceEnergy, Energy, EnergyReading, Joules, MonotonicNs, PowerSample,
    Reader, Reckoning, Scope, Seconds, Source, Watts,
};

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
    /// Which reader of a device stands, where the person said so.
    pub(crate) decided: BTreeMap<String, Reader>,
}

impl Recorded {
    /// Joules between two instants with their random error: counters aligned to their ticks, power
    /// integrated by trapezoids, long averages tiled; the estimate where there is no sensor. `net` is
    /// left to whoever knows the idle power.
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
        let gross: Joules = devices.iter().map(|device| device.joules).sum();
        Ok(Energy {
            gross,
            net: None,
            scope: scope_of(self.devices.iter().map(|device| device.info.scope)),
            window_error: together(&devices) / gross.0,
            devices,
            beside: self.beside(from, to),
            sensor_error: self
                .devices
                .iter()
                .map(|device| device.info.error)
                .fold(0.0, f64::max),
            undecided: Vec::new(),
            estimate: None,
        })
    }

    fn estimated(&self, from: MonotonicNs, to: MonotonicNs) -> Result<Energy, MeterError> {
        if self.cpu.engine().is_empty() {
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
                device: self.prices.label(),
                source: Source::Estimate,
                joules: estimated.joules,
                integral: None,
                counted: None,
                reckoning: Some(Reckoning::CpuTime),
                window_error: 0.0,
            }],
            beside: self.beside(from, to),
            sensor_error: estimated.error,
            window_error: 0.0,
            undecided: Vec::new(),
            estimate: Some(estimated.spread),
        })
    }

    /// What meters of another scope say of the same window. One that failed does not spoil the
    /// figure; it is named with its reason.
    fn beside(&self, from: MonotonicNs, to: MonotonicNs) -> Vec<BesideEnergy> {
        self.beside
            .iter()
            .map(|log| {
                let energy = log.energy(from, to).map(|energy| energy.joules);
                BesideEnergy {
                    device: log.info.name.clone(),
                    source: log.info.source,
                    scope: log.info.scope,
                    fault: energy.as_ref().err().and_then(MeterError::fault),
                    joules: energy.map_err(|error| error.to_string()),
                    sensor_error: log.info.error,
                }
            })
            .collect()
    }

    /// Mean power between two instants; none where [`Recorded::energy`] has no figure.
    #[must_use]
    pub fn mean_power(&self, from: MonotonicNs, to: MonotonicNs) -> Option<Watts> {
        let energy = self.energy(from, to).ok()?;
        Some(Watts(energy.gross.0 / to.since(from).0))
    }

    /// Mean power in equal slices from one instant on, as many as fit before the other; none where a
    /// slice is too short for a sensor, or there is none. Slices are at least two updates of every
    /// sensor long and no shorter than `least`.
    #[must_use]
    pub fn slices(
        &self,
        from: MonotonicNs,
        to: MonotonicNs,
        least: Seconds,
    ) -> Option<(Seconds, Vec<Watts>)> {
        if self.devices.is_empty() {
            return None;
        }
        let needed = self.devices.iter().map(DeviceLog::least_slice);
        let length = needed.collect::<Option<Vec<f64>>>()?;
        let length = length.into_iter().fold(least.0, f64::max);
        let count = (to.since(from).0 / length) as usize;
        let slices = (0..count).map(|index| {
            let begin = from.plus(Seconds(index as f64 * length));
            let end = begin.plus(Seconds(length));
            let joules = self.devices.iter().map(|device| device.joules(begin, end));
            let sum: f64 = joules.sum::<Option<f64>>()?;
            Some(Watts(sum / length))
        });
        Some((Seconds(length), slices.collect::<Option<_>>()?))
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
            return vec![(self.prices.label(), self.prices.power(self.cpu.engine()))];
        }
        self.devices
            .iter()
            .map(|device| (device.info.name.clone(), device.samples()))
            .collect()
    }

    /// What each energy counter told around a window, as it came: its joules can be worked out of that
    /// again. Devices without one are not among them.
    #[must_use]
    pub fn readings(
        &self,
        from: MonotonicNs,
        to: MonotonicNs,
    ) -> Vec<(String, Vec<EnergyReading>)> {
        self.devices
            .iter()
            .filter_map(|device| Some((device.info.name.clone(), device.readings(from, to)?)))
            .collect()
    }
}

/// Random error of all devices together in joules: they err independently.
fn together(devices: &[DeviceEnergy]) -> f64 {
    let squares = devices
        .iter()
        .map(|one| (one.window_error * one.joules.0).powi(2));
    squares.sum::<f64>().sqrt()
}

/// A hole where the sensor also failed is the sensor's loss.
pub(crate) fn error(
    hole: Hole,
    device: &str,
    most: Seconds,
    failure: Option<&ReadError>,
) -> MeterError {
    let device = device.to_owned();
    match (failure, hole) {
        (Some(failure), _) => MeterError::Lost {
            device,
            failure: failure.clone(),
        },
        (None, Hole::NotCovered) => MeterError::NotCovered { device },
        (None, Hole::Gap(gap)) => MeterError::Gap { device, gap, most },
    }
}

#[cfg(test)]
#[path = "recorded_tests.rs"]
mod tests;
