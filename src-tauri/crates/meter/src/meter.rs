//! The best combination of what the machine offers.

use crate::by_hand::ByHand;
use crate::calibration::{self, CalibrateError, Calibration};
use crate::choice::{Chosen, Offered, choose};
use crate::cpu::{self, CpuReader};
use crate::decided::{Decided, ReaderChoice, as_decided, choices, with_roles};
use crate::estimate::{LEAST_ERROR, Prices, Pricing};
use crate::files::Root;
use crate::mirror::Question;
use crate::outside::OutsideSettings;
use crate::probe::Looked;
use crate::probed::Probed;
use crate::recording::{Recording, Setup};
use crate::sensor::{Device, LEAST_SLICE, LEAST_WINDOW, PERIOD};
use crate::sink::ChunkSink;
use crate::surroundings::Surroundings;
use crate::{battery, hwmon, nvml, outside, platform, rapl, usable};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use wattsmith_domain::{Clock, PowerSample, Scope, SensorReport, Source, SystemClock, Usable};

/// In which the kernel tells CPU time.
const CPU_TICK: Duration = Duration::from_millis(10);

/// Where sensors are looked for.
#[derive(Clone)]
pub struct MeterOptions {
    /// Root of the file tree that holds `proc` and `sys`.
    pub root: PathBuf,
    /// NVML's shared library; none for the driver's own.
    pub nvml_library: Option<PathBuf>,
    /// Meters that the person brings.
    pub outside: OutsideSettings,
    /// Folder in which the calibration and what probing found are kept; none keeps nothing.
    pub state: Option<PathBuf>,
    /// Whether what probing found earlier is forgotten.
    pub fresh: bool,
    /// Whether what probing finds now is kept there.
    pub keeps: bool,
    /// The clock that engine events are stamped with too.
    pub clock: Arc<dyn Clock>,
}

impl Default for MeterOptions {
    /// This machine, its driver, its clock.
    fn default() -> Self {
        Self {
            root: PathBuf::from("/"),
            nvml_library: None,
            outside: OutsideSettings::default(),
            state: None,
            fresh: false,
            keeps: true,
            clock: Arc::new(SystemClock),
        }
    }
}

/// The sensors that are used, and those that cannot be.
pub struct Meter {
    pub(crate) root: Root,
    pub(crate) nvml_library: Option<PathBuf>,
    pub(crate) clock: Arc<dyn Clock>,
    devices: Vec<Device>,
    beside: Vec<Device>,
    prices: Prices,
    reports: Vec<SensorReport>,
    gpus: Vec<String>,
    virtual_machine: Option<String>,
    usable: Option<Usable>,
    not_covered: Option<String>,
    /// Names of the person's meters.
    own: Vec<String>,
    decided: Decided,
}

