//! RAPL on made-up powercap trees.

use super::*;
use std::fs;
use std::sync::OnceLock;
use std::time::Instant;
use wattsmith_domain::Availability;

const RANGE: u64 = 262_143_328_850;

fn tree(zones: &[(&str, &str)]) -> (tempfile::TempDir, Root) {
    let dir = tempfile::tempdir().unwrap();
    let root = Root(dir.path().to_owned());
    for (zone, name) in zones {
        let folder = root.path(CLASS).join(zone);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("name"), format!("{name}\n")).unwrap();
        fs::write(folder.join("energy_uj"), "1000\n").unwrap();
        fs::write(folder.join("max_energy_range_uj"), format!("{RANGE}\n")).unwrap();
    }
    (dir, root)
}

/// Every zone counts 40 W, a little more for those with a higher number.
fn counting(file: &Path) -> io::Result<String> {
    Ok(microjoules(file, 40.0).to_string())
}

fn microjoules(file: &Path, watts: f64) -> u64 {
    static BEGIN: OnceLock<Instant> = OnceLock::new();
    let elapsed = BEGIN.get_or_init(Instant::now).elapsed().as_secs_f64();
    let zone = file.parent().map(Path::to_string_lossy);
    let higher = zone.is_some_and(|zone| zone.ends_with('1'));
    1000 + (elapsed * 1e6 * if higher { watts * 1.1 } else { watts }) as u64
}

fn reason_and_remedy(found: &Found) -> (&str, &str) {
    match &found.reports[0].availability {
        Availability::Unavailable { reason, remedy } => (reason, remedy),
        Availability::Available { .. } => panic!("available: {:?}", found.reports),
    }
}

#[test]
fn packages_and_their_memory_are_summed_but_never_the_platform_or_a_part() {
    let (_dir, root) = tree(&[
        ("intel-rapl:0", "package-0"),
        ("intel-rapl:0:0", "core"),
        ("intel-rapl:0:1", "dram"),
        ("intel-rapl:1", "package-1"),
        ("intel-rapl:2", "psys"),
        ("intel-rapl-mmio:0", "package-0"),
    ]);
    let found = find_with(
        &root,
        &Surroundings::default(),
        &Probed::nothing(),
        counting,
    );
    let names: Vec<&str> = found
        .devices
        .iter()
        .map(|one| one.info.name.as_str())
        .collect();
    assert_eq!(names, ["package-0", "package-0 dram", "package-1"]);
    assert_eq!(found.missing, None);
    assert_eq!(found.whole[0].info.scope, Scope::Platform);
    assert!(
        found
            .devices
            .iter()
            .all(|one| one.info.scope == Scope::CpuPackage)
    );
}

#[test]
fn a_denied_counter_names_the_command_that_grants_access() {
    let (_dir, root) = tree(&[("intel-rapl:0", "package-0")]);
    let denied: Reader = |_| Err(ErrorKind::PermissionDenied.into());
    let found = find_with(&root, &Surroundings::default(), &Probed::nothing(), denied);
    assert!(found.devices.is_empty());
    let (reason, remedy) = reason_and_remedy(&found);
    assert!(reason.contains("only root may read"), "{reason}");
    assert!(remedy.contains("sudo chmod a+r "), "{remedy}");
    assert!(
        remedy.ends_with("sys/class/powercap/intel-rapl:*/energy_uj"),
        "{remedy}"
    );
    assert!(found.missing.is_some());
}

#[test]
fn a_counter_that_is_no_file_or_holds_no_number_is_unavailable() {
    let (_dir, root) = tree(&[("intel-rapl:0", "package-0")]);
    let file = root.path(CLASS).join("intel-rapl:0/energy_uj");
    fs::write(&file, "lots\n").unwrap();
    let found = find(&root, &Surroundings::default(), &Probed::nothing());
    assert!(reason_and_remedy(&found).0.contains("holds no number"));
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    let found = find(&root, &Surroundings::default(), &Probed::nothing());
    assert!(reason_and_remedy(&found).0.contains("cannot be read"));
    assert!(found.devices.is_empty());
}

#[test]
fn a_counter_that_stands_still_is_frozen_and_not_zero() {
    let (_dir, root) = tree(&[("intel-rapl:0", "package-0")]);
    let found = find(&root, &Surroundings::default(), &Probed::nothing());
    assert!(found.devices.is_empty());
    let (reason, remedy) = reason_and_remedy(&found);
    assert!(reason.contains("stood still"), "{reason}");
    assert!(!remedy.is_empty());
}

#[test]
fn memory_without_its_package_is_not_called_a_package() {
    let (_dir, root) = tree(&[("intel-rapl:0", "package-0"), ("intel-rapl:0:0", "dram")]);
    let only_memory: Reader = |file| {
        if file
            .parent()
            .is_some_and(|zone| zone.ends_with("intel-rapl:0"))
        {
            return Err(ErrorKind::PermissionDenied.into());
        }
        counting(file)
    };
    let found = find_with(
        &root,
        &Surroundings::default(),
        &Probed::nothing(),
        only_memory,
    );
    assert!(found.devices.is_empty());
    assert_eq!(found.reports.len(), 2);
}

