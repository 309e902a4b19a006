//! Readings taken when the caller says so, on no thread: for time that is simulated. It calls what a
//! [`Recording`](crate::Recording) calls.

use crate::cpu::CpuLog;
use crate::device_log::DeviceLog;
use crate::estimate::Prices;
use crate::recorded::Recorded;
use crate::sensor::{Device, reading_period};
use crate::sink::ChunkSink;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use wattsmith_domain::Clock;

/// The sensors of a [`Meter`](crate::Meter), each read by [`ByHand::read`].
pub struct ByHand {
    devices: Vec<(Device, DeviceLog)>,
    clock: Arc<dyn Clock>,
    sink: Option<Arc<dyn ChunkSink>>,
}

impl ByHand {
    pub(crate) fn new(
        devices: &[Device],
        clock: Arc<dyn Clock>,
        sink: Option<Arc<dyn ChunkSink>>,
    ) -> Self {
        Self {
            devices: devices
                .iter()
                .map(|device| (device.clone(), DeviceLog::new(device)))
                .collect(),
            clock,
            sink,
        }
    }

    /// Every device renews its value so often, whatever was found when it was probed.
    #[must_use]
    pub fn with_update(mut self, update: Duration) -> Self {
        for (device, log) in &mut self.devices {
            device.info.update = Some(update);
            device.info.period = reading_period(Some(update));
            log.info = device.info.clone();
        }
        self
    }

    /// How often each device wants to be read.
    pub fn periods(&self) -> impl Iterator<Item = Duration> + '_ {
        self.devices.iter().map(|(device, _)| device.info.period)
    }

    /// Reads a device once; nothing where there is no such device.
    pub fn read(&mut self, index: usize) {
        if let Some((device, log)) = self.devices.get_mut(index) {
            log.read(device, self.clock.as_ref(), self.sink.as_deref(), false);
        }
    }

    /// What was read. CPU time is not.
    #[must_use]
    pub fn finish(self) -> Recorded {
        let devices = self.devices.into_iter().map(|(_, log)| {
            if let Some(sink) = &self.sink {
                log.flush(sink.as_ref());
            }
            log
        });
        Recorded {
            devices: devices.collect(),
            beside: Vec::new(),
            cpu: CpuLog::new(0),
            on_battery: false,
            not_covered: None,
            prices: Prices::PLAUSIBLE,
            decided: BTreeMap::new(),
        }
    }
}