impl Meter {
    /// Probes every sensor: is it there, readable, does its counter move, and is what it tells what it
    /// claims to be. Takes up to a second per counter that stands still, and up to five where two
    /// could show the same; blocks. Never fails: what does not answer is in
    /// [`Meter::sensors`] with its reason, and the estimate is left.
    #[must_use]
    pub fn open(options: MeterOptions) -> Self {
        let root = Root(options.root);
        let surroundings = Surroundings::look(&root);
        let probed = Probed::open(options.state.as_deref(), &root, options.fresh);
        let nvml = nvml::find(options.nvml_library.as_deref(), &probed);
        let mut cpu = rapl::find(&root, &surroundings, &probed);
        let (gpu_sensors, cpu_sensors) = hwmon::find(&root, !cpu.devices.is_empty(), &probed);
        let mut gpu = nvml.joined(gpu_sensors);
        if !cpu_sensors.devices.is_empty() {
            cpu.missing = None;
        }
        cpu = cpu.joined(cpu_sensors);
        let outside = options.outside.of(None);
        // Whether two sensors show the same takes seconds at worst, and so may a meter in the network.
        let question = Question::of([&gpu, &cpu], &probed);
        let (answer, battery, own) = std::thread::scope(|scope| {
            let answer = scope.spawn(|| question.answer());
            let battery = battery::find(&root);
            let own: Vec<_> = outside::open(&outside.meters);
            (answer.join().unwrap_or_default(), battery, own)
        });
        answer.apply([&mut gpu, &mut cpu], &probed);
        if options.keeps {
            probed.keep();
        }
        let decided = outside.readers;
        let own_names: Vec<String> = outside.meters.iter().map(|one| one.name.clone()).collect();
        let stands = |devices: Vec<Device>| -> Vec<Device> {
            let stand = |device| as_decided(device, &decided);
            devices.into_iter().map(stand).collect()
        };

        let mut reports = std::mem::take(&mut gpu.reports);
        reports.append(&mut cpu.reports);
        reports.extend(battery.reports);
        reports.extend(own.iter().map(|(report, _)| report.clone()));
        reports.extend(outside.problem.map(outside::unreadable));
        reports.extend(platform::unwritten());
        reports.push(estimate_report(&root));
        let roles = outside.meters.iter().map(|meter| meter.role);
        let Chosen {
            devices,
            beside,
            gpu_missing,
            cpu_missing,
        } = choose(Offered {
            gpu: stands(gpu.devices),
            cpu: stands(cpu.devices),
            whole: stands(cpu.whole),
            battery: stands(battery.devices),
            outside: with_roles(
                roles
                    .zip(own)
                    .filter_map(|(role, (_, device))| Some((role, as_decided(device?, &decided))))
                    .collect(),
                &decided,
            ),
            platform_first: outside.platform_first,
        });
        // The estimate covers everything, and so does a meter of the whole machine.
        let not_covered = [
            ("the GPU", gpu_missing, gpu.missing),
            ("the CPU package", cpu_missing, cpu.missing),
        ]
        .into_iter()
        .filter(|(_, missing, _)| *missing)
        .filter_map(|(what, _, why)| Some(format!("{what} ({})", why?)))
        .reduce(|one, other| format!("{one}, {other}"));
        let kept = options.state.as_deref();
        let prices = match kept.and_then(|folder| Calibration::load(folder, &root)) {
            Some(calibration) => calibration.prices(),
            None => Prices::plausible(&root, &surroundings, cpu::cores(&root)),
        };
        for report in &reports {
            tracing::debug!(?report, "sensor");
        }
        Self {
            usable: usable::usable(&root),
            root,
            nvml_library: options.nvml_library,
            clock: options.clock,
            devices,
            beside,
            prices,
            reports,
            gpus: gpu.names,
            virtual_machine: surroundings.virtual_machine,
            not_covered,
            own: own_names,
            decided,
        }
    }

    /// The meters that the person assigned to another machine, and nothing of this one: neither its
    /// sensors nor its CPU time say anything of what is done there. Without such meters it has no figure.
    #[must_use]
    pub fn of_machine(options: MeterOptions, machine: &str) -> Self {
        let root = Root(options.root);
        let outside = options.outside.of(Some(machine));
        let own: Vec<_> = outside::open(&outside.meters);
        let reports = own.iter().map(|(report, _)| report.clone()).collect();
        let roles = outside.meters.iter().map(|meter| meter.role);
        let opened = roles
            .zip(own)
            .filter_map(|(role, (_, device))| Some((role, device?)))
            .collect();
        let Chosen {
            mut devices,
            mut beside,
            ..
        } = choose(Offered {
            gpu: Vec::new(),
            cpu: Vec::new(),
            whole: Vec::new(),
            battery: Vec::new(),
            outside: opened,
            platform_first: false,
        });
        // There is no sensor for a meter to stand beside.
        if devices.is_empty() && !beside.is_empty() {
            devices.push(beside.remove(0));
        }
        let surroundings = Surroundings::look(&root);
        Self {
            prices: Prices::plausible(&root, &surroundings, cpu::cores(&root)),
            usable: None,
            root,
            nvml_library: None,
            clock: options.clock,
            devices,
            beside,
            reports,
            gpus: Vec::new(),
            virtual_machine: None,
            not_covered: None,
            own: outside.meters.into_iter().map(|one| one.name).collect(),
            decided: outside.readers,
        }
    }

