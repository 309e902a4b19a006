//! What was measured in one window, and what is known about its errors.

use crate::kept::{Marks, Reckoning};
use crate::picture::PictureWork;
use crate::sensor_fault::SensorFault;
use crate::units::{Joules, MonotonicNs, Seconds, Tokens, Watts};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Share of the machine's CPU time that other programs may use; above it a window is spoiled. Half of
/// it is worth a warning already (the meter's).
pub const MOST_OTHER_LOAD: f64 = 0.10;

/// What part of the machine a figure covers. Figures of different scope are never compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// The GPU board or boards.
    GpuBoard,
    /// The GPU's chip with what shares its package, without the rest of the board: memory chips,
    /// fans and the losses of its converters are not in it.
    GpuPackage,
    /// The CPU package or packages, DRAM where its sensor answers.
    CpuPackage,
    /// GPU boards and CPU packages together.
    GpuAndCpu,
    /// The packages of GPU chips and of CPUs together, without the rest of the GPU boards.
    GpuPackageAndCpu,
    /// The whole platform as its firmware meters it (RAPL's psys).
    Platform,
    /// The whole machine behind its battery: screen and all, without the charger's losses.
    Battery,
    /// The whole machine at the wall.
    Wall,
    /// Worked out from CPU time; no sensor was read.
    Estimated,
    /// A rail, a fan, or what nobody knows. A sensor can have this scope; a figure never has.
    Part,
}

impl Scope {
    /// Whether it is the whole machine, with all that other sensors measure in it.
    #[must_use]
    pub fn is_whole(self) -> bool {
        matches!(self, Self::Platform | Self::Battery | Self::Wall)
    }

    /// Whether it is GPUs and nothing else: their boards, or no more of them than the chip.
    #[must_use]
    pub fn is_gpu(self) -> bool {
        matches!(self, Self::GpuBoard | Self::GpuPackage)
    }

    /// What two devices cover together whose joules are added. Where only the chip of one GPU is
    /// counted, the sum is named after the chips: it would be too much to call it boards.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (one, same) if one == same => one,
            (Self::GpuBoard, Self::GpuPackage) | (Self::GpuPackage, Self::GpuBoard) => {
                Self::GpuPackage
            }
            (Self::GpuPackage | Self::GpuPackageAndCpu, _)
            | (_, Self::GpuPackage | Self::GpuPackageAndCpu) => Self::GpuPackageAndCpu,
            _ => Self::GpuAndCpu,
        }
    }

    /// In words, as the screen shows it.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::GpuBoard => "GPU board",
            Self::GpuPackage => "GPU chip's package, not the board",
            Self::CpuPackage => "CPU package",
            Self::GpuAndCpu => "GPU board and CPU package",
            Self::GpuPackageAndCpu => "GPU chip's package and CPU package, not the board",
            Self::Platform => "whole platform",
            Self::Battery => "whole machine, from its battery",
            Self::Wall => "whole machine at the wall",
            Self::Estimated => "whole machine, estimated from CPU time",
            Self::Part => "a part of the machine, or not known",
        }
    }
}

/// Where joules come from, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// NVML's total energy counter (Volta and newer).
    NvmlCounter,
    /// NVML's instant power, integrated.
    NvmlInstant,
    /// NVML's averaged power, integrated.
    NvmlAverage,
    /// RAPL energy counters through powercap.
    Rapl,
    /// A power or energy sensor of the kernel's hwmon class, such as amdgpu's.
    Hwmon,
    /// What a laptop's battery gives off.
    Battery,
    /// A plug at the wall that tells its power over HTTP.
    WallPlug,
    /// A program of the person's that prints watts or joules.
    Command,
    /// A CSV file that some other meter writes.
    Csv,
    /// A Prometheus query, such as of an exporter's counter.
    Prometheus,
    /// Apple's energy counters; not written yet, so never available.
    AppleIoReport,
    /// Windows' energy meter interface; not written yet, so never available.
    WindowsEmi,
    /// Idle watts × time + watts per busy core × CPU seconds.
    Estimate,
}

impl Source {
    /// Whether the person brought the meter.
    #[must_use]
    pub fn is_own(self) -> bool {
        matches!(
            self,
            Self::WallPlug | Self::Command | Self::Csv | Self::Prometheus
        )
    }

    /// Whether a sensor was read.
    #[must_use]
    pub fn is_measured(self) -> bool {
        self != Self::Estimate
    }

