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
    /// What a meter covers.
    MeterScope {
        /// GPU boards.
        GpuBoard,
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
        /// Channel (Shelly).
        switch: u32,
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
