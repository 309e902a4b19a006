//! hwmon on made-up trees.

use super::chip::CLASS;
use super::*;
use crate::sensor::Device;
use std::io;
use std::path::Path;
use std::sync::OnceLock;
use std::time::Instant;
use wattsmith_domain::{Availability, Scope, SensorFault, Watts};

fn tree(files: &[(&str, &str)]) -> (tempfile::TempDir, Root) {
    crate::files::tree(CLASS, files)
}

/// A file that holds `120 W` counts so many joules a second; any other is read as it is.
fn counting(file: &Path) -> io::Result<String> {
    static BEGIN: OnceLock<Instant> = OnceLock::new();
    let text = text(file)?;
    let Some(watts) = text.strip_suffix(" W") else {
        return Ok(text);
    };
    let watts: f64 = watts.parse().unwrap();
    let elapsed = BEGIN.get_or_init(Instant::now).elapsed().as_secs_f64();
    Ok((5_000_000 + (elapsed * watts * 1e6) as u64).to_string())
}

fn find(root: &Root, rapl: bool) -> (Found, Found) {
    find_with(root, rapl, &Probed::nothing(), counting)
}

/// Device and code of every sensor that does not answer.
fn faults(found: &Found) -> Vec<(&str, Option<SensorFault>)> {
    let silent = found.reports.iter().filter(|one| !one.answers());
    silent.map(|one| (one.device.as_str(), one.fault)).collect()
}

fn reason(found: &Found, index: usize) -> &str {
    match &found.reports[index].availability {
        Availability::Unavailable { reason, .. } => reason,
        Availability::Available { .. } => panic!("available: {:?}", found.reports),
    }
}

fn watts(device: &Device) -> f64 {
    device.gauge.as_ref().unwrap().power().unwrap().0
}

const AMDGPU: [(&str, &str); 3] = [
    ("hwmon3/name", "amdgpu\n"),
    ("hwmon3/power1_label", "PPT"),
    (
        "hwmon3/device/uevent",
        "DRIVER=amdgpu\nPCI_SLOT_NAME=0000:03:00.0\n",
    ),
];

#[test]
fn amdgpu_tells_averaged_power_before_a_moments() {
    let both = [
        ("hwmon3/power1_average", "210000000\n"),
        ("hwmon3/power1_average_interval", "1000"),
        ("hwmon3/power1_input", "190000000\n"),
    ];
    let (_dir, root) = tree(&[&AMDGPU[..], &both].concat());
    let (gpu, _) = find(&root, false);
    assert_eq!(watts(&gpu.devices[0]), 210.0);
    assert_eq!(gpu.devices[0].info.name, "amdgpu 0000:03:00.0");
    assert_eq!(gpu.devices[0].info.scope, Scope::GpuBoard);
    let averaged = |found: &Found| match found.reports[0].availability {
        Availability::Available { averaging_ms, .. } => averaging_ms,
        Availability::Unavailable { .. } => panic!("unavailable: {:?}", found.reports),
    };
    assert_eq!(averaged(&gpu), Some(1000.0));

    let (_dir, root) = tree(&[&AMDGPU[..], &both[2..]].concat());
    let (gpu, _) = find(&root, false);
    assert_eq!((watts(&gpu.devices[0]), averaged(&gpu)), (190.0, Some(0.0)));
}

#[test]
fn a_board_tells_heat_clocks_load_and_cap_as_far_as_its_driver_does() {
    let power = [("hwmon3/power1_average", "210000000\n")];
    let state = |files: &[(&str, &str)]| {
        let (_dir, root) = tree(&[&AMDGPU[..], &power, files].concat());
        let (gpu, _) = find(&root, false);
        gpu.devices[0].state.as_ref().unwrap().state()
    };
    let told = state(&[
        ("hwmon3/temp1_input", "64000\n"),
        ("hwmon3/freq1_input", "2304000000\n"),
        ("hwmon3/freq2_input", "1000000000\n"),
        ("hwmon3/power1_cap", "303000000\n"),
        ("hwmon3/device/gpu_busy_percent", "97\n"),
        ("hwmon3/device/mem_busy_percent", "61\n"),
    ]);
    assert_eq!(told.temperature_c, Some(64.0));
    assert_eq!(
        (told.clock_mhz, told.memory_clock_mhz),
        (Some(2304.0), Some(1000.0))
    );
    assert_eq!(
        (told.busy_percent, told.memory_busy_percent),
        (Some(97.0), Some(61.0))
    );
    assert_eq!(told.power_limit, Some(Watts(303.0)));

    let silent = state(&[("hwmon3/device/gpu_busy_percent", "a lot\n")]);
    assert_eq!((silent.busy_percent, silent.temperature_c), (None, None));
}

