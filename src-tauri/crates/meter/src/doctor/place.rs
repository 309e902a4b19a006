//! Where the machine runs: Windows' Linux, a virtual machine, a container, a Jetson board.

use super::facts::{Driver, Facts, Vendor};
use wattsmith_domain::{Finding, Severity};

pub(super) fn findings(facts: &Facts) -> Vec<Finding> {
    let place = &facts.surroundings;
    let mut found = Vec::new();
    if place.wsl {
        found.push(wsl(facts));
    } else if let Some(name) = &place.virtual_machine {
        found.push(virtual_machine(facts, name));
    }
    if place.container {
        found.extend(container_without_gpu(facts));
        if facts.cpu.zones.is_empty() && place.virtual_machine.is_none() {
            found.push(container_without_powercap(facts));
        }
    }
    if let Some(board) = &facts.jetson {
        found.push(jetson(facts, board));
    }
    found
}

fn wsl(facts: &Facts) -> Finding {
    let gpu = if facts.boards().is_empty() {
        "No NVIDIA GPU answers through Windows' driver either."
    } else {
        "NVML passes through Windows' driver: as a rule it tells power and temperature, but not \
         which other programs use the GPU, and limits cannot be set."
    };
    let finding = Finding::new(
        facts.missing(),
        "wsl",
        "This is Linux inside Windows (WSL)",
        format!(
            "Windows keeps the CPU's energy counters, the battery and the mainboard's sensors to \
             itself. {gpu}"
        ),
    );
    let finding = match facts.driver {
        Driver::NoLibrary => finding.advise(
            "Install NVIDIA's driver in Windows, and none in Linux: WSL brings the library with it.",
        )
        .command("Then update WSL, in a Windows terminal:", "wsl --update"),
        _ => finding,
    };
    finding
        .advise(
            "For figures of the whole machine use a plug at the wall, or a Linux that was started \
             without Windows.",
        )
        .until_then(facts.fallback())
}

fn virtual_machine(facts: &Facts, name: &str) -> Finding {
    let gpu = if !facts.boards().is_empty() {
        "What is passed through whole, such as a GPU, is measured all the same."
    } else {
        "Nothing that meters power is passed through to it."
    };
    Finding::new(
        facts.missing(),
        "virtual-machine",
        format!("This is a virtual machine ({name})"),
        format!(
            "Its host keeps the CPU's energy counters to itself, since they would tell one guest \
             about the others. {gpu} What other guests do on the same processor disturbs speed and \
             does not show here."
        ),
    )
    .advise(
        "Run Wattsmith on the host, or on a machine of your own. Where you administer the host, a \
         meter there can be read from here as an outside meter (a Prometheus query, such as of \
         Scaphandre or Kepler).",
    )
    .until_then(facts.fallback())
}

fn container_without_gpu(facts: &Facts) -> Option<Finding> {
    let on_the_bus = facts.has_gpu(Vendor::Nvidia);
    (on_the_bus && matches!(facts.driver, Driver::NoLibrary | Driver::NotLoaded)).then(|| {
        Finding::new(
            Severity::Problem,
            "container-without-gpu",
            "The host has an NVIDIA GPU, but this container did not get it",
            "The PCI bus shows the GPU, but neither its device files nor NVML's library are in the \
             container. NVIDIA's container toolkit puts both there.",
        )
        .command(
            "On the host, once:",
            "sudo apt install nvidia-container-toolkit && sudo nvidia-ctk runtime configure \
             --runtime=docker && sudo systemctl restart docker",
        )
        .command("Then start the container with:", "docker run --gpus all …")
        .command(
            "With Podman:",
            "sudo nvidia-ctk cdi generate --output=/etc/cdi/nvidia.yaml; podman run --device \
             nvidia.com/gpu=all …",
        )
        .until_then(facts.fallback())
    })
}

fn container_without_powercap(facts: &Facts) -> Finding {
    Finding::new(
        facts.missing(),
        "container-without-powercap",
        "This container does not see the CPU's energy counters",
        "Container runtimes hide /sys/class/powercap and the folder that it points to.",
    )
    .command(
        "Give both to the container, for reading:",
        "docker run -v /sys/class/powercap:/sys/class/powercap:ro -v \
         /sys/devices/virtual/powercap:/sys/devices/virtual/powercap:ro …",
    )
    .advise("Or run Wattsmith on the host and the engine wherever you like.")
    .until_then(facts.fallback())
}

fn jetson(facts: &Facts, board: &str) -> Finding {
    Finding::new(
        facts.missing(),
        "jetson",
        "This is a Jetson, whose power NVML does not tell",
        format!(
            "{board} has no NVML energy or power; its supply is metered by an INA3221 chip, which \
             gives voltage and current of the whole module."
        ),
    )
    .command(
        "Add this as an outside meter of the kind “command”; it prints the module's watts:",
        "sh -c 'set -- /sys/bus/i2c/drivers/ina3221/*/hwmon/hwmon*; awk \"NR==1{mv=\\$1} \
         NR==2{print mv*\\$1/1e6}\" $1/in1_input $1/curr1_input'",
    )
    .command(
        "See the same figures live:",
        "sudo tegrastats --interval 1000",
    )
    .until_then(facts.fallback())
}
