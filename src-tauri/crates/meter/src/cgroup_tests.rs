use super::*;

type Files<'a> = &'a [(&'a str, &'a str)];

/// Cores of each quota with its file, tightest first.
fn seen(files: Files) -> Vec<(f64, String)> {
    let (_dir, root) = crate::files::tree("", files);
    let quotas = quotas(&root).into_iter();
    quotas.map(|quota| (quota.cores, quota.file)).collect()
}

#[test]
fn a_quota_of_version_2_is_found_in_the_group_and_in_those_around_it() {
    // As under systemd-run --scope -p CPUQuota=50%, in a slice of its own with more.
    let seen = seen(&[
        ("proc/self/cgroup", "0::/user.slice/one.slice/run-1.scope\n"),
        (
            "proc/self/mountinfo",
            "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n",
        ),
        ("sys/fs/cgroup/cpu.stat", "nr_periods 0\n"),
        ("sys/fs/cgroup/user.slice/cpu.max", "max 100000\n"),
        (
            "sys/fs/cgroup/user.slice/one.slice/cpu.max",
            "150000 100000\n",
        ),
        (
            "sys/fs/cgroup/user.slice/one.slice/run-1.scope/cpu.max",
            "50000 100000\n",
        ),
        (
            "sys/fs/cgroup/user.slice/other.slice/cpu.max",
            "1000 100000\n",
        ),
    ]);
    assert_eq!(
        seen,
        [
            (
                0.5,
                "sys/fs/cgroup/user.slice/one.slice/run-1.scope/cpu.max".to_owned()
            ),
            (1.5, "sys/fs/cgroup/user.slice/one.slice/cpu.max".to_owned()),
        ]
    );
}

#[test]
fn a_container_sees_its_own_group_as_the_root() {
    // docker run --cpus 1 with a namespace of its own.
    let seen = seen(&[
        ("proc/self/cgroup", "0::/\n"),
        ("sys/fs/cgroup/cpu.max", "100000 100000\n"),
    ]);
    assert_eq!(seen, [(1.0, "sys/fs/cgroup/cpu.max".to_owned())]);
}

#[test]
fn a_quota_of_version_1_is_found_by_its_controller() {
    let files = |quota: &'static str| {
        [
            (
                "proc/self/cgroup",
                "5:cpu,cpuacct:/batch/job\n3:cpuset:/\n1:name=systemd:/x\n",
            ),
            (
                "proc/self/mountinfo",
                "35 25 0:30 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n",
            ),
            ("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "-1\n"),
            ("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n"),
            ("sys/fs/cgroup/cpu,cpuacct/batch/cpu.cfs_quota_us", quota),
            (
                "sys/fs/cgroup/cpu,cpuacct/batch/cpu.cfs_period_us",
                "250000\n",
            ),
            (
                "sys/fs/cgroup/cpu,cpuacct/batch/job/cpu.cfs_quota_us",
                "-1\n",
            ),
        ]
    };
    assert_eq!(seen(&files("-1\n")), []);
    let file = "sys/fs/cgroup/cpu,cpuacct/batch/cpu.cfs_quota_us".to_owned();
    assert_eq!(seen(&files("500000\n")), [(2.0, file)]);
}

#[test]
fn both_versions_side_by_side_are_looked_at() {
    // systemd's hybrid layout: the cpu controller on version 1, version 2 without controllers.
    let seen = seen(&[
        ("proc/self/cgroup", "4:cpu:/a\n0::/user.slice\n"),
        (
            "proc/self/mountinfo",
            "31 23 0:27 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n\
             32 23 0:28 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n",
        ),
        (
            "sys/fs/cgroup/unified/user.slice/cpu.max",
            "300000 100000\n",
        ),
        ("sys/fs/cgroup/cpu/a/cpu.cfs_quota_us", "125000\n"),
        ("sys/fs/cgroup/cpu/a/cpu.cfs_period_us", "100000\n"),
    ]);
    let cores: Vec<f64> = seen.iter().map(|(cores, _)| *cores).collect();
    assert_eq!(cores, [1.25, 3.0]);
}

#[test]
fn a_group_that_is_named_as_the_host_names_it_is_the_mounts_own() {
    // A container of version 1: the path is the host's, the mount shows only the container's part.
    let quota = "sys/fs/cgroup/cpu/cpu.cfs_quota_us";
    let files = |path: &'static str, shows: &'static str| {
        seen(&[
            ("proc/self/cgroup", path),
            ("proc/self/mountinfo", shows),
            (quota, "150000"),
            ("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000"),
        ])
    };
    let expected = [(1.5, quota.to_owned())];
    let shown = "40 30 0:28 /docker/f00 /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu\n";
    assert_eq!(files("4:cpu:/docker/f00\n", shown), expected);
    assert_eq!(files("4:cpu:/docker/f00/inner\n", shown), expected);
    // Not below what is shown, and above the namespace's root.
    assert_eq!(files("4:cpu:/docker/f00bar\n", shown), expected);
    assert_eq!(files("4:cpu:/../../other\n", shown), expected);
    assert_eq!(files("", ""), expected);
}

#[test]
fn what_is_no_quota_is_none() {
    let max = |text: &'static str| seen(&[("sys/fs/cgroup/cpu.max", text)]).len();
    assert_eq!(max("50000 100000"), 1);
    assert_eq!(max("50000"), 1);
    for odd in [
        "max 100000",
        "max",
        "",
        "0 100000",
        "-5 100000",
        "50000 0",
        "NaN 1",
        "x y",
    ] {
        assert_eq!(max(odd), 0, "{odd}");
    }
}

#[test]
fn throttling_is_read_in_the_words_of_either_version() {
    let throttling = |stat: &str| {
        let files = [
            ("sys/fs/cgroup/cpu.max", "50000 100000"),
            ("sys/fs/cgroup/cpu.stat", stat),
        ];
        let (_dir, root) = crate::files::tree("", &files);
        quotas(&root)[0].throttling(&root)
    };
    let expected = Some(Throttling {
        periods: 40.0,
        throttled: 26.0,
        seconds: 1.25,
    });
    assert_eq!(
        throttling("usage_usec 9\nnr_periods 40\nnr_throttled 26\nthrottled_usec 1250000"),
        expected
    );
    assert_eq!(
        throttling("nr_periods 40\nnr_throttled 26\nthrottled_time 1250000000"),
        expected
    );
    assert_eq!(throttling("usage_usec 9\nuser_usec 8"), None);
}

#[test]
fn the_narrowest_cpuset_counts() {
    let seen = |files: Files| {
        let (_dir, root) = crate::files::tree("", files);
        cpuset(&root).map(|(cpus, _)| cpus.to_string())
    };
    let outer = ("sys/fs/cgroup/a/cpuset.cpus.effective", "0-3");
    let own = ("proc/self/cgroup", "0::/a/b");
    assert_eq!(seen(&[own, outer]).as_deref(), Some("0-3"));
    assert_eq!(
        seen(&[
            own,
            outer,
            ("sys/fs/cgroup/a/b/cpuset.cpus.effective", "2-3,7")
        ])
        .as_deref(),
        Some("2-3")
    );
    // Version 1, where an empty file says nothing.
    let own = ("proc/self/cgroup", "3:cpuset:/job");
    assert_eq!(
        seen(&[own, ("sys/fs/cgroup/cpuset/job/cpuset.cpus", "4-5")]).as_deref(),
        Some("4-5")
    );
    assert_eq!(
        seen(&[own, ("sys/fs/cgroup/cpuset/job/cpuset.cpus", "\n")]),
        None
    );
}