#[test]
fn a_second_die_that_reads_zero_is_unavailable_and_nothing_is_missed() {
    let second = [
        ("hwmon3/power1_average", "300000000"),
        ("hwmon4/name", "amdgpu"),
        ("hwmon4/power1_average", "0\n"),
    ];
    let (_dir, root) = tree(&[&AMDGPU[..], &second].concat());
    let (gpu, _) = find(&root, false);
    assert_eq!((gpu.devices.len(), gpu.names.len()), (1, 2));
    let why = reason(&gpu, 1);
    assert!(
        why.contains("0000:03:00.0) tells the power of both"),
        "{why}"
    );
    assert_eq!(gpu.missing, None);
}

#[test]
fn a_board_that_gives_no_usable_value_says_why_and_is_missed() {
    for (file, words) in [
        (Some("0\n"), "reads 0"),
        (Some("-5000000"), "below 0"),
        (Some("a lot"), "no number"),
        (None, "offers no power sensor"),
    ] {
        let value = file.map(|text| ("hwmon3/power1_average", text));
        let (_dir, root) = tree(&[&AMDGPU[..], value.as_slice()].concat());
        let (gpu, _) = find(&root, false);
        assert!(gpu.devices.is_empty());
        assert!(reason(&gpu, 0).contains(words), "{:?}", gpu.reports);
        assert!(gpu.missing.is_some());
    }
}

#[test]
fn a_gpu_inside_the_processor_is_left_to_rapl() {
    let files = [&AMDGPU[..], &[("hwmon3/power1_average", "15000000")]].concat();
    let (_dir, root) = tree(&files);
    std::fs::write(
        root.path(CLASS).join("hwmon3/device/gpu_metrics"),
        [128, 0, 2, 3],
    )
    .unwrap();
    let (gpu, _) = find(&root, true);
    assert!(gpu.devices.is_empty());
    assert!(reason(&gpu, 0).contains("part of the processor"));
    assert_eq!(gpu.missing, None);
}

/// An Intel card with these counters: label and content.
fn intel(driver: &str, counters: &[(&str, &str)]) -> (Found, Vec<(String, Scope)>) {
    let mut files = vec![("hwmon2/name".to_owned(), driver.to_owned())];
    for (number, (label, content)) in (1..).zip(counters) {
        if !label.is_empty() {
            files.push((format!("hwmon2/energy{number}_label"), (*label).to_owned()));
        }
        files.push((
            format!("hwmon2/energy{number}_input"),
            (*content).to_owned(),
        ));
    }
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let (_dir, root) = tree(&files);
    let (gpu, _) = find(&root, true);
    let devices = gpu.devices.iter();
    let named = devices
        .map(|one| (one.info.name.clone(), one.info.scope))
        .collect();
    (gpu, named)
}

fn named(name: &str, scope: Scope) -> Vec<(String, Scope)> {
    vec![(name.to_owned(), scope)]
}

#[test]
fn an_intel_card_that_counts_is_taken_for_the_board() {
    let (gpu, devices) = intel("xe", &[("card", "150 W"), ("pkg", "120 W")]);
    assert_eq!(devices, named("xe", Scope::GpuBoard));
    assert!(gpu.devices[0].info.update.is_some() && faults(&gpu).is_empty());
}

