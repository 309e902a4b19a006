//! hwmon on made-up trees.

use super::*;
use wattsmith_domain::Availability;

fn tree(files: &[(&str, &str)]) -> (tempfile::TempDir, Root) {
    crate::files::tree(CLASS, files)
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

#[test]
fn an_intel_board_counts_its_energy() {
    let (_dir, root) = tree(&[
        ("hwmon2/name", "xe"),
        ("hwmon2/energy1_label", "card"),
        ("hwmon2/energy1_input", "5000000\n"),
        ("hwmon2/energy2_label", "pkg"),
        ("hwmon2/energy2_input", "4000000\n"),
    ]);
    let (gpu, _) = find(&root, false);
    let counter = gpu.devices[0].counter.as_ref().unwrap();
    assert_eq!(counter.energy(), Ok(Joules(5.0)));
}

const AMD_ENERGY: [(&str, &str); 5] = [
    ("hwmon1/name", "amd_energy"),
    ("hwmon1/energy1_label", "Ecore000"),
    ("hwmon1/energy1_input", "1000000"),
    ("hwmon1/energy2_label", "Esocket0"),
    ("hwmon1/energy2_input", "7000000"),
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
fn sensors_of_temperature_and_of_what_nobody_knows_are_left_alone() {
    let (_dir, root) = tree(&[
        ("hwmon0/name", "coretemp"),
        ("hwmon0/temp1_input", "45000"),
        ("hwmon1/name", "some_nic"),
        ("hwmon1/power1_input", "4000000"),
        ("hwmon2/name", "BAT0"),
        ("hwmon2/power1_input", "9000000"),
    ]);
    let (gpu, cpu) = find(&root, false);
    assert!(gpu.reports.is_empty() && cpu.reports.is_empty());
    assert!(gpu.devices.is_empty() && cpu.devices.is_empty() && cpu.whole.is_empty());
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
