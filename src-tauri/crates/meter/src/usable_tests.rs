use super::*;

type Files<'a> = &'a [(&'a str, &'a str)];

const STATUS: &str = "proc/self/status";
const ONLINE: &str = "sys/devices/system/cpu/online";

fn seen(files: Files) -> Usable {
    let (_dir, root) = crate::files::tree("", files);
    usable(&root).unwrap()
}

fn allowed(list: &str) -> String {
    format!(
        "Name:\twattsmith-cli\nCpus_allowed:\tff\nCpus_allowed_list:\t{list}\nMems_allowed:\t1\n"
    )
}

/// Logical cores whose siblings are told: `of` says with whom each shares its core.
fn topology(cores: u32, of: impl Fn(u32) -> String) -> Vec<(String, String)> {
    (0..cores)
        .map(|cpu| {
            let file = format!("{CPUS}/cpu{cpu}/topology/thread_siblings_list");
            (file, of(cpu))
        })
        .collect()
}

fn with(own: &[(&str, &str)], more: &[(String, String)]) -> Usable {
    let more = more
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()));
    let files: Vec<(&str, &str)> = own.iter().copied().chain(more).collect();
    seen(&files)
}

fn kinds(usable: &Usable) -> Vec<CoreLimitKind> {
    usable.why.iter().map(|one| one.kind).collect()
}

#[test]
fn a_mask_of_one_core_leaves_one() {
    let one = seen(&[(ONLINE, "0-1\n"), (STATUS, &allowed("0"))]);
    assert_eq!((one.present, one.logical, one.physical), (2, 1, 1));
    assert_eq!(one.cpus, "0");
    assert_eq!(
        one.to_string(),
        "1 of 2 cores: the process may run on core 0 only (affinity mask)"
    );
    assert_eq!(one.steady_threads(), 1);
    let all = seen(&[(ONLINE, "0-1\n"), (STATUS, &allowed("0-63"))]);
    assert_eq!((all.logical, all.is_limited()), (2, false));
}

#[test]
fn a_quota_counts_in_whole_cores_and_is_told_as_it_is() {
    let quota = |text: &'static str| {
        seen(&[
            (ONLINE, "0-7"),
            ("proc/self/cgroup", "0::/"),
            ("sys/fs/cgroup/cpu.max", text),
        ])
    };
    let half = quota("50000 100000");
    assert_eq!(
        (half.logical, half.physical, half.quota_cores),
        (1, 1, Some(0.5))
    );
    assert_eq!(
        half.to_string(),
        "1 of 8 cores: a quota of 0.5 cores for its control group (/sys/fs/cgroup/cpu.max)"
    );
    let more = quota("150000 100000");
    assert_eq!((more.logical, more.steady_threads()), (2, 1));
    assert_eq!(more.quota_cores, Some(1.5));
    // As much as there is, and more, holds nothing back.
    for wide in ["800000 100000", "6400000 100000", "max 100000"] {
        let wide = quota(wide);
        assert_eq!(
            (wide.logical, wide.quota_cores, wide.is_limited()),
            (8, None, false)
        );
    }
}

#[test]
fn a_cpuset_narrower_than_the_mask_counts_and_both_are_told() {
    let one = seen(&[
        (ONLINE, "0-15"),
        (STATUS, &allowed("0-7")),
        ("proc/self/cgroup", "0::/pod\n"),
        ("sys/fs/cgroup/pod/cpuset.cpus.effective", "6-9\n"),
        ("sys/fs/cgroup/pod/cpu.max", "max 100000\n"),
    ]);
    assert_eq!(one.cpus, "6-7");
    assert_eq!(
        kinds(&one),
        [CoreLimitKind::Cpuset, CoreLimitKind::Affinity]
    );
}

#[test]
fn threads_that_share_a_core_are_one_physical_core() {
    // Siblings as Intel numbers them, and as AMD's processors and virtual machines do.
    let far = topology(8, |cpu| format!("{},{}", cpu % 4, cpu % 4 + 4));
    let near = topology(8, |cpu| format!("{}-{}", cpu / 2 * 2, cpu / 2 * 2 + 1));
    let own = |mask: &str| [(ONLINE, "0-7".to_owned()), (STATUS, allowed(mask))];
    let count = |mask: &str, topology: &[(String, String)]| {
        let own = own(mask);
        let own: Vec<(&str, &str)> = own.iter().map(|(a, b)| (*a, b.as_str())).collect();
        let seen = with(&own, topology);
        (seen.logical, seen.physical)
    };
    assert_eq!(count("0-7", &far), (8, 4));
    assert_eq!(count("0-3", &far), (4, 4));
    assert_eq!(count("0,4", &far), (2, 1));
    assert_eq!(count("0-3", &near), (4, 2));
    // Without topology, by /proc/cpuinfo; without that each is a core of its own.
    let info = "processor\t: 0\nphysical id\t: 0\ncore id\t: 5\n\nprocessor\t: 1\nphysical id\t: 0\ncore id\t: 5\n";
    assert_eq!(seen(&[(ONLINE, "0-1"), ("proc/cpuinfo", info)]).physical, 1);
    assert_eq!(seen(&[(ONLINE, "0-1")]).physical, 2);
}