    /// Every sensor that was looked for, with its reason and remedy where it does not answer.
    #[must_use]
    pub fn sensors(&self) -> Vec<SensorReport> {
        self.reports.clone()
    }

    /// GPUs by name, with UUID and driver, measured or not.
    #[must_use]
    pub fn gpus(&self) -> Vec<String> {
        self.gpus.clone()
    }

    /// The hypervisor, where this is a virtual machine and that shows.
    #[must_use]
    pub fn virtual_machine(&self) -> Option<String> {
        self.virtual_machine.clone()
    }

    /// Cores that the engine may use, as it was when the sensors were probed; none where that cannot
    /// be told.
    #[must_use]
    pub fn usable(&self) -> Option<Usable> {
        self.usable.clone()
    }

    /// What a figure from this meter covers.
    #[must_use]
    pub fn scope(&self) -> Scope {
        scope_of(self.devices.iter().map(|device| device.info.scope))
    }

    /// Source names joined by `+`, as [`wattsmith_domain::Energy::source`] gives them.
    #[must_use]
    pub fn source_label(&self) -> String {
        if self.devices.is_empty() {
            return Source::Estimate.label().to_owned();
        }
        let mut sources: Vec<Source> = self.devices.iter().map(|one| one.info.source).collect();
        sources.sort();
        sources.dedup();
        let labels: Vec<&str> = sources.iter().map(|source| source.label()).collect();
        labels.join("+")
    }

    /// Typical systematic error as a fraction: that of the worst device. For an estimate the least
    /// that is ever stated.
    #[must_use]
    pub fn sensor_error(&self) -> f64 {
        if self.devices.is_empty() {
            return self.prices.least_error;
        }
        self.devices
            .iter()
            .map(|device| device.info.error)
            .fold(0.0, f64::max)
    }

    /// Whether joules are read from a sensor.
    #[must_use]
    pub fn is_measured(&self) -> bool {
        !self.devices.is_empty()
    }

    /// Shortest window that the sensors measure well: 10 s or 100 updates of the slowest, and 60 s
    /// where one tells its power only as an average over a second or so.
    #[must_use]
    pub fn least_window(&self) -> Duration {
        self.devices
            .iter()
            .map(|device| device.info.least_window())
            .fold(LEAST_WINDOW, Duration::max)
    }

    /// The shortest window that the sensors allow where the machine's noise is known: 100 updates of the
    /// slowest; of the estimate 100 ticks of the kernel's CPU time. None where one tells its power only as
    /// an average over a second or so.
    #[must_use]
    pub fn hundred_updates(&self) -> Option<Duration> {
        let all = self.devices.iter().map(|one| one.info.hundred_updates());
        all.collect::<Option<Vec<_>>>()
            .map(|all| all.into_iter().fold(CPU_TICK * 100, Duration::max))
    }

    /// The shortest slice of a continuous run of which the sensors tell the joules; none as for
    /// [`Meter::hundred_updates`].
    #[must_use]
    pub fn least_slice(&self) -> Option<Duration> {
        let all = self.devices.iter().map(|one| one.info.least_slice());
        all.collect::<Option<Vec<_>>>()
            .map(|all| all.into_iter().fold(LEAST_SLICE, Duration::max))
    }

    /// What the estimate charges, whether it is needed here or not.
    #[must_use]
    pub fn pricing(&self) -> Pricing {
        self.prices.pricing()
    }

    /// Works out what this machine's CPU time costs, against the meter that covers most: one at the
    /// wall, else the platform's, else what makes the figure. Blocks for `length`, most of which
    /// puts the cores under load; `date` is today's, such as `2026-11-22`.
    ///
    /// # Errors
    /// No meter answers, one fails, or what was seen is no straight line.
    pub fn calibrate(&self, length: Duration, date: &str) -> Result<Calibration, CalibrateError> {
        calibration::run(self, length, date)
    }

    /// Names of the devices whose joules make the figure; none for the estimate.
    #[must_use]
    pub fn figure_devices(&self) -> Vec<String> {
        self.devices
            .iter()
            .map(|one| one.info.name.clone())
            .collect()
    }

