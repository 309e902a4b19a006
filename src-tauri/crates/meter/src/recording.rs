//! Reading sensors while the engine works: one thread per sensor, nothing shared but the latest
//! power.
//!
//! Each thread owns its log and gives it back when it ends. It waits on a channel that nobody sends
//! on: a timeout is the next reading, a closed channel the end. Dropping a [`Recording`] closes them
//! all, so no thread outlives it by more than one reading.

use crate::cpu::{self, CpuLog, CpuReader};
use crate::estimate::power_between;
use crate::files::Root;
use crate::recorded::{DeviceLog, Recorded};
use crate::sensor::{Device, PERIOD};
use crate::series::Series;
use crate::surroundings::on_battery;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};
use wattsmith_domain::{Clock, MonotonicNs, PowerSample, Watts};

type Live = Box<dyn Fn(PowerSample) + Send>;
/// Latest power per device; none while one does not answer.
type Latest = Arc<Mutex<Vec<Option<Watts>>>>;

/// Sensors being read. Ends with [`Recording::finish`]; dropping it ends it too.
pub struct Recording {
    devices: Vec<Running<DeviceLog>>,
    cpu: Running<CpuLog>,
    live: Running<()>,
    root: Root,
    on_battery: bool,
    not_covered: Option<String>,
    device_names: Vec<crate::sensor::Info>,
    cores: u32,
}

impl Recording {
    pub(crate) fn begin(
        devices: &[Device],
        cpu: CpuReader,
        root: Root,
        clock: Arc<dyn Clock>,
        not_covered: Option<String>,
        live: Live,
    ) -> Self {
        let estimated = devices.is_empty();
        let latest: Latest = Arc::new(Mutex::new(vec![None; devices.len().max(1)]));
        let running = devices
            .iter()
            .enumerate()
            .map(|(index, device)| {
                read_device(
                    device.clone(),
                    index,
                    Arc::clone(&clock),
                    Arc::clone(&latest),
                )
            })
            .collect();
        let cores = cpu::cores(&root);
        let estimate = estimated.then(|| Arc::clone(&latest));
        Self {
            devices: running,
            cpu: read_cpu(cpu, cores, Arc::clone(&clock), estimate),
            live: tell_live(live, clock, latest),
            on_battery: on_battery(&root),
            root,
            not_covered,
            device_names: devices.iter().map(|device| device.info.clone()).collect(),
            cores,
        }
    }

    /// Takes a last reading of every sensor and hands over all of them. Returns within a few
    /// readings' time.
    #[must_use]
    pub fn finish(self) -> Recorded {
        // All channels are closed first, so that the threads end side by side.
        let devices: Vec<_> = self.devices.into_iter().map(Running::close).collect();
        let cpu = self.cpu.close();
        drop(self.live);
        Recorded {
            devices: devices
                .into_iter()
                .zip(self.device_names)
                .map(|(thread, info)| {
                    join(thread).unwrap_or_else(|| DeviceLog::lost(info, "its thread ended early"))
                })
                .collect(),
            cpu: join(cpu).unwrap_or_else(|| CpuLog::new(self.cores)),
            on_battery: self.on_battery || on_battery(&self.root),
            not_covered: self.not_covered,
        }
    }
}

/// A thread and the channel whose closing ends it. None where it could not be started.
struct Running<T> {
    thread: Option<JoinHandle<T>>,
    stop: Sender<()>,
}

impl<T> Running<T> {
    fn close(self) -> Option<JoinHandle<T>> {
        drop(self.stop);
        self.thread
    }
}

fn join<T>(thread: Option<JoinHandle<T>>) -> Option<T> {
    thread?.join().ok()
}

fn start<T: Send + 'static>(
    name: &str,
    work: impl FnOnce(Receiver<()>) -> T + Send + 'static,
) -> Running<T> {
    let (stop, stopped) = channel();
    let thread = Builder::new()
        .name(format!("meter-{name}"))
        .spawn(move || work(stopped))
        .inspect_err(|error| tracing::error!(%error, name, "no thread for a sensor"))
        .ok();
    Running { thread, stop }
}