#[test]
fn fast_and_slow_cores_of_a_hybrid_processor_are_told_apart() {
    // An i5-12600K's layout: six cores with two threads each, then four slow ones.
    let twelve = topology(16, |cpu| match cpu {
        0..12 => format!("{}-{}", cpu / 2 * 2, cpu / 2 * 2 + 1),
        slow => slow.to_string(),
    });
    let own = |mask: &str| {
        let mask = allowed(mask);
        let own = [
            (ONLINE, "0-15"),
            (STATUS, mask.as_str()),
            (INTEL_FAST, "0-11"),
            (INTEL_SLOW[0], "12-15"),
        ];
        with(&own, &twelve)
    };
    let all = own("0-15");
    assert_eq!(
        (all.logical, all.physical, all.performance_cores),
        (16, 10, Some(6))
    );
    assert_eq!((all.steady_threads(), all.is_limited()), (6, false));
    assert_eq!(kinds(&all), [CoreLimitKind::SlowCores]);
    let sets: Vec<(CoreSetKind, &str)> = all
        .sets
        .iter()
        .map(|one| (one.kind, one.mask.as_str()))
        .collect();
    assert_eq!(
        sets,
        [
            (CoreSetKind::All, "0xffff"),
            (CoreSetKind::OnePerCore, "0xf555"),
            (CoreSetKind::Fast, "0xfff"),
            (CoreSetKind::Slow, "0xf000"),
        ]
    );
    // Nothing but slow ones, or fast ones: all alike.
    assert_eq!(own("12-15").performance_cores, None);
    assert_eq!(
        (own("12-15").steady_threads(), own("0-3").steady_threads()),
        (4, 2)
    );
    assert_eq!(own("0-1,12-13").performance_cores, Some(1));
}

#[test]
fn capacity_or_clocks_tell_slow_cores_where_no_list_does() {
    let told = |name: &str, values: &[&str]| {
        let files: Vec<(String, String)> = (0..)
            .zip(values)
            .map(|(cpu, value)| (format!("{CPUS}/cpu{cpu}/{name}"), (*value).to_owned()))
            .collect();
        let online = format!("0-{}", values.len() - 1);
        with(&[(ONLINE, &online)], &files).performance_cores
    };
    // A Rockchip RK3588's capacities; a phone's three kinds, of which two are large.
    assert_eq!(
        told("cpu_capacity", &["414", "414", "1024", "1024"]),
        Some(2)
    );
    assert_eq!(
        told("cpu_capacity", &["250", "250", "780", "1024"]),
        Some(2)
    );
    let clock = "cpufreq/cpuinfo_max_freq";
    // Zen 5 beside Zen 5c; favoured cores of equal kind; equal cores.
    assert_eq!(
        told(clock, &["5100000", "5100000", "3300000", "3300000"]),
        Some(2)
    );
    assert_eq!(
        told(clock, &["5800000", "5400000", "5400000", "5800000"]),
        None
    );
    assert_eq!(told("cpu_capacity", &["1024", "1024"]), None);
}

#[test]
fn cores_that_are_switched_off_are_present_and_not_usable() {
    let one = seen(&[
        (ONLINE, "0-3"),
        ("sys/devices/system/cpu/present", "0-7"),
        (STATUS, &allowed("0-7")),
    ]);
    assert_eq!((one.present, one.logical), (8, 4));
    assert_eq!(kinds(&one), [CoreLimitKind::Offline]);
    assert!(one.to_string().contains("cores 4-7 switched off"), "{one}");
}

#[test]
fn a_container_with_numbers_of_its_own_counts_by_its_mask() {
    // LXC with lxcfs: four cores of 48, shown as 0 to 3; the mask has the host's numbers.
    let lxcfs = "80 70 0:60 /proc/stat /proc/stat rw - fuse.lxcfs lxcfs rw\n";
    let files = |mask: &str, table: &'static str| {
        let mask = allowed(mask);
        seen(&[
            (ONLINE, "0-3"),
            (STATUS, &mask),
            ("proc/self/mountinfo", table),
            ("proc/self/cgroup", "0::/\n"),
            ("sys/fs/cgroup/cpuset.cpus.effective", "2-5"),
        ])
    };
    assert_eq!(files("2-5", lxcfs).logical, 4);
    assert_eq!(files("20-23", "").logical, 4);
    assert_eq!(files("0-47", lxcfs).logical, 4, "no more than it is shown");
}

#[test]
fn a_machine_that_tells_nothing_is_not_known_rather_than_one_core() {
    let (_dir, root) = crate::files::tree("", &[]);
    assert_eq!(usable(&root), None);
    let (_dir, root) = crate::files::tree("", &[("proc/stat", "cpu  1 2\ncpu0 1 2\ncpu1 1 2\n")]);
    assert_eq!(usable(&root).unwrap().logical, 2);
}