    /// In words, as a sentence names it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::NvmlCounter => "the GPU's energy counter",
            Self::NvmlInstant => "the GPU's instant power",
            Self::NvmlAverage => "the GPU's averaged power",
            Self::Rapl => "the CPU's energy counters",
            Self::Hwmon => "the kernel's power sensors",
            Self::Battery => "the battery's discharge",
            Self::WallPlug => "a plug at the wall",
            Self::Command => "a command of yours",
            Self::Csv => "a file of another meter",
            Self::Prometheus => "a Prometheus query",
            Self::AppleIoReport => "Apple's energy counters",
            Self::WindowsEmi => "Windows' energy meters",
            Self::Estimate => "an estimate from CPU time",
        }
    }

    /// The name used in JSON and on the screen.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::NvmlCounter => "nvml-counter",
            Self::NvmlInstant => "nvml-instant",
            Self::NvmlAverage => "nvml-average",
            Self::Rapl => "rapl",
            Self::Hwmon => "hwmon",
            Self::Battery => "battery",
            Self::WallPlug => "wall-plug",
            Self::Command => "command",
            Self::Csv => "csv",
            Self::Prometheus => "prometheus",
            Self::AppleIoReport => "apple-ioreport",
            Self::WindowsEmi => "windows-emi",
            Self::Estimate => "estimate",
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

/// One reading of a device's power.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PowerSample {
    /// When.
    pub at: MonotonicNs,
    /// How much.
    pub power: Watts,
}

/// Joules of one device over the window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeviceEnergy {
    /// Such as `NVIDIA H100 (GPU-1f2e…)` or `package-0`.
    pub device: String,
    /// How it was obtained.
    pub source: Source,
    /// Energy over the window.
    pub joules: Joules,
    /// The same by integrating power, where the counter is the source and power answers too.
    pub integral: Option<Joules>,
    /// The same by the device's own energy total, where power is the source and a total answers too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counted: Option<Joules>,
    /// How its joules come of what it told; none in records of before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reckoning: Option<Reckoning>,
    /// As in [`Energy::window_error`], of this device alone.
    #[serde(default)]
    pub window_error: f64,
}

/// What a meter of another scope said of the same window, such as a plug at the wall. Kept beside
/// the figure and never added to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BesideEnergy {
    /// Such as `plug-desk`.
    pub device: String,
    /// How it was obtained.
    pub source: Source,
    /// What it covers.
    pub scope: Scope,
    /// Energy over the window; where the meter failed, why.
    pub joules: Result<Joules, String>,
    /// Typical systematic error as a fraction.
    pub sensor_error: f64,
    /// What is wrong with it, where it has no figure for that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<SensorFault>,
}

/// How far an estimate depends on coefficients that nobody measured: the same wall and CPU seconds
/// priced at the two ends of the plausible idle-to-busy ratio.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EstimateSpread {
    /// At 3 W idle + 10 W per busy core: favours settings that keep few cores busy.
    pub low_idle: Joules,
    /// At 30 W idle + 4 W per busy core: favours settings that finish soon.
    pub high_idle: Joules,
}

/// Energy of one window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Energy {
    /// Everything the scope used during the window. This is what is optimised.
    pub gross: Joules,
    /// Gross less the model-loaded idle power × the window; none for estimates.
    pub net: Option<Joules>,
    /// What is covered.
    pub scope: Scope,
    /// Per device; their sum is `gross`.
    pub devices: Vec<DeviceEnergy>,
    /// What meters of another scope said of the same window.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub beside: Vec<BesideEnergy>,
    /// Systematic error of the sensor as a fraction of the figure (0.05 is ±5 %).
    pub sensor_error: f64,
    /// Random error of cutting this one window out of the readings, as a fraction of `gross`: one
    /// standard deviation of what counter ticks at its edges and looking only now and then leave
    /// open. 0 in records from before it was stated, and for estimates, whose error is
    /// `sensor_error`.
    #[serde(default)]
    pub window_error: f64,
    /// Devices whose two readers contradict each other while nobody has said which one stands: the
    /// figure is not certain, and nothing is compared with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undecided: Vec<String>,
    /// Present exactly when the figure is an estimate.
    pub estimate: Option<EstimateSpread>,
}

impl Energy {
    /// Whether every joule was read from a sensor.
    #[must_use]
    pub fn is_measured(&self) -> bool {
        self.estimate.is_none()
    }

    /// Source names joined by `+`, each once.
    #[must_use]
    pub fn source(&self) -> String {
        let mut sources: Vec<Source> = self.devices.iter().map(|device| device.source).collect();
        sources.sort();
        sources.dedup();
        sources
            .iter()
            .map(|source| source.label())
            .collect::<Vec<_>>()
            .join("+")
    }
}

