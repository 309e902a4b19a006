//! What a window shows of sensors that are wrong, and of some that only look so.

use super::scripted::*;
use crate::device_log::DeviceLog;
use crate::error::MeterError;
use crate::outside::MeterRefusal;
use crate::recorded::Recorded;
use crate::sensor::ReadError;
use wattsmith_domain::{Reader, Scope, SensorFault, Source, WarningKind};

fn frozen(recorded: &Recorded) -> Option<String> {
    match judged(recorded) {
        Err(error @ MeterError::Stuck { .. }) => {
            assert_eq!(error.fault(), Some(SensorFault::Frozen));
            Some(error.to_string())
        }
        Err(other) => panic!("{other}"),
        Ok(_) => None,
    }
}

/// A plug that repeats one answer for ever, and one whose load is truly even: made after a plug whose
/// firmware stops measuring and keeps answering.
#[test]
fn a_total_that_stands_still_while_power_is_told_is_frozen_and_one_that_rises_is_not() {
    let total = 1000.0 * 3600.0;
    let still = plug(|_| 64.3).with_total(3.6, |_| total);
    // Whether the cores were busier or not: power was told, and no energy came of it.
    let words = [4.0, 0.1].map(|cores| {
        let all = recorded(vec![still.clone()], vec![], step(0.1, cores));
        frozen(&all).unwrap()
    });
    insta::assert_snapshot!(words.join("\n"));
    let rising = plug(|_| 64.3).with_total(3.6, |at| total + 64.3 * at);
    let fine = four_cores(vec![rising], vec![]);
    let energy = judged(&fine).unwrap().energy;
    assert!((energy.gross.0 - 64.3 * 30.0).abs() < 1e-6);
    assert!((energy.devices[0].counted.unwrap().0 / energy.gross.0 - 1.0).abs() < 0.01);
    assert_eq!(faults(&fine), []);
}

#[test]
fn a_value_that_is_the_same_at_rest_and_at_work_is_frozen_whatever_tells_it() {
    for (source, scope, update, watts) in [
        (Source::NvmlInstant, Scope::GpuBoard, 0.1, 81.234),
        (Source::NvmlAverage, Scope::GpuBoard, 0.1, 81.234),
        (Source::Hwmon, Scope::GpuBoard, 0.1, 23.0),
        (Source::Hwmon, Scope::CpuPackage, 0.1, 35.5),
        (Source::WallPlug, Scope::Wall, 1.0, 64.3),
        (Source::WallPlug, Scope::Wall, 1.0, 64.0),
        (Source::Battery, Scope::Battery, 2.0, 7.7),
        (Source::Command, Scope::Platform, 1.0, 100.0),
        (Source::Csv, Scope::Wall, 1.0, 61.5),
        (Source::Prometheus, Scope::GpuBoard, 2.0, 70.8),
    ] {
        let one = || gauge("it", source, scope, update, |_| watts);
        let words = frozen(&four_cores(vec![one()], vec![])).unwrap();
        assert!(
            words.starts_with("it is frozen: it told exactly"),
            "{words}"
        );
        // Beside the figure it spoils nothing, and has no figure.
        let all = four_cores(vec![package(10.0, 40.0)], vec![one()]);
        let seen = judged(&all).unwrap();
        let beside = &seen.energy.beside[0];
        assert_eq!(beside.fault, Some(SensorFault::Frozen), "{source}");
        assert!(beside.joules.as_ref().unwrap_err().contains("frozen"));
        assert_eq!(faults(&all), [SensorFault::Frozen], "{source}");
        assert_eq!(seen.warnings[0].kind, WarningKind::SensorDoubtful);
    }
}

#[test]
fn one_step_of_a_coarse_sensor_is_enough_and_too_little_work_accuses_nobody() {
    // Whole watts: four cores add two steps at least, half a core may add none.
    let stepped = plug(step(64.0, 65.0));
    assert_eq!(frozen(&four_cores(vec![stepped], vec![])), None);
    let even = || vec![plug(|_| 64.0)];
    let little = recorded(even(), vec![], step(0.1, 0.7));
    let seen = judged(&little).unwrap();
    assert_eq!(seen.warnings.len(), 1);
    assert_eq!(seen.warnings[0].fault, None);
    assert!(seen.warnings[0].text.contains("too small to show"));
    // Other programs kept the machine as busy at rest: nothing had to rise.
    let busy = recorded(even(), vec![], |_| 4.0);
    // Nothing is known of the machine's CPU time at all.
    let mut blind = four_cores(even(), vec![]);
    blind.cpu = crate::cpu::CpuLog::new(0);
    for all in [busy, blind] {
        assert_eq!(faults(&all), []);
        let text = &judged(&all).unwrap().warnings[0].text;
        assert!(text.contains("nothing else tells"), "{text}");
    }
    // The work was over before a plug had to tell of it.
    let all = four_cores(even(), vec![]);
    let rests = RESTS.map(|(from, to)| (s(from), s(to)));
    let rest = all.rest(&rests, None);
    let short = (s(WORK.0), s(WORK.0 + 2.0));
    let seen = all.judged(short, &rests[..1], &rest).unwrap();
    assert!(seen.warnings[0].text.contains("was over before"));
}

