//! Graphics devices that no driver makes measurable: found on the bus, silent for NVML or hwmon.

use super::facts::{Driver, Facts, PciGpu, Vendor, listed};
use wattsmith_domain::{Finding, Severity};

pub(super) fn findings(facts: &Facts) -> Vec<Finding> {
    // Windows and a container have their own answers, in `place`; a Jetson has no PCI board.
    let told_elsewhere = facts.surroundings.wsl || facts.surroundings.container;
    let nvidia = facts.has_gpu(Vendor::Nvidia);
    let mut found = Vec::new();
    if nvidia && !told_elsewhere && facts.jetson.is_none() {
        found.extend(match &facts.driver {
            Driver::NoLibrary if nouveau(facts) => Some(in_use_by_nouveau(facts)),
            Driver::NoLibrary => Some(no_driver(facts)),
            Driver::NotLoaded if nouveau(facts) => Some(in_use_by_nouveau(facts)),
            Driver::NotLoaded if facts.secure_boot => Some(blocked_by_secure_boot(facts)),
            Driver::NotLoaded => Some(not_loaded(facts)),
            _ => None,
        });
    }
    match &facts.driver {
        Driver::Mismatch => found.push(mismatch(facts)),
        Driver::Denied => found.push(denied(facts)),
        Driver::Refused(words) => found.push(refused(facts, words)),
        Driver::Answers(boards) if boards.is_empty() => found.push(no_board(facts)),
        _ if !facts.closed_files.is_empty() => found.push(denied(facts)),
        _ => {}
    }
    found
}

fn nvidia_addresses(facts: &Facts) -> String {
    let nvidia = |gpu: &&PciGpu| gpu.vendor == Vendor::Nvidia;
    listed(facts.gpus.iter().filter(nvidia).map(|gpu| &gpu.address))
}

fn nouveau(facts: &Facts) -> bool {
    facts
        .gpus
        .iter()
        .any(|gpu| gpu.vendor == Vendor::Nvidia && gpu.driver.as_deref() == Some("nouveau"))
}

fn no_driver(facts: &Facts) -> Finding {
    Finding::new(
        Severity::Problem,
        "nvidia-no-driver",
        "There is an NVIDIA GPU, but no NVIDIA driver",
        format!(
            "The PCI bus shows an NVIDIA GPU at {}. Its power is told by NVML, a library that comes \
             with NVIDIA's driver, and that library is not installed.",
            nvidia_addresses(facts)
        ),
    )
    .command("On Ubuntu:", "sudo ubuntu-drivers install")
    .command(
        "On Debian (with the non-free component enabled):",
        "sudo apt install nvidia-driver",
    )
    .command(
        "On Fedora (with RPM Fusion enabled):",
        "sudo dnf install akmod-nvidia",
    )
    .advise("Restart the machine afterwards.")
    .until_then(facts.fallback())
}

fn in_use_by_nouveau(facts: &Facts) -> Finding {
    Finding::new(
        Severity::Problem,
        "nvidia-nouveau",
        "The NVIDIA GPU is run by nouveau, which tells no power",
        format!(
            "The kernel's own driver nouveau has the GPU at {}. It offers no NVML, and the engine \
             cannot compute on the GPU with it either.",
            nvidia_addresses(facts)
        ),
    )
    .advise("Install NVIDIA's driver by your distribution's own package, which sets nouveau aside.")
    .command(
        "Where nouveau still starts first:",
        "printf 'blacklist nouveau\\noptions nouveau modeset=0\\n' | sudo tee \
         /etc/modprobe.d/blacklist-nouveau.conf && sudo update-initramfs -u",
    )
    .advise("Restart the machine afterwards. On Fedora and Arch the second half is dracut --force or mkinitcpio -P.")
    .until_then(facts.fallback())
}

fn not_loaded(facts: &Facts) -> Finding {
    Finding::new(
        Severity::Problem,
        "nvidia-not-loaded",
        "The NVIDIA driver is installed, but not running",
        "NVML's library is there, but the kernel module that it talks to is not loaded. After an \
         update of the kernel the module has often not been built for the new one.",
    )
    .command("Load it, and read what it says:", "sudo modprobe nvidia")
    .command(
        "Where it is not found for this kernel (Debian, Ubuntu):",
        "sudo apt install linux-headers-$(uname -r) && sudo dkms autoinstall && sudo modprobe \
         nvidia",
    )
    .until_then(facts.fallback())
}

fn blocked_by_secure_boot(facts: &Facts) -> Finding {
    Finding::new(
        Severity::Problem,
        "secure-boot",
        "Secure Boot may keep the NVIDIA driver from loading",
        "NVML's library is there, its kernel module is not loaded, and Secure Boot is on: then the \
         kernel refuses modules that are not signed with a key it knows.",
    )
    .command(
        "See whether that is so (“Key was rejected by service”):",
        "sudo modprobe nvidia",
    )
    .command(
        "Enrol the key that modules are signed with here (Debian, Ubuntu), then restart and confirm \
         with the password that you chose:",
        "sudo mokutil --import /var/lib/dkms/mok.pub",
    )
    .advise("Or turn Secure Boot off in the machine's firmware.")
    .until_then(facts.fallback())
}

fn mismatch(facts: &Facts) -> Finding {
    Finding::new(
        Severity::Problem,
        "nvidia-mismatch",
        "The NVIDIA driver was updated while it was running",
        "The library on disk and the kernel module in memory are of different versions, so NVML \
         refuses every call.",
    )
    .command("Restart the machine:", "sudo systemctl reboot")
    .command(
        "Or, with nothing using the GPU (no desktop either), exchange the module:",
        "sudo rmmod nvidia_drm nvidia_modeset nvidia_uvm nvidia; sudo modprobe nvidia",
    )
    .until_then(facts.fallback())
}

fn denied(facts: &Facts) -> Finding {
    let files = if facts.closed_files.is_empty() {
        "its device files".to_owned()
    } else {
        listed(&facts.closed_files)
    };
    Finding::new(
        Severity::Problem,
        "nvidia-denied",
        "This user may not use the NVIDIA GPU",
        format!(
            "The driver runs, but {files} cannot be opened. Many machines give them to the groups \
             video or render."
        ),
    )
    .command(
        "See whom they belong to:",
        "ls -l /dev/nvidia* /dev/dri/render*",
    )
    .command(
        "Join the groups, then log out and in again:",
        "sudo usermod --append --groups video,render \"$USER\"",
    )
    .until_then(facts.fallback())
}

fn refused(facts: &Facts, words: &str) -> Finding {
    Finding::new(
        Severity::Problem,
        "nvidia-refused",
        "The NVIDIA driver answers with an error",
        format!("NVML says: {words}."),
    )
    .command(
        "See whether the driver's own tool fares better:",
        "nvidia-smi",
    )
    .command(
        "Read what the kernel says of it:",
        "sudo dmesg | grep -iE 'nvrm|nvidia|xid'",
    )
    .until_then(facts.fallback())
}

fn no_board(facts: &Facts) -> Finding {
    let title = "The NVIDIA driver runs, but sees no GPU";
    let cause = if facts.surroundings.container {
        "NVML answers inside this container, but no GPU was given to it."
    } else {
        "NVML answers and counts no GPU: it is switched off, passed on to a virtual machine, or too \
         old for this driver."
    };
    Finding::new(Severity::Problem, "nvidia-no-board", title, cause)
        .command(
            "See what the bus and the driver say:",
            "lspci -nnk -d 10de: && nvidia-smi -L",
        )
        .until_then(facts.fallback())
}
