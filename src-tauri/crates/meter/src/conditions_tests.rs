use super::*;

fn s(seconds: f64) -> MonotonicNs {
    MonotonicNs((seconds * 1e9) as u64)
}

fn hot(temperature_c: f64, limit: f64, held_down: HeldDown) -> State {
    State {
        temperature_c: Some(temperature_c),
        power_limit: Some(Watts(limit)),
        held_down,
        ..State::default()
    }
}

fn log(states: impl IntoIterator<Item = (f64, State)>) -> ConditionLog {
    let mut log = ConditionLog::new(Root("/".into()), None);
    for (at, state) in states {
        log.push(s(at), state);
    }
    log
}

#[test]
fn a_window_is_told_with_the_state_on_either_side() {
    let log = log((0..20).map(|at| {
        let at = f64::from(at);
        (at, hot(40.0 + at, 300.0, HeldDown::default()))
    }));
    let told = log.conditions("GPU", s(4.5), s(10.2));
    assert_eq!(
        (told.temperature_from_c, told.temperature_to_c),
        (Some(44.0), Some(51.0))
    );
    assert_eq!(told.clock_mhz, None);
    assert_eq!(told.power_limit, Some(Watts(300.0)));
    assert!(log.warnings("GPU", s(4.5), s(10.2)).is_empty());
}

#[test]
fn how_busy_a_device_was_is_told_of_the_window_alone() {
    let log = log((0..20).map(|at| {
        let at = f64::from(at);
        let busy = if (5.0..=10.0).contains(&at) {
            90.0
        } else {
            0.0
        };
        let state = State {
            busy_percent: Some(busy),
            ..State::default()
        };
        (at, state)
    }));
    let busy = |from, to| log.conditions("GPU", s(from), s(to)).busy_percent;
    assert_eq!(busy(4.5, 10.2), Some(90.0));
    assert_eq!(busy(4.2, 4.8), None, "nobody looked in so short a window");
    assert_eq!(
        log.conditions("GPU", s(4.5), s(10.2)).memory_busy_percent,
        None
    );
}

#[test]
fn heat_and_moved_limits_are_warned_about_and_an_ordinary_power_limit_is_not() {
    let normal = log([(0.0, hot(80.0, 300.0, HeldDown::POWER_LIMIT))]);
    assert_eq!(
        normal.conditions("GPU", s(0.0), s(1.0)).throttled,
        ["its power limit"]
    );
    assert!(normal.warnings("GPU", s(0.0), s(1.0)).is_empty());
    let moved = log([
        (0.0, hot(80.0, 300.0, HeldDown::default())),
        (1.0, hot(92.0, 250.0, HeldDown::BOARD_HEAT)),
        (2.0, hot(90.0, 300.0, HeldDown::default())),
        (9.0, hot(90.0, 300.0, HeldDown::default())),
    ]);
    let kinds: Vec<WarningKind> = moved
        .warnings("GPU", s(0.5), s(1.5))
        .iter()
        .map(|one| one.kind)
        .collect();
    assert_eq!(kinds, [WarningKind::Throttled, WarningKind::LimitChanged]);
    assert!(moved.warnings("GPU", s(3.0), s(8.0)).is_empty());
}

#[test]
fn days_of_states_stay_few_and_lose_no_reason() {
    let reason = |at: u32| match at {
        777 => HeldDown::POWER_BRAKE,
        _ => HeldDown::default(),
    };
    let log = log((0..100_000).map(|at| (f64::from(at), hot(50.0, 300.0, reason(at)))));
    assert!(log.states.len() <= MOST_STATES);
    let whole = log.conditions("GPU", s(0.0), s(100_000.0));
    assert_eq!(whole.throttled, ["the power supply's brake"]);
    assert_eq!(log.states.last().unwrap().0, s(99_999.0));
}

#[test]
fn company_is_told_apart_by_whose_it_is() {
    let root = tempfile::tempdir().unwrap();
    let process = |pid: u32, name: &str, parent: u32| {
        let folder = root.path().join(format!("proc/{pid}"));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("comm"), format!("{name}\n")).unwrap();
        let rest = "0 ".repeat(30);
        std::fs::write(
            folder.join("stat"),
            format!("{pid} ({name}) S {parent} {rest}"),
        )
        .unwrap();
    };
    process(10, "llama-server", 5);
    process(11, "worker", 10);
    process(20, "Xorg", 1);
    process(30, "python3", 1);
    let user = |pid, computes| User { pid, computes };
    let met = |users: &[User]| {
        let mut log = ConditionLog::new(Root(root.path().to_owned()), Some(10));
        let state = State {
            users: users.to_vec(),
            ..State::default()
        };
        log.push(s(1.0), state);
        let told = log.conditions("GPU", s(0.0), s(2.0)).other_processes;
        let warned = !log.warnings("GPU", s(0.0), s(2.0)).is_empty();
        (told, warned)
    };
    assert_eq!(met(&[user(10, true), user(11, true)]), (vec![], false));
    let desktop = met(&[user(10, true), user(20, false)]);
    assert_eq!(desktop, (vec!["Xorg (pid 20)".to_owned()], false));
    let shared = met(&[user(10, true), user(30, true)]);
    assert_eq!(shared, (vec!["python3 (pid 30)".to_owned()], true));
    // In a container the engine goes by a pid that is not known here.
    assert_eq!(met(&[user(4000, true)]), (vec![], false));
    assert!(met(&[user(4000, true), user(4001, true)]).1);
    assert!(met(&[user(10, true), user(4000, true)]).1);
}
