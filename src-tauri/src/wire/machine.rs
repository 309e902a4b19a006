//! The machine: its sensors, meters and what the doctor finds.

use super::Number;
use serde::{Deserialize, Serialize};
use specta::Type;

words! {
    /// How much a finding of the doctor matters.
    FindingSeverity {
        /// Keeps something from being measured, or makes figures wrong.
        Problem,
        /// Worth knowing.
        Note,
        /// As it should be.
        Fine,
    }
    /// Where the values of a meter of the person's come from.
    MeterKind {
        /// Shelly plug, first generation.
        Shelly1,
        /// Shelly plug, second generation and later.
        Shelly2,
        /// Plug with Tasmota.
        Tasmota,
        /// Program that prints numbers.
        Command,
        /// File that grows.
        Csv,
        /// Query to a Prometheus server.
        Prometheus,
    }
    /// What stands before the decimals of a file's numbers.
    MeterDecimal {
        /// As the numbers themselves show.
        Shown,
        /// 61.5
        Point,
        /// 61,5
        Comma,
    }
    /// What a meter's values are.
    MeterUnit {
        /// W.
        Watts,
        /// mW.
        Milliwatts,
        /// J so far.
        Joules,
        /// mJ so far.
        Millijoules,
        /// µJ so far.
        Microjoules,
        /// Wh so far.
        WattHours,
        /// kWh so far.
        KilowattHours,
    }
    /// One of two ways to read a device.
    ReaderWay {
        /// Its energy counter or total.
        Counter,
        /// Its power.
        Power,
        /// The person's own meter.
        Own,
        /// The other sensor of the same part.
        BuiltIn,
    }
    /// What a meter covers.
    MeterScope {
        /// GPU boards.
        GpuBoard,
        /// Chips of GPUs, without the rest of their boards.
        GpuPackage,
        /// CPU packages.
        CpuPackage,
        /// Both.
        GpuAndCpu,
        /// The platform behind the power supply.
        Platform,
        /// The machine behind its battery.
        Battery,
        /// The machine at the wall.
        Wall,
    }
}

