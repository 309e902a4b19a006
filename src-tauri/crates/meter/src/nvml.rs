//! NVIDIA boards through NVML, the library that comes with the driver.
//!
//! Per board the energy counter is preferred (Volta and newer); beside it, or instead of it, comes
//! power: the instant field where the driver has it, else the one that newer boards average over a
//! second.

use crate::probe::{Found, Looked, watch};
use crate::sensor::{Device, EnergyCounter, Info, PowerGauge, ReadError, reading_period};
use nvml_wrapper::Nvml;
use nvml_wrapper::enums::device::SampleValue;
use nvml_wrapper::error::NvmlError;
use nvml_wrapper::structs::device::FieldId;
use nvml_wrapper::sys_exports::field_id::NVML_FI_DEV_POWER_INSTANT;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use wattsmith_domain::{Joules, Scope, Source, Watts};

/// Typical systematic error of counter and instant power.
const ERROR: f64 = 0.05;
/// The averaged value was seen to be off by so much.
const ERROR_OF_AVERAGE: f64 = 0.13;
/// What newer boards average their power over.
const AVERAGED_OVER: Duration = Duration::from_secs(1);
const COUNTER: &str = "NVIDIA GPU energy counter";
const INSTANT: &str = "NVIDIA GPU power, instant";
const AVERAGE: &str = "NVIDIA GPU power, averaged";

/// Looks for boards; `library` replaces the driver's own library.
pub(crate) fn find(library: Option<&Path>) -> Found {
    let opened = match library {
        Some(path) => Nvml::builder().lib_path(path.as_os_str()).init(),
        None => Nvml::init(),
    };
    let mut found = Found::default();
    let nothing = |why| looked(COUNTER, "", Source::NvmlCounter).unavailable(why);
    let nvml = match opened {
        Ok(nvml) => Arc::new(nvml),
        Err(error) => {
            let why = explain(&error);
            // No library, no board to miss; a library that refuses stands for a board.
            if !matches!(error, NvmlError::LibloadingError(_)) {
                found.missing = Some(why.0.clone());
            }
            found.reports.push(nothing(why));
            return found;
        }
    };
    let driver = nvml
        .sys_driver_version()
        .map_or_else(|_| String::new(), |version| format!(", driver {version}"));
    match nvml.device_count() {
        Ok(0) => {
            let why = "the NVIDIA driver answers but sees no GPU".to_owned();
            found.reports.push(nothing((why, String::new())));
        }
        Ok(count) => {
            for index in 0..count {
                board(&nvml, index, &driver, &mut found);
            }
        }
        Err(error) => {
            let why = explain(&error);
            found.missing = Some(why.0.clone());
            found.reports.push(nothing(why));
        }
    }
    found
}

fn board(nvml: &Arc<Nvml>, index: u32, driver: &str, found: &mut Found) {
    let board = Board {
        nvml: Arc::clone(nvml),
        index,
    };
    let (name, uuid) = match board.with(|device| Ok((device.name()?, device.uuid()?))) {
        Ok(known) => known,
        Err(error) => {
            let why = explain(&error);
            found.missing.get_or_insert_with(|| why.0.clone());
            let device = format!("GPU {index}");
            found
                .reports
                .push(looked(COUNTER, &device, Source::NvmlCounter).unavailable(why));
            return;
        }
    };
    found.names.push(format!("{name} ({uuid}{driver})"));
    let device = format!("GPU {index}: {name}");

    let counter = match board.counter() {
        Err(error) => Err(explain(&error)),
        Ok(_) => watch(&board).map_err(crate::probe::Still::explain),
    };
    let report = looked(COUNTER, &device, Source::NvmlCounter);
    found.reports.push(match &counter {
        Ok(period) => report.available(Some(*period)),
        Err(why) => report.unavailable(why.clone()),
    });
    let gauge = gauge(&board, &device, found);

    let source = match (&counter, &gauge) {
        (Ok(_), _) => Source::NvmlCounter,
        (Err(_), Some((source, _))) => *source,
        (Err((reason, _)), None) => {
            found.missing.get_or_insert_with(|| reason.clone());
            return;
        }
    };
    found.devices.push(Device {
        info: Info {
            name: format!("{name} ({uuid})"),
            source,
            scope: Scope::GpuBoard,
            error: error_of(source),
            period: reading_period(counter.as_ref().ok().copied()),
            update: counter.as_ref().ok().copied(),
            averaging: (source == Source::NvmlAverage).then_some(AVERAGED_OVER),
        },
        counter: counter
            .ok()
            .map(|_| Arc::new(board) as Arc<dyn EnergyCounter>),
        gauge: gauge.map(|(_, gauge)| gauge),
        state: None,
    });
}