/// The card's counter at 0, standing still, of an impossible level or not there (nvtop, btop, Intel's
/// control library have reports of the first and the last).
#[test]
fn where_only_the_chip_counts_it_is_called_the_chip_and_not_the_board() {
    for (card, fault) in [
        (Some(("card", "0\n")), Some(SensorFault::Frozen)),
        (Some(("card", "7000000")), Some(SensorFault::Frozen)),
        (Some(("card", "0.1 W")), Some(SensorFault::ImpossibleLevel)),
        (Some(("card", "broken")), Some(SensorFault::Unreadable)),
        (None, None),
    ] {
        let counters: Vec<_> = card.into_iter().chain([("pkg", "120 W")]).collect();
        for driver in ["xe", "i915"] {
            let (gpu, devices) = intel(driver, &counters);
            assert_eq!(devices, named(&format!("{driver} pkg"), Scope::GpuPackage));
            let silent = fault.map(|fault| (format!("{driver} card"), Some(fault)));
            let silent: Vec<_> = silent
                .iter()
                .map(|(one, two)| (one.as_str(), *two))
                .collect();
            assert_eq!(faults(&gpu), silent, "{card:?}");
            assert_eq!(gpu.missing, None);
        }
    }
}

/// Sources: Linux 6.7 for xe without labels, `PCU_PACKAGE_ENERGY_STATUS` in i915.
#[test]
fn a_counter_without_a_label_is_the_one_that_the_driver_reads() {
    for driver in ["xe", "i915"] {
        let (_, devices) = intel(driver, &[("", "90 W")]);
        assert_eq!(devices, named(driver, Scope::GpuPackage));
    }
}

#[test]
fn a_card_of_which_nothing_counts_is_missed_with_the_cards_reason() {
    let (gpu, devices) = intel("xe", &[("card", "0"), ("pkg", "4000000")]);
    assert!(devices.is_empty() && gpu.missing.is_some());
    assert!(reason(&gpu, 0).contains("reads 0"), "{:?}", gpu.reports);
}

/// Made: a counter that no kernel documents is named, and nothing is taken for it.
#[test]
fn a_label_that_no_source_explains_is_named() {
    let (_dir, root) = tree(&[
        ("hwmon2/name", "xe"),
        ("hwmon2/energy1_label", "vram"),
        ("hwmon2/energy1_input", "30 W"),
    ]);
    let (gpu, other) = find(&root, true);
    assert!(gpu.devices.is_empty());
    assert_eq!(faults(&other), [("xe", Some(SensorFault::UnknownDriver))]);
    assert!(reason(&other, 0).contains("energy1_input (vram)"));
}

/// MangoHud's issue tracker has a laptop whose graphics tell milliwatts.
#[test]
fn graphics_that_tell_milliwatts_are_no_board_and_nothing_is_missed() {
    for (file, value, told) in [
        ("power1_input", "12000", "it tells 0.012 W"),
        ("power1_average", "12000", "it tells 0.012 W"),
        ("power1_input", "61000", "it tells 0.061 W"),
    ] {
        let path = format!("hwmon3/{file}");
        for metrics in [&[][..], &[("hwmon3/device/gpu_metrics", "")]] {
            let files = [&AMDGPU[..], &[(path.as_str(), value)], metrics].concat();
            let (_dir, root) = tree(&files);
            let (gpu, _) = find(&root, true);
            assert!(gpu.devices.is_empty());
            let expected = ("amdgpu 0000:03:00.0", Some(SensorFault::ImpossibleLevel));
            assert_eq!(faults(&gpu), [expected]);
            assert!(reason(&gpu, 0).contains(told), "{}", reason(&gpu, 0));
            assert!(reason(&gpu, 0).contains("no GPU board"));
            assert_eq!(gpu.missing, None);
        }
    }
}

/// Made: a fan, which no graphics inside a processor have; and all bits of a register.
#[test]
fn a_board_that_tells_what_cannot_be_is_missed() {
    for broken in [
        [
            ("hwmon3/power1_input", "12000"),
            ("hwmon3/fan1_input", "900"),
        ],
        [
            ("hwmon3/power1_input", "65535000000"),
            ("hwmon3/temp1_input", "40000"),
        ],
    ] {
        let (_dir, root) = tree(&[&AMDGPU[..], &broken].concat());
        let (gpu, _) = find(&root, true);
        assert!(gpu.devices.is_empty() && gpu.missing.is_some());
        assert_eq!(faults(&gpu)[0].1, Some(SensorFault::ImpossibleLevel));
    }
}