views! {
    /// One sensor, found or missing.
    SensorView {
        /// Name.
        name: String,
        /// Device.
        device: String,
        /// What it covers, in words.
        scope: String,
        /// Whether it answers.
        available: bool,
        /// Systematic error as a fraction.
        #[specta(type = Number)]
        error: f64,
        /// Update period in milliseconds, where seen.
        period_ms: Option<f64>,
        /// Smallest step with its unit, such as "0.001 J"; empty where not known.
        step: String,
        /// Over how long its power is averaged, milliseconds; 0 is an instant.
        averaging_ms: Option<f64>,
        /// What is wrong with what it tells, in words after its name; empty where nothing is.
        fault: String,
        /// Why it does not answer.
        reason: String,
        /// What to do; may hold a command to copy.
        remedy: String,
    }
    /// One thing to do about a finding.
    RemedyView {
        /// In words.
        text: String,
        /// What to paste into a shell; never run from here.
        command: Option<String>,
    }
    /// One situation that the doctor found.
    FindingView {
        /// Its name, such as `rapl-denied`.
        id: String,
        /// How much it matters.
        severity: FindingSeverity,
        /// What is the matter.
        title: String,
        /// Why, and what follows for the figures.
        cause: String,
        /// What to do, best first.
        remedies: Vec<RemedyView>,
        /// What is used meanwhile, in words; may be empty.
        meanwhile: String,
    }
    /// What the doctor says.
    DiagnosisView {
        /// One sentence.
        verdict: String,
        /// Whether joules are read from a sensor.
        measured: bool,
        /// Whether there can be figures at all.
        usable: bool,
        /// What figures cover, in words.
        scope: String,
        /// Systematic error as a fraction.
        #[specta(type = Number)]
        sensor_error: f64,
        /// Worst first.
        findings: Vec<FindingView>,
        /// Every sensor, those that answer first.
        sensors: Vec<SensorView>,
    }
    /// A meter that the person brings; each kind uses some of the fields.
    OutsideMeterView {
        /// Name.
        name: String,
        /// Kind.
        kind: MeterKind,
        /// Address (plugs, Prometheus).
        url: String,
        /// Which of several things is meant (plugs, command): empty for the only one, `sum` for all
        /// together, a number from 0, or a component's name such as `em1:0`.
        part: String,
        /// Program and arguments, quoted as for a shell (command).
        command: String,
        /// Whether the program prints one value and ends (command).
        once: bool,
        /// File (CSV).
        path: String,
        /// Column's name or number from 1 (CSV).
        column: String,
        /// Between columns, one character (CSV).
        separator: String,
        /// What stands before decimals (CSV).
        decimal: MeterDecimal,
        /// Query (Prometheus).
        query: String,
        /// What its values are; plugs tell watts.
        unit: MeterUnit,
        /// What it covers.
        scope: MeterScope,
        /// Systematic error, per cent.
        #[specta(type = Number)]
        error_percent: f64,
        /// Whether it makes the figure; otherwise it stands beside it.
        main: bool,
        /// Seconds between two values; none is the usual for its kind.
        period_s: Option<f64>,
        /// Seconds that each value is the mean of; none for power of the moment and for counters.
        averaging_s: Option<f64>,
        /// Whether what is drawn shows as a negative power.
        flip: bool,
        /// The machine that it measures, where that is another one; empty for this one.
        machine: String,
    }
    /// One of the things that a device measures.
    MeterOfferView {
        /// What `part` is to be for it.
        component: String,
        /// What it tells at the moment, in words.
        tells: String,
    }
    /// What reading a meter for some seconds gave.
    MeterTrialView {
        /// Whether it gave a figure.
        answers: bool,
        /// Its mean power, or why it gives none, in words.
        said: String,
        /// The code of what is wrong, where something is.
        fault: Option<String>,
        /// What its device measures, where it can tell.
        offers: Vec<MeterOfferView>,
    }
    /// How much J/unit varies between neighbouring slices of one length.
    NoisePointView {
        /// Length of a slice, seconds.
        #[specta(type = Number)]
        seconds: f64,
        /// Allan deviation as a fraction.
        #[specta(type = Number)]
        deviation: f64,
        /// Lower end of its 95 % interval.
        #[specta(type = Number)]
        low: f64,
        /// Upper end.
        #[specta(type = Number)]
        high: f64,
    }
    /// A part of what repeats vary by.
    NoisePartView {
        /// "white", "slow drift" or "launch".
        name: String,
        /// Its share, 0 to 1.
        #[specta(type = Number)]
        share: f64,
        /// How much, and what helps against it.
        says: String,
    }
    /// A recording of this machine's noise.
    NoiseView {
        /// RFC 3339, UTC.
        recorded_at: String,
        /// The engine's name.
        engine: String,
        /// The model's name.
        model: String,
        /// Whether its joules are an estimate.
        estimated: bool,
        /// Length of the run, seconds.
        #[specta(type = Number)]
        seconds: f64,
        /// Deviation over slice length, shortest first.
        curve: Vec<NoisePointView>,
        /// What repeats vary by, in parts.
        parts: Vec<NoisePartView>,
        /// What the run's slow drift means, in a sentence.
        drift: String,
        /// The shortest window and the pause that pay, in one line.
        said: String,
        /// That window, seconds.
        #[specta(type = Number)]
        window_s: f64,
    }
    /// A device that is read in two ways, which may contradict each other.
    ReaderView {
        /// Its name.
        device: String,
        /// The two.
        ways: Vec<ReaderWay>,
        /// Which stands, where the person said so.
        decided: Option<ReaderWay>,
    }
    /// The machine.
    MachineView {
        /// Operating system.
        os: String,
        /// Kernel.
        kernel: String,
        /// Processor.
        cpu: String,
        /// Physical cores.
        physical_cores: u32,
        /// Logical cores.
        logical_cores: u32,
        /// Which of them the engine may use and why, where it is not all of them.
        usable_cores: Option<String>,
        /// Memory, GiB.
        #[specta(type = Number)]
        memory_gib: f64,
        /// GPUs.
        gpus: Vec<String>,
        /// Kind of virtual machine.
        virtual_machine: Option<String>,
        /// Sensors, found and missing.
        sensors: Vec<SensorView>,
        /// Whether joules are read from a sensor.
        measured: bool,
        /// Scope of the figures, in words.
        scope: String,
        /// Systematic error as a fraction.
        #[specta(type = Number)]
        sensor_error: f64,
        /// One sentence for the corner of the window.
        sentence: String,
    }
    /// What a first start shows within 5 s.
    FirstLook {
        /// The machine.
        machine: MachineView,
        /// Watts now, when a sensor answers.
        watts: Option<f64>,
    }
}