fn gauge(board: &Board, device: &str, found: &mut Found) -> Option<(Source, Arc<dyn PowerGauge>)> {
    let instant = Instant(board.clone());
    let average = Average(board.clone());
    let instant_answer = instant.power();
    let report = looked(INSTANT, device, Source::NvmlInstant);
    if instant_answer.is_ok() {
        found.reports.push(report.available(None));
        return Some((Source::NvmlInstant, Arc::new(instant)));
    }
    let why = |answer: Result<Watts, ReadError>| {
        (
            answer.err().map(|error| error.0).unwrap_or_default(),
            String::new(),
        )
    };
    found.reports.push(report.unavailable(why(instant_answer)));
    let average_answer = average.power();
    let report = looked(AVERAGE, device, Source::NvmlAverage);
    if average_answer.is_ok() {
        found.reports.push(report.available(None));
        return Some((Source::NvmlAverage, Arc::new(average)));
    }
    found.reports.push(report.unavailable(why(average_answer)));
    None
}

fn error_of(source: Source) -> f64 {
    if source == Source::NvmlAverage {
        ERROR_OF_AVERAGE
    } else {
        ERROR
    }
}

fn looked(name: &'static str, device: &str, source: Source) -> Looked {
    Looked {
        name,
        device: device.to_owned(),
        source,
        scope: Scope::GpuBoard,
        error: error_of(source),
    }
}

/// Reason and remedy in plain words.
fn explain(error: &NvmlError) -> (String, String) {
    let (reason, remedy) = match error {
        NvmlError::LibloadingError(_) => (
            "the NVIDIA driver's library could not be loaded".to_owned(),
            "Install the NVIDIA driver; without an NVIDIA GPU nothing is missing.",
        ),
        NvmlError::DriverNotLoaded => (
            "the NVIDIA driver is installed but not running".to_owned(),
            "Load it with: sudo modprobe nvidia — or restart after an update.",
        ),
        NvmlError::LibRmVersionMismatch => (
            "the NVIDIA driver was updated while it was running".to_owned(),
            "Restart the machine.",
        ),
        NvmlError::NoPermission => (
            "the NVIDIA driver denies access to this user".to_owned(),
            "Check the rights on /dev/nvidia*; in a container, start it with --gpus all.",
        ),
        NvmlError::NotSupported
        | NvmlError::FunctionNotFound
        | NvmlError::FailedToLoadSymbol(_) => {
            ("this GPU or its driver does not offer it".to_owned(), "")
        }
        NvmlError::GpuLost => (
            "the GPU has fallen off the bus".to_owned(),
            "Restart the machine; look into its power supply and slot if that repeats.",
        ),
        other => (format!("NVML answered: {other}"), ""),
    };
    (reason, remedy.to_owned())
}

/// One board, found anew for each reading, which costs next to nothing.
#[derive(Clone)]
struct Board {
    nvml: Arc<Nvml>,
    index: u32,
}

impl Board {
    fn with<T>(
        &self,
        read: impl FnOnce(&nvml_wrapper::Device) -> Result<T, NvmlError>,
    ) -> Result<T, NvmlError> {
        read(&self.nvml.device_by_index(self.index)?)
    }

    fn counter(&self) -> Result<Joules, NvmlError> {
        let millijoules = self.with(|device| device.total_energy_consumption())?;
        Ok(Joules(millijoules as f64 / 1e3))
    }
}

impl EnergyCounter for Board {
    fn energy(&self) -> Result<Joules, ReadError> {
        self.counter().map_err(|error| ReadError(explain(&error).0))
    }
}

struct Instant(Board);

impl PowerGauge for Instant {
    fn power(&self) -> Result<Watts, ReadError> {
        let fields = [FieldId(NVML_FI_DEV_POWER_INSTANT)];
        let sample = self
            .0
            .with(|device| {
                let mut samples = device.field_values_for(&fields)?;
                samples.pop().ok_or(NvmlError::NoData)??.value
            })
            .map_err(|error| ReadError(explain(&error).0))?;
        let milliwatts = match sample {
            SampleValue::U32(value) => f64::from(value),
            SampleValue::U64(value) => value as f64,
            SampleValue::I64(value) => value as f64,
            SampleValue::F64(value) => value,
        };
        watts(milliwatts)
    }
}

struct Average(Board);

impl PowerGauge for Average {
    fn power(&self) -> Result<Watts, ReadError> {
        let milliwatts = self
            .0
            .with(|device| device.power_usage())
            .map_err(|error| ReadError(explain(&error).0))?;
        watts(f64::from(milliwatts))
    }
}

/// A board that is on draws something: drivers answer 0 for what they cannot read.
fn watts(milliwatts: f64) -> Result<Watts, ReadError> {
    if milliwatts > 0.0 && milliwatts.is_finite() {
        Ok(Watts(milliwatts / 1e3))
    } else {
        Err(ReadError(
            "it answers 0 W, which no running board draws".to_owned(),
        ))
    }
}