#[test]
fn a_sensor_that_froze_when_the_work_began_or_in_the_middle_of_it_is_seen() {
    let trembles = |until: f64| {
        let alive = trembling(step(60.0, 90.0), 3.0);
        plug(move |at| (alive(at.min(until)) * 10.0).round() / 10.0)
    };
    let words = frozen(&four_cores(vec![trembles(9.0)], vec![])).unwrap();
    assert!(words.contains("at rest and at work alike"), "{words}");
    assert!(frozen(&four_cores(vec![trembles(25.0)], vec![])).is_some());
    assert_eq!(faults(&four_cores(vec![trembles(99.0)], vec![])), []);
}

#[test]
fn a_slow_sensor_is_not_judged_by_a_rest_that_it_had_no_time_to_tell_of() {
    // A new value every 15 s: the one told at rest may be of the warm-up.
    let slow = gauge("scraped", Source::Prometheus, Scope::Wall, 15.0, |_| 64.3);
    assert_eq!(faults(&four_cores(vec![slow], vec![])), []);
}

#[test]
fn later_windows_are_held_against_the_rest_of_an_earlier_one() {
    let first = four_cores(vec![plug(|_| 64.3)], vec![]);
    let rests = RESTS.map(|(from, to)| (s(from), s(to)));
    let rest = first.rest(&rests, None);
    let later = |watts: f64| {
        let all = four_cores(vec![plug(move |_| watts)], vec![]);
        let rest = all.rest(&[], Some(&rest));
        all.judged((s(WORK.0), s(WORK.1)), &[], &rest)
    };
    assert!(matches!(later(64.3), Err(MeterError::Stuck { .. })));
    assert!(later(80.0).is_ok());
}

#[test]
fn a_board_that_the_engine_does_not_use_is_told_and_stays_in_the_sum() {
    let board = |name: &str, rest, work| {
        let told = trembling(step(rest, work), 0.4);
        gauge(name, Source::NvmlInstant, Scope::GpuBoard, 0.1, told)
    };
    let used = board("GPU 0", 30.0, 200.0).with_load(step(0.0, 95.0));
    let spare = board("GPU 1", 22.0, 22.1).with_load(step(0.0, 0.0));
    let all = four_cores(vec![used, spare.clone()], vec![]);
    let seen = judged(&all).unwrap();
    assert_eq!(faults(&all), [SensorFault::NotUsedByEngine]);
    assert!(seen.warnings[0].text.starts_with("GPU 1: "));
    assert!((seen.energy.gross.0 / (222.0 * 30.0) - 1.0).abs() < 0.01);
    // It tells one value all the time, since nothing computes on it: idle, and not frozen.
    let even = gauge("GPU 1", Source::Hwmon, Scope::GpuBoard, 0.1, |_| 7.0);
    let idle = even.with_load(|_| 0.0);
    let beside_work = four_cores(vec![package(10.0, 40.0), idle.clone()], vec![]);
    assert_eq!(faults(&beside_work), [SensorFault::NotUsedByEngine]);
    // Without any load by its own word and by the cores there is nothing to say.
    assert_eq!(faults(&recorded(vec![idle], vec![], |_| 0.1)), []);
    // A wall meter of another machine varies on its own.
    let other = plug(trembling(|_| 45.0, 4.0));
    let all = four_cores(vec![package(10.0, 40.0)], vec![other]);
    assert!(faults(&all).contains(&SensorFault::NotUsedByEngine));
}

fn two_readers(counted: f64, told: f64) -> DeviceLog {
    counter(
        "GPU 0",
        Source::NvmlCounter,
        Scope::GpuBoard,
        0.02,
        joules(50.0, counted),
    )
    .with_gauge(step(50.0, told))
}