/// Calls `read` every `period` until the channel closes, and then once more with `true`. What is
/// late is not made up for: a sensor has nothing to say about the past.
fn every(period: Duration, stopped: &Receiver<()>, mut read: impl FnMut(bool)) {
    let mut next = Instant::now() + period;
    loop {
        let wait = next.saturating_duration_since(Instant::now());
        if stopped.recv_timeout(wait) != Err(RecvTimeoutError::Timeout) {
            return read(true);
        }
        read(false);
        next = (next + period).max(Instant::now());
    }
}

/// Reads with the instant half-way between the clock before and after, since a reading can take
/// milliseconds.
fn stamped<T>(clock: &dyn Clock, read: impl FnOnce() -> T) -> (MonotonicNs, T) {
    let before = clock.now();
    let value = read();
    let after = clock.now();
    (
        MonotonicNs(before.0 + after.0.saturating_sub(before.0) / 2),
        value,
    )
}

fn read_device(
    device: Device,
    index: usize,
    clock: Arc<dyn Clock>,
    latest: Latest,
) -> Running<DeviceLog> {
    let period = device.info.period;
    let mut log = DeviceLog::new(&device);
    let read = move |log: &mut DeviceLog| {
        let power = log.read(&device, clock.as_ref());
        set(&latest, index, power);
    };
    read(&mut log);
    start("sensor", move |stopped| {
        every(period, &stopped, |_| read(&mut log));
        log
    })
}

impl DeviceLog {
    /// One reading of everything the device has; its power, as far as that is known.
    fn read(&mut self, device: &Device, clock: &dyn Clock) -> Option<Watts> {
        let mut power = None;
        if let (Some(counter), Some(series)) = (&device.counter, &mut self.counter) {
            match stamped(clock, || counter.energy()) {
                (at, Ok(energy)) => {
                    power = last_power(series, at, energy.0);
                    series.push(at, energy.0);
                }
                (_, Err(error)) => self.failure = Some(error.0),
            }
        }
        if let (Some(gauge), Some(series)) = (&device.gauge, &mut self.gauge) {
            match stamped(clock, || gauge.power()) {
                (at, Ok(watts)) => {
                    series.push(at, watts.0);
                    power = Some(watts);
                }
                (_, Err(error)) => {
                    power = None;
                    self.failure = Some(error.0);
                }
            }
        }
        power
    }
}

fn last_power(series: &Series, at: MonotonicNs, joules: f64) -> Option<Watts> {
    let (before, energy) = *series.points().last()?;
    let span = at.since(before).0;
    (span > 0.0).then(|| Watts((joules - energy) / span))
}

fn read_cpu(
    mut reader: CpuReader,
    cores: u32,
    clock: Arc<dyn Clock>,
    estimate: Option<Latest>,
) -> Running<CpuLog> {
    let mut log = CpuLog::new(cores);
    let mut read = move |log: &mut CpuLog, thorough: bool| {
        let (at, reading) = stamped(clock.as_ref(), || reader.read(thorough));
        let Some(reading) = reading else { return };
        if let Some(latest) = &estimate {
            let before = log.engine().points().last().copied();
            let power = before.and_then(|before| power_between(before, (at, reading.engine)));
            set(latest, 0, power.map(|sample| sample.power));
        }
        log.push(at, reading);
    };
    read(&mut log, true);
    start("cpu", move |stopped| {
        every(PERIOD, &stopped, |last| read(&mut log, last));
        log
    })
}

fn tell_live(live: Live, clock: Arc<dyn Clock>, latest: Latest) -> Running<()> {
    start("live", move |stopped| {
        every(PERIOD, &stopped, |last| {
            let all: Option<Vec<Watts>> = lock(&latest).iter().copied().collect();
            if let (Some(all), false) = (all, last) {
                live(PowerSample {
                    at: clock.now(),
                    power: all.into_iter().sum(),
                });
            }
        });
    })
}

fn set(latest: &Latest, index: usize, power: Option<Watts>) {
    if let Some(slot) = lock(latest).get_mut(index) {
        *slot = power;
    }
}

fn lock(latest: &Latest) -> std::sync::MutexGuard<'_, Vec<Option<Watts>>> {
    latest.lock().unwrap_or_else(PoisonError::into_inner)
}