/// A median and a 95th percentile.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Quantiles {
    /// Half of the requests were below this.
    pub p50: f64,
    /// 19 of 20 requests were below this.
    pub p95: f64,
}

/// How fast the work was done. Fields keep the names that stored records have, which are those of
/// tokens; pictures fill them as said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Performance {
    /// Units of work (output tokens, images) of the window over its length.
    pub tokens_per_second: f64,
    /// From a request sent to its first token, or to its pictures, seconds.
    pub time_to_first_token_s: Quantiles,
    /// Between tokens of one request, or for each of its images, seconds.
    pub time_per_output_token_s: Quantiles,
    /// Prompt processing as the engine timed it, summed over requests, seconds; of pictures the text
    /// encoding. None where the server does not tell.
    #[serde(default)]
    pub prefill_s: Option<f64>,
    /// Generation as the engine timed it, summed over requests, seconds; of pictures denoising and
    /// decoding. None where the server does not tell.
    #[serde(default)]
    pub decode_s: Option<f64>,
    /// Prompt tokens processed in the window.
    pub prompt_tokens: Tokens,
    /// Requests completed in the window.
    pub requests: u32,
}

/// Whose CPU time the window contained.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct CpuUse {
    /// The engine's process tree, CPU seconds.
    pub engine_s: f64,
    /// Wattsmith itself, load driver and sampling included, CPU seconds.
    pub own_s: f64,
    /// Everything else on the machine, CPU seconds.
    pub other_s: f64,
    /// What the host of a virtual machine took away from it, CPU seconds.
    #[serde(default)]
    pub stolen_s: f64,
    /// Logical cores of the machine.
    pub cores: u32,
    /// What the engine was allowed of them; none where it may use them all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed: Option<Allowance>,
}

impl CpuUse {
    /// CPU seconds per second that the engine could have used.
    #[must_use]
    pub fn capacity(&self) -> f64 {
        self.allowed
            .map_or(f64::from(self.cores), |allowed| allowed.cores)
    }

    /// Logical cores that threads of the engine could run on.
    #[must_use]
    pub fn places(&self) -> u32 {
        self.allowed.map_or(self.cores, |allowed| allowed.places)
    }

    /// What others used of those cores, other programs and the host of a virtual machine together,
    /// CPU seconds.
    #[must_use]
    pub fn taken_s(&self) -> f64 {
        let (other_s, stolen_s) = self
            .allowed
            .map_or((self.other_s, self.stolen_s), |allowed| {
                (allowed.other_s, allowed.stolen_s)
            });
        other_s + stolen_s
    }

    /// Shares of the CPU that other programs and the host of a virtual machine took in a window, 0
    /// to 1: of the cores that the engine may use. A sensor sees the `whole` machine; there the
    /// greater share of both counts. 0 where the cores are not known.
    #[must_use]
    pub fn taken_shares(&self, window: Seconds, whole: bool) -> (f64, f64) {
        let share = |used_s: f64, cores: u32| match window.0 * f64::from(cores) {
            possible if possible > 0.0 => used_s / possible,
            _ => 0.0,
        };
        let of_all = |used_s| share(used_s, self.cores);
        match self.allowed {
            None => (of_all(self.other_s), of_all(self.stolen_s)),
            Some(one) => {
                let (other, stolen) = (
                    share(one.other_s, one.places),
                    share(one.stolen_s, one.places),
                );
                match whole {
                    true => (
                        other.max(of_all(self.other_s)),
                        stolen.max(of_all(self.stolen_s)),
                    ),
                    false => (other, stolen),
                }
            }
        }
    }

    /// How a quota held the engine back, where there is one.
    #[must_use]
    pub fn quota(&self) -> Option<QuotaUse> {
        self.allowed?.quota
    }
}

/// What the engine was allowed of a machine, and what others used of just that.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Allowance {
    /// CPU seconds per second: the cores of its affinity mask and its cpuset, or less by a quota.
    pub cores: f64,
    /// Logical cores that its threads could run on.
    pub places: u32,
    /// Other programs on those cores, CPU seconds.
    pub other_s: f64,
    /// What the host of a virtual machine took away of those cores, CPU seconds.
    pub stolen_s: f64,
    /// The quota of its control group, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<QuotaUse>,
}

/// How a quota held the engine back during the window.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct QuotaUse {
    /// CPU seconds per second that it allows.
    pub cores: f64,
    /// Periods in which the control group had something to do.
    pub periods: u32,
    /// Those of them in which the quota was used up.
    pub throttled: u32,
    /// How long cores stood still for it, summed over cores, seconds.
    pub throttled_s: f64,
}

