//! Reading sensors while the engine works: one thread per sensor, nothing shared but the latest
//! power.
//!
//! Each thread owns its log and gives it back when it ends. It waits on a channel that nobody sends
//! on: a timeout is the next reading, a closed channel the end. Dropping a [`Recording`] closes them
//! all, so no thread outlives it by more than one reading.

use crate::conditions::ConditionLog;
use crate::cpu::{self, CpuLog, CpuReader};
use crate::device_log::{DeviceLog, stamped};
use crate::estimate::Prices;
use crate::files::Root;
use crate::recorded::Recorded;
use crate::sensor::{Device, Info, PERIOD};
use crate::sink::ChunkSink;
use crate::surroundings::on_battery;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};
use wattsmith_domain::{Clock, PowerSample, Watts};

type Live = Box<dyn Fn(PowerSample) + Send>;
/// Latest power per device; none while one does not answer.
type Latest = Arc<Mutex<Vec<Option<Watts>>>>;

/// Sensors being read. Ends with [`Recording::finish`]; dropping it ends it too.
pub struct Recording {
    devices: Vec<Running<DeviceLog>>,
    beside: Vec<Running<DeviceLog>>,
    cpu: Running<CpuLog>,
    live: Running<()>,
    root: Root,
    on_battery: bool,
    not_covered: Option<String>,
    device_names: Vec<Info>,
    beside_names: Vec<Info>,
    cores: u32,
    prices: Prices,
}

/// What is read, and how.
pub(crate) struct Setup<'a> {
    /// What makes the figure; none for the estimate.
    pub(crate) devices: &'a [Device],
    /// Meters of another scope.
    pub(crate) beside: &'a [Device],
    pub(crate) cpu: CpuReader,
    /// The engine that is measured.
    pub(crate) engine: Option<u32>,
    pub(crate) root: Root,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) not_covered: Option<String>,
    pub(crate) prices: Prices,
    /// Gets every reading.
    pub(crate) sink: Option<Arc<dyn ChunkSink>>,
}

impl Recording {
    pub(crate) fn begin(setup: Setup<'_>, live: Live) -> Self {
        let Setup {
            devices,
            beside,
            root,
            clock,
            prices,
            sink,
            ..
        } = setup;
        let estimated = devices.is_empty();
        let latest: Latest = Arc::new(Mutex::new(vec![None; devices.len().max(1)]));
        let names = |devices: &[Device]| devices.iter().map(|one| one.info.clone()).collect();
        let read = |devices: &[Device], latest: Option<&Latest>| {
            devices
                .iter()
                .enumerate()
                .map(|(index, device)| {
                    let latest = latest.map(|latest| (Arc::clone(latest), index));
                    let conditions = ConditionLog::new(root.clone(), setup.engine);
                    let sink = sink.clone();
                    read_device(device.clone(), latest, Arc::clone(&clock), conditions, sink)
                })
                .collect()
        };
        let cores = cpu::cores(&root);
        let estimate = estimated.then(|| (Arc::clone(&latest), prices));
        Self {
            devices: read(devices, Some(&latest)),
            beside: read(beside, None),
            cpu: read_cpu(setup.cpu, cores, Arc::clone(&clock), estimate),
            live: tell_live(live, clock, latest),
            on_battery: on_battery(&root),
            root,
            not_covered: setup.not_covered,
            device_names: names(devices),
            beside_names: names(beside),
            cores,
            prices,
        }
    }

    /// Takes a last reading of every sensor and hands over all of them. Returns within a few
    /// readings' time.
    #[must_use]
    pub fn finish(self) -> Recorded {
        // All channels are closed first, so that the threads end side by side.
        let close = |all: Vec<Running<DeviceLog>>| -> Vec<_> {
            all.into_iter().map(Running::close).collect()
        };
        let logs = |threads: Vec<_>, names: Vec<Info>| {
            threads
                .into_iter()
                .zip(names)
                .map(|(thread, info)| {
                    join(thread).unwrap_or_else(|| DeviceLog::lost(info, "its thread ended early"))
                })
                .collect()
        };
        let (devices, beside) = (close(self.devices), close(self.beside));
        let cpu = self.cpu.close();
        drop(self.live);
        Recorded {
            devices: logs(devices, self.device_names),
            beside: logs(beside, self.beside_names),
            cpu: join(cpu).unwrap_or_else(|| CpuLog::new(self.cores)),
            on_battery: self.on_battery || on_battery(&self.root),
            not_covered: self.not_covered,
            prices: self.prices,
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

/// `latest` is where its power goes for all to see, where it does.
fn read_device(
    device: Device,
    latest: Option<(Latest, usize)>,
    clock: Arc<dyn Clock>,
    conditions: ConditionLog,
    sink: Option<Arc<dyn ChunkSink>>,
) -> Running<DeviceLog> {
    let period = device.info.period;
    let mut log = DeviceLog::new(&device);
    log.conditions = device.state.is_some().then_some(conditions);
    let hand_over = sink.clone();
    let read = move |log: &mut DeviceLog, all: bool| {
        let power = log.read(&device, clock.as_ref(), hand_over.as_deref(), all);
        if let Some((latest, index)) = &latest {
            set(latest, *index, power);
        }
        log.look(&device, clock.as_ref());
    };
    read(&mut log, true);
    start("sensor", move |stopped| {
        every(period, &stopped, |last| read(&mut log, last));
        if let Some(sink) = sink {
            log.flush(sink.as_ref());
        }
        log
    })
}

fn read_cpu(
    mut reader: CpuReader,
    cores: u32,
    clock: Arc<dyn Clock>,
    estimate: Option<(Latest, Prices)>,
) -> Running<CpuLog> {
    let mut log = reader.log(cores);
    let mut read = move |log: &mut CpuLog, thorough: bool| {
        let (at, reading) = stamped(clock.as_ref(), || reader.read(thorough));
        let Some(reading) = reading else { return };
        if let Some((latest, prices)) = &estimate {
            let before = log.engine().last();
            let power =
                before.and_then(|before| prices.power_between(before, (at, reading.engine)));
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
