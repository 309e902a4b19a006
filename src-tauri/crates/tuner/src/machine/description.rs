//! The machine as it is recorded with every session.

use sysinfo::System;
use wattsmith_domain::{GpuControl, Machine};
use wattsmith_meter::Meter;

/// Reads what the system tells of itself, what the meter found and what can be set of the
/// boards.
#[must_use]
pub fn describe(meter: &Meter, gpu_controls: Vec<GpuControl>) -> Machine {
    let system = System::new().ok().map(|mut system| {
        system.refresh_memory();
        system.refresh_cpu_all();
        system
    });
    let processors = system.as_ref().map(System::cpus).unwrap_or_default();
    let logical = processors.len().max(1);
    let count = |cores: usize| u32::try_from(cores).unwrap_or(u32::MAX);
    Machine {
        os: System::long_os_version().unwrap_or_else(|_| "unknown".to_owned()),
        kernel: System::kernel_version().unwrap_or_else(|_| "unknown".to_owned()),
        cpu: processors
            .first()
            .map(|cpu| cpu.brand().trim().to_owned())
            .filter(|brand| !brand.is_empty())
            .unwrap_or_else(|| "unknown processor".to_owned()),
        physical_cores: count(System::physical_core_count().unwrap_or(logical)),
        logical_cores: count(logical),
        usable: meter.usable(),
        memory_bytes: system.as_ref().map_or(0, System::total_memory),
        gpus: meter.gpus(),
        sensors: meter.sensors(),
        virtual_machine: meter.virtual_machine(),
        gpu_controls,
    }
}