impl QuotaUse {
    /// Share of the periods in which it was used up, 0 to 1.
    #[must_use]
    pub fn share(&self) -> f64 {
        f64::from(self.throttled) / f64::from(self.periods.max(1))
    }
}

/// The part of the window in which every client was busy.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SteadyState {
    /// Length of that part.
    pub span: Seconds,
    /// Gross joules per output token in it.
    pub joules_per_unit: f64,
}

/// What a warning is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WarningKind {
    /// The window was shorter than measuring well needs.
    ShortWindow,
    /// Other programs used the machine.
    OtherLoad,
    /// The machine ran on battery.
    OnBattery,
    /// Counter and integral differ by more than 5 %.
    SensorDisagreement,
    /// Some devices do not answer, so the scope is smaller than the machine.
    PartialScope,
    /// The engine uses another value than was asked for.
    SettingIgnored,
    /// The clock or temperature was limited by the hardware.
    Throttled,
    /// The default's figure moved since the session began.
    Drift,
    /// The load driver itself used a noticeable share of a core.
    DriverLoad,
    /// Other processes used the GPU.
    GpuShared,
    /// The device was warmer or colder than the session's reference.
    TemperatureDrift,
    /// The power limit changed inside the window.
    LimitChanged,
    /// The power limit is not the one of the session's first window, and no setting asked for that.
    LimitDiffers,
    /// A sensor does not tell what it claims to; [`Warning::fault`] says how.
    SensorDoubtful,
    /// A quota of CPU time held the engine back.
    CpuQuota,
    /// Other programs kept so much of the cores busy that CPU seconds tell no energy.
    TooBusy,
    /// Another lock than the machine's was asked for, so that somebody else may have measured meanwhile.
    ExclusionOverridden,
    /// Answers had fewer tokens than were asked for, of a server that cannot fix their length.
    ShortAnswers,
}

/// Something that makes a figure less trustworthy, with advice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// About what.
    pub kind: WarningKind,
    /// What was seen and what to do, in one or two sentences.
    pub text: String,
    /// Which fault of a sensor it tells, where it tells one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<SensorFault>,
}

impl Warning {
    /// The text, with the code of the fault in brackets where it has one: for reports and terminals.
    #[must_use]
    pub fn with_code(&self) -> String {
        match self.fault {
            Some(fault) => format!("{} [{fault}]", self.text),
            None => self.text.clone(),
        }
    }
}

/// The state a device was in over the window; what it does not tell is none.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DeviceConditions {
    /// As in [`DeviceEnergy::device`].
    pub device: String,
    /// Degrees Celsius when the window opened.
    pub temperature_from_c: Option<f64>,
    /// Degrees Celsius when it closed.
    pub temperature_to_c: Option<f64>,
    /// Clock of the compute units, MHz, mean of what was seen.
    pub clock_mhz: Option<f64>,
    /// Clock of the memory, MHz, mean of what was seen.
    pub memory_clock_mhz: Option<f64>,
    /// Per cent of the time in which it computed, whatever part of it; mean of what was seen.
    pub busy_percent: Option<f64>,
    /// Per cent of the time in which its memory was read or written, mean of what was seen.
    pub memory_busy_percent: Option<f64>,
    /// Enforced power limit.
    pub power_limit: Option<Watts>,
    /// Performance state, 0 the fastest.
    pub p_state: Option<u32>,
    /// Why clocks were held down at some time in the window, in words; empty where they were not.
    #[serde(default)]
    pub throttled: Vec<String>,
    /// Processes other than the engine that used the device, such as `python3 (pid 4711)`.
    #[serde(default)]
    pub other_processes: Vec<String>,
}

/// Energy of prompt processing and of generation apart, where the engine's own times tell them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PhaseEnergy {
    /// Gross joules per prompt token processed.
    pub prefill_joules_per_token: f64,
    /// Gross joules per output token generated.
    pub decode_joules_per_token: f64,
}