#[test]
fn a_gauge_that_falls_to_an_impossible_level_later_is_an_error_and_no_number() {
    let (dir, root) = tree(&[&AMDGPU[..], &[("hwmon3/power1_input", "90000000")]].concat());
    let (gpu, _) = find(&root, true);
    let gauge = gpu.devices[0].gauge.clone().unwrap();
    assert_eq!(gauge.power(), Ok(Watts(90.0)));
    let file = dir.path().join(CLASS).join("hwmon3/power1_input");
    std::fs::write(file, "12000").unwrap();
    assert!(gauge.power().unwrap_err().reason.contains("0.012 W"));
}

/// Sources: amdgpu_pm.c, where a northbridge's voltage and these labels are for such processors only.
#[test]
fn graphics_inside_a_processor_are_known_by_what_only_they_have() {
    for sign in [
        ("hwmon3/in1_label", "vddnb"),
        ("hwmon3/power2_label", "fastPPT"),
    ] {
        let power = [
            ("hwmon3/power1_average", "15000000"),
            ("hwmon3/power2_average", "15000000"),
        ];
        let (_dir, root) = tree(&[&AMDGPU[..], &power, &[sign]].concat());
        let (gpu, _) = find(&root, true);
        assert!(
            reason(&gpu, 0).contains("part of the processor"),
            "{sign:?}"
        );
    }
}

/// Made after the kernel's runtime power management: a board that nothing uses is switched off.
#[test]
fn a_board_that_sleeps_is_asleep_and_not_broken() {
    let sleeping = [("hwmon3/device/power/runtime_status", "suspended\n")];
    for value in [
        ("hwmon3/power1_average", "0"),
        ("hwmon3/power1_average", ""),
    ] {
        let (_dir, root) = tree(&[&AMDGPU[..], &sleeping, &[value]].concat());
        let (gpu, _) = find(&root, true);
        assert!(gpu.devices.is_empty() && gpu.missing.is_some());
        assert_eq!(faults(&gpu), [("amdgpu 0000:03:00.0", None)]);
        assert!(reason(&gpu, 0).starts_with(ASLEEP));
    }
    let awake = [
        ("hwmon3/device/power/runtime_status", "active\n"),
        ("hwmon3/power1_average", "30000000"),
    ];
    let (_dir, root) = tree(&[&AMDGPU[..], &awake].concat());
    assert_eq!(find(&root, true).0.devices.len(), 1);
}

const AMD_ENERGY: [(&str, &str); 5] = [
    ("hwmon1/name", "amd_energy"),
    ("hwmon1/energy1_label", "Ecore000"),
    ("hwmon1/energy1_input", "1000000"),
    ("hwmon1/energy2_label", "Esocket0"),
    ("hwmon1/energy2_input", "80 W"),
];
const ZENPOWER: [(&str, &str); 5] = [
    ("hwmon0/name", "zenpower"),
    ("hwmon0/power1_label", "SVI2_P_Core"),
    ("hwmon0/power1_input", "40000000"),
    ("hwmon0/power2_label", "SVI2_P_SoC"),
    ("hwmon0/power2_input", "12000000"),
];

#[test]
fn the_cpu_is_counted_once_rapl_first_then_the_counter_then_the_gauges() {
    let (_dir, root) = tree(&[AMD_ENERGY, ZENPOWER].concat());
    let (_, cpu) = find(&root, true);
    assert!(cpu.devices.is_empty());
    assert!(reason(&cpu, 0).contains("RAPL counts the same"));
    assert!(reason(&cpu, 1).contains("RAPL counts the same"));

    let (_, cpu) = find(&root, false);
    let names: Vec<_> = cpu.devices.iter().map(|one| &one.info.name).collect();
    assert_eq!(names, ["amd_energy Esocket0"]);
    let zenpower = cpu.reports.iter().find(|one| one.device == "zenpower");
    assert!(matches!(
        zenpower.unwrap().availability,
        Availability::Unavailable { .. }
    ));

    let (_dir, root) = tree(&ZENPOWER);
    let (_, cpu) = find(&root, false);
    assert_eq!(cpu.devices.iter().map(watts).sum::<f64>(), 52.0);
    assert_eq!(cpu.devices[0].info.scope, Scope::CpuPackage);
}

#[test]
fn a_package_of_which_a_part_does_not_answer_does_not_count() {
    let mut files = ZENPOWER;
    files[4].1 = "0";
    let (_dir, root) = tree(&files);
    let (_, cpu) = find(&root, false);
    assert!(cpu.devices.is_empty());
    assert!(reason(&cpu, 0).contains("reads 0"));
}