#[test]
fn two_readers_of_one_device_may_differ_by_five_per_cent_and_contradict_from_twenty() {
    for (told, fault) in [
        (208.0, None),
        (192.0, None),
        (216.0, Some(SensorFault::ReadersDiffer)),
        (176.0, Some(SensorFault::ReadersDiffer)),
        (260.0, Some(SensorFault::ReadersContradict)),
        (100.0, Some(SensorFault::ReadersContradict)),
    ] {
        let all = four_cores(vec![two_readers(200.0, told)], vec![]);
        assert_eq!(faults(&all).first().copied(), fault, "{told} W");
        let seen = judged(&all).unwrap();
        let contradict = fault == Some(SensorFault::ReadersContradict);
        assert_eq!(!seen.energy.undecided.is_empty(), contradict, "{told} W");
        if let Some(warning) = seen.warnings.first() {
            assert_eq!(warning.kind, WarningKind::SensorDisagreement);
        }
    }
}

#[test]
fn once_the_person_has_decided_the_figure_is_certain_and_the_difference_is_still_told() {
    let mut all = four_cores(vec![two_readers(200.0, 300.0)], vec![]);
    let open = judged(&all).unwrap();
    assert_eq!(open.energy.undecided, ["GPU 0"]);
    all.decided.insert("GPU 0".to_owned(), Reader::Counter);
    let decided = judged(&all).unwrap();
    assert_eq!(decided.energy.undecided, [""; 0]);
    let texts = [&open, &decided].map(|one| one.warnings[0].text.as_str());
    insta::assert_snapshot!(texts.join("\n"));
}

#[test]
fn a_total_is_a_reader_too_as_far_as_its_steps_allow() {
    let all = |step, real| {
        let plug =
            plug(|at| super::scripted::step(50.0, 100.0)(at)).with_total(step, joules(50.0, real));
        four_cores(vec![plug], vec![])
    };
    // Thousandths of a watt-hour; watt-minutes; watt-hours, of which the work is not even one.
    assert_eq!(faults(&all(3.6, 100.0)), []);
    assert_eq!(faults(&all(3.6, 110.0)), [SensorFault::ReadersDiffer]);
    assert_eq!(faults(&all(3.6, 140.0)), [SensorFault::ReadersContradict]);
    assert_eq!(faults(&all(60.0, 100.0)), []);
    assert_eq!(faults(&all(3600.0, 100.0)), []);
}

#[test]
fn where_the_window_is_too_short_to_tell_the_whole_recording_does() {
    let plug = plug(trembling(|_| 64.0, 1.0)).with_total(3.6, |at| 100.0 * at);
    let all = recorded(vec![plug], vec![], |_| 0.1);
    let rests = [(s(0.5), s(WORK.0))];
    let rest = all.rest(&rests, None);
    let short = (s(WORK.0), s(WORK.0 + 2.0));
    let seen = all.judged(short, &rests, &rest).unwrap();
    assert_eq!(seen.energy.undecided, ["plug"]);
    assert!(seen.warnings[0].text.contains("its own energy total told"));
}

#[test]
fn a_meter_of_the_persons_is_held_against_the_sensor_of_the_same_part() {
    let own = |scope, watts| gauge("mine", Source::Command, scope, 1.0, step(10.0, watts));
    let memory = counter(
        "package-0 dram",
        Source::Rapl,
        Scope::CpuPackage,
        0.02,
        joules(1.0, 8.0),
    );
    let cpu = || vec![package(10.0, 40.0), memory.clone()];
    // With the memory or without it, both are the processor.
    for watts in [40.0, 44.0, 48.0] {
        let all = four_cores(cpu(), vec![own(Scope::CpuPackage, watts)]);
        assert_eq!(faults(&all), [], "{watts} W");
    }
    for (watts, fault) in [
        (36.0, SensorFault::ReadersDiffer),
        (60.0, SensorFault::ReadersContradict),
    ] {
        let all = four_cores(cpu(), vec![own(Scope::CpuPackage, watts)]);
        assert_eq!(faults(&all), [fault]);
        let undecided = judged(&all).unwrap().energy.undecided;
        assert_eq!(
            !undecided.is_empty(),
            fault == SensorFault::ReadersContradict
        );
    }
    // A meter of both against the two that are built in, with no memory to leave out.
    let board = || {
        gauge(
            "GPU 0",
            Source::NvmlInstant,
            Scope::GpuBoard,
            0.1,
            step(20.0, 100.0),
        )
    };
    let both = |watts| {
        let devices = vec![board(), package(10.0, 40.0)];
        four_cores(devices, vec![own(Scope::GpuAndCpu, watts)])
    };
    assert_eq!(faults(&both(142.0)), []);
    assert_eq!(faults(&both(100.0)), [SensorFault::ReadersContradict]);
}

