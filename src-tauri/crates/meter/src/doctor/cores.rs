//! Cores that the engine may not use: masks, cpusets, quotas, cores that are switched off.

use super::facts::Facts;
use wattsmith_domain::{CoreLimitKind, Finding, Severity, Usable};

pub(super) fn findings(facts: &Facts) -> Vec<Finding> {
    let Some(usable) = &facts.usable else {
        return Vec::new();
    };
    [quota(usable), fewer(usable)]
        .into_iter()
        .flatten()
        .collect()
}

fn quota(usable: &Usable) -> Option<Finding> {
    let limit = usable
        .why
        .iter()
        .find(|one| one.kind == CoreLimitKind::Quota)?;
    let cores = usable.logical;
    Some(
        Finding::new(
            Severity::Note,
            "cpu-quota",
            "The CPU time of this process is limited by a quota",
            format!(
                "There is {}. What it holds back waits until the next period, so figures hold under \
                 this quota only; up to {cores} thread{} of the engine can be of use. Wattsmith's own \
                 work counts against it, too.",
                limit.text,
                if cores == 1 { "" } else { "s" }
            ),
        )
        .command(
            "A container gets more when it is started with more, such as:",
            "docker run --cpus 4 …",
        )
        .advise(
            "A service or a scope of systemd: set CPUQuota= to nothing. In a batch system, ask for \
             more cores.",
        ),
    )
}

fn fewer(usable: &Usable) -> Option<Finding> {
    let kinds = [
        CoreLimitKind::Affinity,
        CoreLimitKind::Cpuset,
        CoreLimitKind::Offline,
    ];
    let limits: Vec<&str> = usable
        .why
        .iter()
        .filter(|one| kinds.contains(&one.kind))
        .map(|one| one.text.as_str())
        .collect();
    (!limits.is_empty()).then(|| {
        Finding::new(
            Severity::Note,
            "cores-limited",
            "The engine may not use every core of this machine",
            format!(
                "Of {} cores it may use those with the numbers {}: {}. Numbers of threads are offered \
                 accordingly.",
                usable.present,
                usable.cpus,
                limits.join("; ")
            ),
        )
        .advise(
            "Where that is not wanted, start Wattsmith without taskset, give the container or the \
             job more cores, or switch the cores on.",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use wattsmith_domain::CoreLimit;

    fn facts(limits: &[(CoreLimitKind, &str)], logical: u32) -> Facts {
        let why = limits.iter().map(|(kind, text)| CoreLimit {
            kind: *kind,
            text: (*text).to_owned(),
        });
        Facts {
            usable: Some(Usable {
                present: 8,
                logical,
                physical: logical,
                performance_cores: None,
                quota_cores: None,
                cpus: "2-3".to_owned(),
                why: why.collect(),
                sets: Vec::new(),
            }),
            ..Facts::default()
        }
    }

    #[test]
    fn what_keeps_the_engine_from_cores_is_found_with_what_helps() {
        let quota = (
            CoreLimitKind::Quota,
            "a quota of 1.5 cores for its control group (/sys/fs/cgroup/cpu.max)",
        );
        let mask = (
            CoreLimitKind::Affinity,
            "the process may run on cores 2-3 only (affinity mask)",
        );
        let found = findings(&facts(&[mask, quota], 2));
        let texts: Vec<String> = found
            .iter()
            .map(|one| format!("{}: {}. {}", one.id, one.title, one.cause))
            .collect();
        insta::assert_snapshot!(texts.join("\n"));
        assert!(found.iter().all(|one| !one.remedies.is_empty()));
    }

    #[test]
    fn a_machine_that_may_be_used_whole_has_nothing_to_say() {
        assert_eq!(findings(&facts(&[], 8)), []);
        let slow = (CoreLimitKind::SlowCores, "only cores 0-3 are fast ones");
        assert_eq!(findings(&facts(&[slow], 8)), []);
        assert_eq!(findings(&Facts::default()), []);
    }
}