#[test]
fn without_counters_the_reason_says_what_the_machine_is() {
    let (_dir, root) = tree(&[]);
    let vm = Surroundings {
        virtual_machine: Some("KVM".to_owned()),
        ..Surroundings::default()
    };
    let found = find(&root, &vm, &Probed::nothing());
    assert!(
        reason_and_remedy(&found)
            .0
            .contains("virtual machine (KVM)")
    );
    let found = find(&root, &Surroundings::default(), &Probed::nothing());
    assert!(reason_and_remedy(&found).1.contains("modprobe"));
}

#[test]
fn a_wrap_is_carried_over_and_an_unknown_one_refused() {
    let (_dir, root) = tree(&[("intel-rapl:0", "package-0")]);
    let files = zones(&root).remove(0);
    let file = files.folder.join("energy_uj");
    let set = |microjoules: u64| fs::write(&file, format!("{microjoules}\n")).unwrap();
    set(RANGE - 2_000_000);
    let zone = Zone::new(&files, text);
    assert_eq!(zone.energy(), Ok(Joules(0.0)));
    set(3_000_000);
    assert_eq!(zone.energy(), Ok(Joules(5.0)));
    set(4_000_000);
    assert_eq!(zone.energy(), Ok(Joules(6.0)));

    fs::remove_file(files.folder.join("max_energy_range_uj")).unwrap();
    let zone = Zone::new(&files, text);
    zone.energy().unwrap();
    set(1_000_000);
    assert!(zone.energy().unwrap_err().to_string().contains("backwards"));
}

#[test]
fn a_register_that_reads_zero_has_its_own_reason_and_a_second_die_is_not_missed() {
    let zero_second: Reader = |file| {
        let second = file
            .parent()
            .is_some_and(|one| one.ends_with("intel-rapl:1"));
        if second {
            Ok("0".to_owned())
        } else {
            counting(file)
        }
    };
    let reason = |found: &Found| match &found.reports[1].availability {
        Availability::Unavailable { reason, .. } => reason.clone(),
        Availability::Available { .. } => panic!("available"),
    };
    let (_dir, root) = tree(&[("intel-rapl:0", "package-0"), ("intel-rapl:1", "package-1")]);
    let found = find_with(
        &root,
        &Surroundings::default(),
        &Probed::nothing(),
        zero_second,
    );
    assert_eq!(found.devices.len(), 1);
    assert!(reason(&found).contains("second package"));
    assert!(found.missing.is_some());

    let (_dir, root) = tree(&[
        ("intel-rapl:0", "package-0-die-0"),
        ("intel-rapl:1", "package-0-die-1"),
    ]);
    let found = find_with(
        &root,
        &Surroundings::default(),
        &Probed::nothing(),
        zero_second,
    );
    assert!(reason(&found).contains("dies"));
    assert_eq!(found.missing, None);
}

/// Made: a hypervisor that invents the unit, or a kernel that does not know the processor's.
#[test]
fn a_counter_whose_unit_is_off_by_a_thousand_is_no_package() {
    let (_dir, root) = tree(&[("intel-rapl:0", "package-0")]);
    let off: [Reader; 2] = [
        |file| Ok(microjoules(file, 0.025).to_string()),
        |file| Ok(microjoules(file, 25_000.0).to_string()),
    ];
    for read in off {
        let found = find_with(&root, &Surroundings::default(), &Probed::nothing(), read);
        assert!(found.devices.is_empty() && found.missing.is_some());
        assert_eq!(found.reports[0].fault, Some(SensorFault::ImpossibleLevel));
        let (reason, remedy) = reason_and_remedy(&found);
        assert!(reason.contains("no CPU package"), "{reason}");
        assert!(remedy.contains("update the kernel"), "{remedy}");
    }
}

/// Made: some kernels show two zones of one name.
#[test]
fn zones_of_one_name_are_told_apart() {
    let (_dir, root) = tree(&[("intel-rapl:0", "package-0"), ("intel-rapl:1", "package-0")]);
    let found = find_with(
        &root,
        &Surroundings::default(),
        &Probed::nothing(),
        counting,
    );
    let names: Vec<&str> = found
        .reports
        .iter()
        .map(|one| one.device.as_str())
        .collect();
    assert_eq!(names, ["package-0", "package-0 (intel-rapl:1)"]);
    assert_eq!(found.devices.len(), 2);
}

#[test]
fn each_way_in_which_a_counter_fails_has_its_code() {
    let (_dir, root) = tree(&[("intel-rapl:0", "package-0")]);
    let ways: [(Reader, SensorFault); 4] = [
        (
            |_| Err(ErrorKind::PermissionDenied.into()),
            SensorFault::Unreadable,
        ),
        (|_| Ok("lots".to_owned()), SensorFault::Unreadable),
        (|_| Ok("0".to_owned()), SensorFault::Frozen),
        (|_| Ok("77".to_owned()), SensorFault::Frozen),
    ];
    for (read, fault) in ways {
        let found = find_with(&root, &Surroundings::default(), &Probed::nothing(), read);
        assert_eq!(found.reports[0].fault, Some(fault));
    }
}
