//! The meter held against a GPU: how often its values change, what a reading costs, and whether the
//! energy counter, integrated power and `nvidia-smi` agree over idle, steady and bursty load.

mod load;
mod page;
mod poll;

use load::{Load, Shape};
use nvml_wrapper::Nvml;
use poll::Polled;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use wattsmith_domain::{Clock, SystemClock};
use wattsmith_meter::{Meter, MeterOptions};

/// What to do.
pub struct Options {
    /// Another library than the driver's own, such as a stand-in; the page says so.
    pub library: Option<PathBuf>,
    pub nvidia_smi: PathBuf,
    /// A shell command that keeps the GPU busy until it is ended. None: idle only.
    pub load: Option<String>,
    /// Length of each phase.
    pub seconds: f64,
    /// Readings of each value when its period is looked for.
    pub samples: usize,
    /// Time for a load to get going, before its phase begins.
    pub warm_up: Duration,
    /// Machine and date, in a line.
    pub about: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            library: None,
            nvidia_smi: "nvidia-smi".into(),
            load: None,
            seconds: 30.0,
            samples: 1000,
            warm_up: Duration::from_secs(10),
            about: String::new(),
        }
    }
}

/// A board as NVML names it.
pub struct Board {
    pub name: String,
    pub uuid: String,
    pub architecture: String,
    pub limit_w: Option<f64>,
    pub values: Vec<(&'static str, Polled)>,
}

/// One board in one phase. Energies in joules; what is not there is none.
pub struct Row {
    pub phase: &'static str,
    pub board: String,
    pub seconds: f64,
    pub ours: Result<f64, String>,
    pub source: String,
    pub integral: Option<f64>,
    /// Mean of what `nvidia-smi` told, watts.
    pub nvidia_smi_w: Option<f64>,
}

/// Everything that the page tells.
pub struct Findings {
    pub driver: String,
    pub boards: Vec<Board>,
    pub rows: Vec<Row>,
    pub warnings: Vec<String>,
}

/// Runs all of it, which takes about three phases; gives the page in Markdown.
pub fn validate(options: &Options) -> Result<String, String> {
    let opened = match &options.library {
        Some(path) => Nvml::builder().lib_path(path.as_os_str()).init(),
        None => Nvml::init(),
    };
    let nvml = opened.map_err(|error| format!("NVML cannot be used: {error}"))?;
    let count = nvml.device_count().map_err(|error| error.to_string())?;
    let boards: Vec<Board> = (0..count)
        .map(|index| board(&nvml, index, options.samples))
        .collect::<Result<_, _>>()?;
    if boards.is_empty() {
        return Err("the driver sees no GPU".to_owned());
    }
    let meter = Meter::open(MeterOptions {
        nvml_library: options.library.clone(),
        ..MeterOptions::default()
    });
    let mut findings = Findings {
        driver: nvml.sys_driver_version().unwrap_or_default(),
        boards,
        rows: Vec::new(),
        warnings: Vec::new(),
    };
    let mut shapes = vec![("idle", None)];
    if let Some(command) = &options.load {
        shapes.push(("steady load", Some((command, Shape::Steady))));
        shapes.push(("bursty load", Some((command, Shape::Bursty))));
    }
    for (phase, load) in shapes {
        let load = load
            .map(|(command, shape)| Load::start(command, shape, options.warm_up))
            .transpose()?;
        measure(&meter, (phase, load.as_ref()), options, &mut findings);
        if let Some(load) = load {
            load.end().map_err(|why| format!("{phase}: {why}"))?;
        }
    }
    Ok(page::write(options, &findings))
}

fn board(nvml: &Nvml, index: u32, samples: usize) -> Result<Board, String> {
    let named = |error| format!("GPU {index}: {error}");
    let device = nvml.device_by_index(index).map_err(named)?;
    let capability = device.cuda_compute_capability().map_or_else(
        |_| String::new(),
        |it| format!(", compute capability {}.{}", it.major, it.minor),
    );
    Ok(Board {
        name: device.name().map_err(named)?,
        uuid: device.uuid().map_err(named)?,
        architecture: device.architecture().map_or_else(
            |_| "not told".to_owned(),
            |architecture| format!("{architecture:?}{capability}"),
        ),
        limit_w: device
            .enforced_power_limit()
            .ok()
            .map(|milliwatts| f64::from(milliwatts) / 1e3),
        values: poll::all(&device, samples),
    })
}

/// One phase: the meter and `nvidia-smi` side by side. The load stands where the engine does, so that
/// its CPU time is not taken for ours.
fn measure(
    meter: &Meter,
    (phase, load): (&'static str, Option<&Load>),
    options: &Options,
    findings: &mut Findings,
) {
    let others = load::NvidiaSmi::start(&options.nvidia_smi);
    let recording = meter.record(load.map(Load::pid), |_| {});
    let clock = Arc::new(SystemClock);
    let from = clock.now();
    std::thread::sleep(Duration::from_secs_f64(options.seconds));
    let to = clock.now();
    let recorded = recording.finish();
    let told = others.map(load::NvidiaSmi::end).unwrap_or_default();
    let energy = recorded.energy(from, to);
    for (index, board) in findings.boards.iter().enumerate() {
        let mine = energy.as_ref().map(|energy| {
            let mut devices = energy.devices.iter();
            devices.find(|device| device.device.contains(&board.uuid))
        });
        let (ours, source, integral) = match mine {
            Err(error) => (Err(error.to_string()), String::new(), None),
            Ok(None) => (Err("it is not measured".to_owned()), String::new(), None),
            Ok(Some(device)) => (
                Ok(device.joules.0),
                device.source.label().to_owned(),
                device.integral.map(|joules| joules.0),
            ),
        };
        findings.rows.push(Row {
            phase,
            board: format!("GPU {index}"),
            seconds: to.since(from).0,
            ours,
            source,
            integral,
            nvidia_smi_w: told.get(&index).copied(),
        });
    }
    let warnings = recorded.warnings(from, to).into_iter();
    findings
        .warnings
        .extend(warnings.map(|warning| format!("{phase}: {}", warning.text)));
}