/// One measured window: the workload once, under one configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Repeat {
    /// From 1 within its trial or confirmation.
    pub index: u32,
    /// RFC 3339, UTC.
    pub started_at: String,
    /// Length of the window: first request sent to last token received.
    pub window: Seconds,
    /// Where it lies among its samples; none in records of before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marks: Option<Marks>,
    /// Work done, as the engine counted it.
    pub units: Tokens,
    /// Joules.
    pub energy: Energy,
    /// Speed.
    pub performance: Performance,
    /// Steady state beside the whole-work figure, where long enough.
    pub steady: Option<SteadyState>,
    /// Prefill and decode apart, where the engine tells.
    #[serde(default)]
    pub phases: Option<PhaseEnergy>,
    /// Of pictures: phases, steps, files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pictures: Option<PictureWork>,
    /// State of each device, where it tells.
    #[serde(default)]
    pub conditions: Vec<DeviceConditions>,
    /// Model-loaded idle power used for `energy.net`.
    pub idle: Option<Watts>,
    /// CPU time.
    pub cpu: CpuUse,
    /// From launch to ready; outside the window.
    pub load: Seconds,
    /// Warm-up requests; outside the window.
    pub warm_up: Seconds,
    /// Energy of everything around the window (load, warm-up, idle), for the cost of the search.
    pub overhead: Joules,
    /// Whether the window was shortened on purpose (`--quick`).
    pub quick: bool,
    /// Whether others disturbed it so much that it tells nothing of how much repeats vary.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disturbed: bool,
    /// What to be careful about.
    pub warnings: Vec<Warning>,
}

impl Repeat {
    /// Gross joules per unit of work.
    #[must_use]
    pub fn joules_per_unit(&self) -> f64 {
        self.energy.gross / self.units
    }

    /// Gross joules per denoising step of one image; none where it is no pictures.
    #[must_use]
    pub fn joules_per_step(&self) -> Option<f64> {
        let steps = self.pictures.as_ref()?.steps;
        (steps > 0).then(|| self.energy.gross.0 / steps as f64)
    }

    /// Net joules per unit of work.
    #[must_use]
    pub fn net_joules_per_unit(&self) -> Option<f64> {
        self.energy.net.map(|net| net / self.units)
    }

    /// Whether others disturbed it so much that no interval can rest on it. Windows of before say so only
    /// where they were too busy to estimate.
    #[must_use]
    pub fn is_disturbed(&self) -> bool {
        let too_busy = |one: &Warning| one.kind == WarningKind::TooBusy;
        self.disturbed || self.warnings.iter().any(too_busy)
    }

    /// The estimate's figure at both ends of the plausible ratio: (low idle, high idle).
    #[must_use]
    pub fn estimate_ends(&self) -> Option<(f64, f64)> {
        self.energy
            .estimate
            .map(|spread| (spread.low_idle / self.units, spread.high_idle / self.units))
    }
}

/// What spoiled a window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// About what.
    pub kind: WarningKind,
    /// What was seen, without a full stop, such as `other programs used 31 % of the CPU`.
    pub text: String,
}

/// A window that was measured and then left out of every figure. Its joules still count as a cost of
/// the search.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DiscardedRepeat {
    /// The window; its index is that of the repeat which it should have been.
    pub repeat: Repeat,
    /// Why it was left out.
    pub cause: Cause,
}

/// A mean with its confidence interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Geometric mean.
    pub mean: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// Repeats behind it.
    pub n: u32,
}

impl Interval {
    /// Half the width as a fraction of the mean.
    #[must_use]
    pub fn relative_half_width(&self) -> f64 {
        (self.high - self.low) / (2.0 * self.mean)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Scope::{CpuPackage, GpuAndCpu, GpuBoard, GpuPackage, GpuPackageAndCpu};

    #[test]
    fn what_covers_a_chip_only_is_never_called_a_board() {
        for (one, other, sum) in [
            (GpuBoard, GpuBoard, GpuBoard),
            (GpuBoard, CpuPackage, GpuAndCpu),
            (GpuAndCpu, CpuPackage, GpuAndCpu),
            (GpuPackage, GpuPackage, GpuPackage),
            (GpuBoard, GpuPackage, GpuPackage),
            (GpuPackage, CpuPackage, GpuPackageAndCpu),
            (GpuPackageAndCpu, CpuPackage, GpuPackageAndCpu),
            (GpuPackageAndCpu, GpuBoard, GpuPackageAndCpu),
            (GpuAndCpu, GpuPackage, GpuPackageAndCpu),
        ] {
            assert_eq!((one.and(other), other.and(one)), (sum, sum));
        }
    }

    #[test]
    fn scopes_of_older_records_are_read() {
        for (name, scope) in [
            ("\"gpu-board\"", GpuBoard),
            ("\"gpu-and-cpu\"", GpuAndCpu),
            ("\"gpu-package\"", GpuPackage),
            ("\"gpu-package-and-cpu\"", GpuPackageAndCpu),
            ("\"part\"", Scope::Part),
        ] {
            assert_eq!(serde_json::from_str::<Scope>(name).unwrap(), scope);
            assert_eq!(serde_json::to_string(&scope).unwrap(), name);
        }
    }
}