#[test]
fn a_power_supply_covers_the_whole_machine_by_its_total() {
    let (_dir, root) = tree(&[
        ("hwmon5/name", "corsairpsu"),
        ("hwmon5/power1_label", "power total"),
        ("hwmon5/power1_input", "180000000"),
        ("hwmon5/power2_label", "power +12v"),
        ("hwmon5/power2_input", "170000000"),
    ]);
    let (_, cpu) = find(&root, true);
    assert!(cpu.devices.is_empty());
    assert_eq!(cpu.whole[0].info.scope, Scope::Platform);
    assert_eq!(watts(&cpu.whole[0]), 180.0);
}

#[test]
fn sensors_of_temperature_are_left_alone() {
    let (_dir, root) = tree(&[
        ("hwmon0/name", "coretemp"),
        ("hwmon0/temp1_input", "45000"),
        ("hwmon1/name", "nvme"),
        ("hwmon1/temp1_input", "38000"),
    ]);
    let (gpu, cpu) = find(&root, false);
    assert!(gpu.reports.is_empty() && cpu.reports.is_empty());
    assert!(gpu.devices.is_empty() && cpu.devices.is_empty() && cpu.whole.is_empty());
}

#[test]
fn a_driver_that_nobody_knows_is_named_with_what_it_shows_and_what_to_do() {
    for (file, value, shown, unit) in [
        (
            "power1_input",
            "35000000",
            "power1_input = 35 W",
            "--unit watts",
        ),
        ("power3_average", "1200000", "power3_average = 1.2 W", "awk"),
        (
            "energy1_input",
            "5000000",
            "energy1_input = 5 J",
            "--unit microjoules",
        ),
        (
            "power1_input",
            "lots",
            "power1_input (no number)",
            "--unit watts",
        ),
    ] {
        let path = format!("hwmon1/{file}");
        let (_dir, root) = tree(&[("hwmon1/name", "foo"), (&path, value)]);
        let (_, cpu) = find(&root, true);
        assert_eq!(faults(&cpu), [("foo", Some(SensorFault::UnknownDriver))]);
        let said = "the driver foo shows power, and nobody here knows of what: ";
        assert_eq!(reason(&cpu, 0), format!("{said}{shown}"));
        let Availability::Unavailable { remedy, .. } = &cpu.reports[0].availability else {
            panic!("available");
        };
        assert!(remedy.contains("meters add foo --kind command") && remedy.contains(unit));
        assert!(
            remedy.contains(&format!("/{CLASS}/hwmon1/{file}")),
            "{remedy}"
        );
    }
}

/// Sources: the kernel's documentation of each driver, as the table names it.
#[test]
fn rails_pumps_and_other_machines_are_named_and_make_no_figure() {
    for (driver, label, fault, words) in [
        ("ina226", "", None, "one supply rail"),
        ("adm1275", "pin", None, "takes in"),
        ("octo", "Fan 1 power", None, "fans"),
        (
            "occ",
            "system",
            Some(SensorFault::OtherScope),
            "and not this machine",
        ),
        (
            "scmi_sensors",
            "SYS",
            Some(SensorFault::UnknownDriver),
            "“SYS”",
        ),
        ("i915_gt0", "", Some(SensorFault::OtherScope), "one tile"),
    ] {
        let files = [
            ("hwmon1/name", driver),
            ("hwmon1/power1_input", "35000000"),
            ("hwmon1/power1_label", label),
        ];
        let (_dir, root) = tree(&files);
        let (gpu, cpu) = find(&root, false);
        assert!(gpu.devices.is_empty() && cpu.devices.is_empty() && cpu.whole.is_empty());
        assert_eq!(faults(&cpu), [(driver, fault)]);
        assert!(reason(&cpu, 0).contains(words), "{}", reason(&cpu, 0));
    }
}

/// Source: power_supply_hwmon.c; `ucsi-source-psy-…` is how a charger is called.
#[test]
fn batteries_and_chargers_are_left_to_their_own_files() {
    for (name, supply) in [("BAT0", "BAT0"), ("ucsi_source_psy_1", "ucsi-source-psy-1")] {
        let (_dir, root) = tree(&[("hwmon2/name", name), ("hwmon2/power1_input", "9000000")]);
        std::fs::create_dir_all(root.path("sys/class/power_supply").join(supply)).unwrap();
        let (_, cpu) = find(&root, true);
        assert_eq!(faults(&cpu), [(name, None)]);
        assert!(cpu.whole.is_empty());
    }
}