#[test]
fn a_plug_reads_no_less_than_what_it_contains_and_rises_with_it() {
    let inside = || {
        let board = gauge(
            "GPU 0",
            Source::NvmlInstant,
            Scope::GpuBoard,
            0.1,
            step(20.0, 120.0),
        );
        vec![package(10.0, 40.0), board]
    };
    let told = |rest: f64, work: f64| {
        let all = four_cores(inside(), vec![plug(trembling(step(rest, work), 0.5))]);
        faults(&all)
    };
    // Rest 30 W and work 160 W inside; the supply and the rest of the machine on top.
    assert_eq!(told(70.0, 215.0), []);
    // Errors of 3 and 5 % explain as much.
    assert_eq!(told(30.0, 152.0), []);
    assert_eq!(told(50.0, 100.0), [SensorFault::LessThanItsParts]);
    assert_eq!(told(400.0, 480.0), [SensorFault::RisesLessThanItsParts]);
    // Of another machine: even beside work it hardly moves.
    let other = told(400.0, 401.0);
    assert!(
        other.contains(&SensorFault::RisesLessThanItsParts),
        "{other:?}"
    );
    // A card that counts no more than its chip lies behind the plug all the same.
    let chip = counter(
        "xe",
        Source::Hwmon,
        Scope::GpuPackage,
        0.02,
        joules(20.0, 120.0),
    );
    let all = four_cores(vec![chip], vec![plug(trembling(step(50.0, 100.0), 0.5))]);
    assert_eq!(faults(&all), [SensorFault::LessThanItsParts]);
    // The same where the plug makes the figure and the parts stand beside.
    let main = four_cores(vec![plug(trembling(step(50.0, 100.0), 0.5))], inside());
    assert_eq!(faults(&main), [SensorFault::LessThanItsParts]);
}

#[test]
fn every_whole_is_held_against_its_parts_and_a_lost_part_against_nothing() {
    let psys = |rest, work| {
        counter(
            "psys",
            Source::Rapl,
            Scope::Platform,
            0.02,
            joules(rest, work),
        )
    };
    let all = |whole| four_cores(vec![package(10.0, 40.0)], vec![whole]);
    assert_eq!(faults(&all(psys(15.0, 50.0))), []);
    assert_eq!(
        faults(&all(psys(5.0, 20.0))),
        [SensorFault::LessThanItsParts]
    );
    assert_eq!(
        faults(&all(psys(60.0, 75.0))),
        [SensorFault::RisesLessThanItsParts]
    );
    let battery = gauge(
        "BAT0",
        Source::Battery,
        Scope::Battery,
        2.0,
        step(12.0, 25.0),
    );
    assert_eq!(faults(&all(battery)), [SensorFault::LessThanItsParts]);
    // The platform lies behind the plug.
    let both = four_cores(vec![plug(step(20.0, 45.0))], vec![psys(30.0, 70.0)]);
    assert_eq!(faults(&both), [SensorFault::LessThanItsParts]);
}

#[test]
fn a_meter_beside_the_figure_that_fails_is_named_with_its_code() {
    let mut lost = plug(step(50.0, 100.0));
    lost.gauge = Some(crate::series::Series::default());
    lost.failure = Some(ReadError::unreadable("no answer"));
    let still = counter("ups", Source::Command, Scope::Wall, 1.0, |_| 5.0);
    let all = four_cores(vec![package(10.0, 40.0)], vec![lost, still]);
    assert_eq!(faults(&all), [SensorFault::Unreadable, SensorFault::Frozen]);
}

#[test]
fn a_meter_that_fails_within_a_window_says_with_which_code() {
    for fault in [
        SensorFault::Stale,
        SensorFault::SeveralValues,
        SensorFault::Negative,
        SensorFault::ImpossibleLevel,
    ] {
        let refused = |fault| MeterRefusal {
            what: "it says so".to_owned(),
            fault,
        };
        let mut failing = plug(step(50.0, 100.0));
        failing.gauge = Some(crate::series::Series::default());
        failing.failure = Some(refused(fault).into());
        let all = four_cores(vec![package(10.0, 40.0)], vec![failing]);
        assert_eq!(faults(&all), [fault]);
    }
}