    /// Names and scopes of the meters that stand beside the figure.
    #[must_use]
    pub fn beside_devices(&self) -> Vec<(String, Scope)> {
        self.beside
            .iter()
            .map(|one| (one.info.name.clone(), one.info.scope))
            .collect()
    }

    /// Every device that is read in two ways, and which of them stands.
    #[must_use]
    pub fn readers(&self) -> Vec<ReaderChoice> {
        choices(
            self.devices.iter().chain(&self.beside),
            &self.own,
            &self.decided,
        )
    }

    /// How long the loaded model must rest for every sensor to tell its power at rest: it has to
    /// catch up with it, and then to be looked at once more.
    #[must_use]
    pub fn least_rest(&self) -> Duration {
        let devices = self.devices.iter().chain(&self.beside);
        let needed = devices.map(|device| {
            let settled = Duration::from_secs_f64(device.info.settled().0);
            settled + device.info.update.unwrap_or_default() + device.info.period
        });
        needed.max().unwrap_or_default()
    }

    /// Whether anything is read from a sensor, be it for the figure or beside it.
    #[must_use]
    pub fn reads_sensors(&self) -> bool {
        !(self.devices.is_empty() && self.beside.is_empty())
    }

    /// Degrees Celsius of each device that tells them, now. Asks the driver: it may block for
    /// milliseconds.
    #[must_use]
    pub fn temperatures(&self) -> Vec<(String, f64)> {
        self.devices
            .iter()
            .filter_map(|device| {
                let degrees = device.state.as_ref()?.state().temperature_c?;
                Some((device.info.name.clone(), degrees))
            })
            .collect()
    }

    /// Begins to record, on threads of its own; returns after the first reading of every sensor.
    /// CPU time is recorded beside the sensors, that of `engine_pid`'s process tree apart.
    ///
    /// `live` gets the sum of all devices' latest power at most ten times a second, and nothing
    /// while one of them does not answer. It must not block; samples that it misses are kept all the
    /// same.
    pub fn record(
        &self,
        engine_pid: Option<u32>,
        live: impl Fn(PowerSample) + Send + 'static,
    ) -> Recording {
        self.record_to(engine_pid, live, None)
    }

    /// Like [`Meter::record`], and `sink` gets every reading in chunks: a recording by itself keeps
    /// the latest two hours or more, so that its memory stays the same however long it runs.
    pub fn record_to(
        &self,
        engine_pid: Option<u32>,
        live: impl Fn(PowerSample) + Send + 'static,
        sink: Option<Arc<dyn ChunkSink>>,
    ) -> Recording {
        let setup = Setup {
            devices: &self.devices,
            beside: &self.beside,
            cpu: CpuReader::new(self.root.clone(), engine_pid),
            engine: engine_pid,
            root: self.root.clone(),
            clock: Arc::clone(&self.clock),
            not_covered: self.not_covered.clone(),
            prices: self.prices,
            decided: self.decided.clone(),
            sink,
        };
        Recording::begin(setup, Box::new(live))
    }

    /// The same sensors for somebody who plays time: nothing is read until told.
    #[must_use]
    pub fn by_hand(&self, sink: Option<Arc<dyn ChunkSink>>) -> ByHand {
        ByHand::new(&self.devices, Arc::clone(&self.clock), sink)
    }
}

/// What devices of these scopes cover together; nothing at all is the estimate.
pub(crate) fn scope_of(scopes: impl Iterator<Item = Scope>) -> Scope {
    scopes.reduce(Scope::and).unwrap_or(Scope::Estimated)
}

fn estimate_report(root: &Root) -> SensorReport {
    let looked = Looked {
        name: "Estimate from CPU time",
        device: String::new(),
        source: Source::Estimate,
        scope: Scope::Estimated,
        error: LEAST_ERROR,
    };
    let readable = CpuReader::new(root.clone(), None).read(false).is_some();
    if readable && cpu::cores(root) > 0 {
        looked.available(Some(PERIOD))
    } else {
        looked.unavailable((
            format!(
                "CPU time cannot be read from {}",
                root.path("proc").display()
            ),
            "Mount procfs there; Wattsmith needs Linux.".to_owned(),
        ))
    }
}
