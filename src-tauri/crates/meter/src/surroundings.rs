//! Where the machine runs: on real hardware, in a virtual machine, in a container, on battery. Says
//! why sensors are missing, in words a person can act on.

use crate::files::Root;

/// Words in the firmware's tables that name a hypervisor.
const HYPERVISORS: [(&str, &str); 12] = [
    ("kvm", "KVM"),
    ("qemu", "QEMU"),
    ("vmware", "VMware"),
    ("virtualbox", "VirtualBox"),
    ("xen", "Xen"),
    ("virtual machine", "Hyper-V"),
    ("amazon ec2", "Amazon EC2"),
    ("google compute engine", "Google Compute Engine"),
    ("openstack", "OpenStack"),
    ("bochs", "Bochs"),
    ("parallels", "Parallels"),
    ("bhyve", "bhyve"),
];

/// What lies between this process and the hardware.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Surroundings {
    pub(crate) wsl: bool,
    pub(crate) virtual_machine: Option<String>,
    pub(crate) container: bool,
}

impl Surroundings {
    pub(crate) fn look(root: &Root) -> Self {
        let release = root.text("proc/sys/kernel/osrelease").unwrap_or_default();
        let wsl = release.to_ascii_lowercase().contains("microsoft");
        Self {
            wsl,
            virtual_machine: if wsl {
                Some("Windows Subsystem for Linux".to_owned())
            } else {
                hypervisor(root)
            },
            container: in_container(root),
        }
    }

    /// Why a sensor of the CPU may be out of reach here, and what helps; `None` on bare metal.
    pub(crate) fn hides_the_cpu(&self) -> Option<(String, String)> {
        if self.wsl {
            let reason = "Windows Subsystem for Linux does not pass the CPU's energy counters on";
            let remedy = "Run Wattsmith on a Linux that was started without Windows.";
            return Some((reason.to_owned(), remedy.to_owned()));
        }
        if let Some(name) = &self.virtual_machine {
            let reason = format!(
                "this is a virtual machine ({name}), and its host does not pass the CPU's energy \
                 counters on"
            );
            let remedy = "Run Wattsmith on the host, or on a machine of your own.";
            return Some((reason, remedy.to_owned()));
        }
        self.container.then(|| {
            (
                "this is a container without the host's /sys/class/powercap".to_owned(),
                "Start the container with -v /sys/class/powercap:/sys/class/powercap:ro and \
                 -v /sys/devices/virtual/powercap:/sys/devices/virtual/powercap:ro, or run \
                 Wattsmith outside."
                    .to_owned(),
            )
        })
    }
}

fn hypervisor(root: &Root) -> Option<String> {
    let firmware = ["sys_vendor", "product_name", "board_vendor", "bios_vendor"]
        .iter()
        .filter_map(|name| root.text(&format!("sys/class/dmi/id/{name}")))
        .collect::<Vec<_>>()
        .join(" ")
        .to_ascii_lowercase();
    if let Some((_, name)) = HYPERVISORS.iter().find(|(word, _)| firmware.contains(word)) {
        return Some((*name).to_owned());
    }
    if let Some(kind) = root
        .text("sys/hypervisor/type")
        .filter(|kind| !kind.is_empty())
    {
        return Some(kind);
    }
    let flagged = root.text("proc/cpuinfo")?.lines().any(|line| {
        line.starts_with("flags") && line.split_whitespace().any(|flag| flag == "hypervisor")
    });
    flagged.then(|| "hypervisor unknown".to_owned())
}

fn in_container(root: &Root) -> bool {
    root.exists(".dockerenv")
        || root.exists("run/.containerenv")
        || root.text("proc/1/cgroup").is_some_and(|groups| {
            ["docker", "kubepods", "containerd", "lxc"]
                .iter()
                .any(|word| groups.contains(word))
        })
}

/// Whether the machine draws from a battery at this moment.
pub(crate) fn on_battery(root: &Root) -> bool {
    let folder = "sys/class/power_supply";
    let supplies: Vec<(String, String)> = root
        .names(folder)
        .into_iter()
        .filter_map(|name| {
            let kind = root.text(&format!("{folder}/{name}/type"))?;
            Some((name, kind))
        })
        .collect();
    let says = |name: &str, file: &str, word: &str| {
        root.text(&format!("{folder}/{name}/{file}")).as_deref() == Some(word)
    };
    let plugged_in = supplies
        .iter()
        .any(|(name, kind)| kind != "Battery" && says(name, "online", "1"));
    let discharging = supplies.iter().any(|(name, kind)| {
        // A wireless mouse has a battery too; its scope is "Device".
        kind == "Battery" && says(name, "status", "Discharging") && !says(name, "scope", "Device")
    });
    discharging && !plugged_in
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(files: &[(&str, &str)]) -> (tempfile::TempDir, Root) {
        crate::files::tree("", files)
    }

    fn vm(files: &[(&str, &str)]) -> Option<String> {
        let (_dir, root) = root(files);
        Surroundings::look(&root).virtual_machine
    }

    #[test]
    fn a_virtual_machine_is_known_by_firmware_then_by_the_processor_flag() {
        assert_eq!(
            vm(&[("sys/class/dmi/id/sys_vendor", "QEMU\n")]).unwrap(),
            "QEMU"
        );
        assert_eq!(
            vm(&[("sys/class/dmi/id/product_name", "VMware Virtual Platform")]).unwrap(),
            "VMware"
        );
        let flags = "processor : 0\nflags\t\t: fpu vme hypervisor lahf_lm\n";
        assert_eq!(
            vm(&[("proc/cpuinfo", flags)]).unwrap(),
            "hypervisor unknown"
        );
        let metal = [
            ("sys/class/dmi/id/sys_vendor", "Dell Inc."),
            ("proc/cpuinfo", "flags\t\t: fpu vme lahf_lm\n"),
        ];
        assert_eq!(vm(&metal), None);
        assert_eq!(vm(&[]), None);
    }

    #[test]
    fn windows_and_containers_are_named_as_the_reason() {
        let (_dir, wsl) = root(&[(
            "proc/sys/kernel/osrelease",
            "5.15.1-microsoft-standard-WSL2",
        )]);
        let (reason, _) = Surroundings::look(&wsl).hides_the_cpu().unwrap();
        assert!(reason.contains("Windows Subsystem"), "{reason}");
        let (_dir, container) = root(&[(".dockerenv", "")]);
        let (reason, remedy) = Surroundings::look(&container).hides_the_cpu().unwrap();
        assert!(reason.contains("container") && remedy.contains("powercap"));
        let (_dir, metal) = root(&[]);
        assert_eq!(Surroundings::look(&metal).hides_the_cpu(), None);
    }

    #[test]
    fn only_the_machines_own_battery_counts_and_only_unplugged() {
        let battery = ("sys/class/power_supply/BAT0/type", "Battery");
        let draining = ("sys/class/power_supply/BAT0/status", "Discharging");
        let mains = ("sys/class/power_supply/AC/type", "Mains");
        let cases: [(&[(&str, &str)], bool); 4] = [
            (&[battery, draining], true),
            (
                &[
                    battery,
                    draining,
                    mains,
                    ("sys/class/power_supply/AC/online", "1"),
                ],
                false,
            ),
            (
                &[
                    battery,
                    draining,
                    ("sys/class/power_supply/BAT0/scope", "Device"),
                ],
                false,
            ),
            (&[], false),
        ];
        for (files, expected) in cases {
            let (_dir, root) = root(files);
            assert_eq!(on_battery(&root), expected, "{files:?}");
        }
    }
}