/// Made: two meters of the firmware, as servers with two power supplies have.
#[test]
fn two_meters_of_the_firmware_are_not_silently_one() {
    let (_dir, root) = tree(&[
        ("hwmon1/name", "power_meter"),
        ("hwmon1/power1_average", "180000000"),
        ("hwmon2/name", "power_meter"),
        ("hwmon2/power1_average", "90000000"),
    ]);
    let (_, cpu) = find(&root, true);
    assert!(cpu.whole.is_empty());
    let several = Some(SensorFault::SeveralValues);
    assert_eq!(
        faults(&cpu),
        [
            ("power_meter (hwmon1)", several),
            ("power_meter (hwmon2)", several)
        ]
    );
}

/// Source: acpi_power_meter.c registers the old way, with its files in the device's folder.
#[test]
fn a_driver_of_the_old_kind_has_its_files_in_the_devices_folder() {
    let meter = [
        ("hwmon1/device/name", "power_meter"),
        ("hwmon1/device/power1_average", "180000000"),
        ("hwmon1/device/power1_average_interval", "1000"),
    ];
    let (_dir, root) = tree(&meter);
    let (_, cpu) = find(&root, true);
    assert_eq!(watts(&cpu.whole[0]), 180.0);
    let battery = [("hwmon1/device/power1_is_battery", "1")];
    let (_dir, root) = tree(&[&meter[..], &battery].concat());
    let (_, cpu) = find(&root, true);
    assert!(cpu.whole.is_empty());
    assert_eq!(
        faults(&cpu),
        [("power_meter", Some(SensorFault::OtherScope))]
    );
}

/// Source: NVIDIA's guide to Grace; the module's meter holds processor and GPU together.
#[test]
fn graces_meters_are_told_apart_by_what_the_maker_wrote() {
    let meters = [
        ("hwmon1", "Module Power Socket 0", "500000000"),
        ("hwmon2", "Grace Power Socket 0", "120000000"),
        ("hwmon3", "CPU Power Socket 0", "80000000"),
        ("hwmon4", "Grace Power Socket 1", "110000000"),
    ];
    let files: Vec<(String, &str)> = meters
        .iter()
        .flat_map(|(entry, info, value)| {
            let folder = format!("{entry}/device");
            [
                (format!("{folder}/name"), "power_meter"),
                (format!("{folder}/power1_oem_info"), *info),
                (format!("{folder}/power1_average"), *value),
            ]
        })
        .collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (&**path, *text)).collect();
    let (_dir, root) = tree(&files);
    let (_, cpu) = find(&root, false);
    assert!(cpu.whole.is_empty());
    let told: Vec<f64> = cpu.devices.iter().map(watts).collect();
    assert_eq!(told, [120.0, 110.0]);
    assert!(
        cpu.devices
            .iter()
            .all(|one| one.info.scope == Scope::CpuPackage)
    );
}

/// Made: two drivers that read the same registers.
#[test]
fn two_drivers_of_the_cpu_are_not_added() {
    let twice = [
        ("hwmon5/name", "zenergy"),
        ("hwmon5/energy1_label", "Esocket0"),
        ("hwmon5/energy1_input", "80 W"),
    ];
    let (_dir, root) = tree(&[&AMD_ENERGY[..], &twice].concat());
    let (_, cpu) = find(&root, false);
    assert_eq!(cpu.devices.len(), 1);
    assert_eq!(faults(&cpu), [("zenergy", None)]);
}

#[test]
fn a_driver_without_any_sensor_is_said_only_where_the_driver_is() {
    let (_dir, root) = tree(&[]);
    assert!(find(&root, false).0.reports.is_empty());
    let card = root.path("sys/class/drm/card0/device");
    std::fs::create_dir_all(&card).unwrap();
    std::fs::write(card.join("uevent"), "DRIVER=amdgpu\n").unwrap();
    let (gpu, _) = find(&root, false);
    assert!(reason(&gpu, 0).contains("driver amdgpu is loaded"));
    assert!(gpu.missing.is_some());
}
