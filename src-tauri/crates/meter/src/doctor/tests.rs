//! Every situation of the catalogue, from facts that are written down.

use super::diagnose;
use super::facts::{Board, Chip, ChipPower, Cpu, Driver, Facts, Health, PciGpu, State, Vendor};
use crate::surroundings::Surroundings;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use wattsmith_domain::{
    Availability, Finding, Remedy, Scope, SensorFault, SensorReport, Severity, Source, Watts,
};

fn report(source: Source, device: &str, availability: Availability) -> SensorReport {
    let (name, scope) = match source {
        Source::NvmlCounter => ("NVIDIA GPU energy counter", Scope::GpuBoard),
        Source::NvmlInstant => ("NVIDIA GPU power, instant", Scope::GpuBoard),
        Source::NvmlAverage => ("NVIDIA GPU power, averaged", Scope::GpuBoard),
        Source::Rapl => ("CPU energy counter (RAPL)", Scope::CpuPackage),
        Source::WallPlug => ("Plug at the wall", Scope::Wall),
        _ => ("Estimate from CPU time", Scope::Estimated),
    };
    SensorReport {
        fault: None,
        name: name.to_owned(),
        device: device.to_owned(),
        source,
        scope,
        error: 0.05,
        availability,
    }
}

fn answers(source: Source, device: &str) -> SensorReport {
    report(
        source,
        device,
        Availability::Available {
            period_ms: Some(20.0),
            resolution: None,
            averaging_ms: None,
        },
    )
}

fn silent(source: Source, device: &str, reason: &str) -> SensorReport {
    report(
        source,
        device,
        Availability::Unavailable {
            reason: reason.to_owned(),
            remedy: String::new(),
        },
    )
}

/// A desktop with one sensor more that is not believed, and what to do about it.
fn doubted(source: Source, device: &str, fault: SensorFault, reason: &str) -> Facts {
    let mut facts = sound();
    let mut sensor = silent(source, device, reason).with_fault(fault);
    sensor.availability = Availability::Unavailable {
        reason: reason.to_owned(),
        remedy: "What helps, as the sensor's report says it.".to_owned(),
    };
    facts.sensors.push(sensor);
    facts
}

const GPU: &str = "GPU 0: NVIDIA RTX 4090";

/// A desktop on which everything answers.
fn sound() -> Facts {
    Facts {
        gpus: vec![gpu(Vendor::Nvidia, Some("nvidia"))],
        driver: Driver::Answers(vec![board()]),
        cpu: Cpu {
            name: "AMD Ryzen 9 7950X".to_owned(),
            has_rapl: true,
            zones: vec![("/sys/class/powercap/intel-rapl:0".to_owned(), true)],
            governor: "powersave".to_owned(),
            scaling_driver: "amd-pstate-epp".to_owned(),
            energy_preference: "balance_performance".to_owned(),
            ..Cpu::default()
        },
        chips: vec![chip("k10temp", ChipPower::None)],
        state: State {
            on_battery: false,
            clock_source: "tsc".to_owned(),
        },
        measured: true,
        sensors: vec![
            answers(Source::NvmlCounter, GPU),
            answers(Source::Rapl, "package-0"),
            answers(Source::Estimate, ""),
        ],
        ..Facts::default()
    }
}

/// The same without any sensor: on the way to most troubles.
fn unmeasured() -> Facts {
    Facts {
        gpus: Vec::new(),
        driver: Driver::NoLibrary,
        measured: false,
        sensors: vec![answers(Source::Estimate, "")],
        ..sound()
    }
}

fn board() -> Board {
    Board {
        name: GPU.to_owned(),
        counter: true,
        power: true,
        persistence: Some(true),
        limit: Some(Watts(450.0)),
        default_limit: Some(Watts(450.0)),
        temperature_c: Some(52),
        ..Board::default()
    }
}

fn gpu(vendor: Vendor, driver: Option<&str>) -> PciGpu {
    PciGpu {
        address: "0000:01:00.0".to_owned(),
        vendor,
        driver: driver.map(str::to_owned),
    }
}

fn chip(name: &str, power: ChipPower) -> Chip {
    Chip {
        name: name.to_owned(),
        folder: "hwmon2".to_owned(),
        power,
    }
}

fn with_board(change: impl FnOnce(&mut Board)) -> Facts {
    let mut board = board();
    change(&mut board);
    Facts {
        driver: Driver::Answers(vec![board]),
        ..sound()
    }
}

/// An NVIDIA GPU on the bus, and NVML in this state.
fn nvidia(driver: Driver, kernel_driver: Option<&str>) -> Facts {
    Facts {
        gpus: vec![gpu(Vendor::Nvidia, kernel_driver)],
        driver,
        ..unmeasured()
    }
}

fn placed(surroundings: Surroundings) -> Facts {
    let mut facts = unmeasured();
    facts.surroundings = surroundings;
    facts.cpu.zones.clear();
    facts
}

fn with_cpu(change: impl FnOnce(&mut Cpu)) -> Facts {
    let mut facts = sound();
    change(&mut facts.cpu);
    facts
}

/// The finding that each of these facts must bring.
fn situations() -> Vec<(&'static str, Facts)> {
    let container = || Surroundings {
        container: true,
        ..Surroundings::default()
    };
    let mut denied = unmeasured();
    denied.cpu.zones[0].1 = false;
    let mut hidden = unmeasured();
    hidden.cpu.zones.clear();
    let mut arm = hidden.clone();
    arm.cpu.has_rapl = false;
    arm.cpu.name = "Cortex-A76".to_owned();
    let mut given_to_container = nvidia(Driver::NoLibrary, None);
    given_to_container.surroundings = container();
    let mut jetson = arm.clone();
    jetson.jetson = Some("NVIDIA Jetson Orin Nano Developer Kit".to_owned());
    let mut blocked = nvidia(Driver::NotLoaded, None);
    blocked.secure_boot = true;
    let mut closed = nvidia(Driver::Denied, Some("nvidia"));
    closed.closed_files = vec!["/dev/nvidia0".to_owned(), "/dev/nvidiactl".to_owned()];
    let mut frozen = sound();
    frozen.sensors[1] = silent(
        Source::Rapl,
        "package-0",
        "the counter answers but stood still for 1 s",
    );
    let mut plug = sound();
    plug.sensors.push(silent(
        Source::WallPlug,
        "plug-desk",
        "no answer from http://192.168.1.40 within 2 s",
    ));
    let mut beside = unmeasured();
    beside.sensors.push(answers(Source::WallPlug, "plug-desk"));
    let mut averaged = with_board(|board| board.counter = false);
    averaged.sensors[0] = answers(Source::NvmlAverage, GPU);
    let mut instant = with_board(|board| board.counter = false);
    instant.sensors[0] = answers(Source::NvmlInstant, GPU);
    let mut unsupported = with_board(|board| {
        board.name = "GPU 0: NVIDIA GeForce MX450".to_owned();
        board.counter = false;
        board.power = false;
    });
    unsupported.sensors.remove(0);
    let amd = |driver, chips| Facts {
        gpus: vec![gpu(Vendor::Amd, driver)],
        chips,
        ..unmeasured()
    };
    let chips = |power| vec![chip("amdgpu", power)];
    let mut dead = unmeasured();
    dead.sensors = vec![silent(
        Source::Estimate,
        "",
        "CPU time cannot be read from /proc",
    )];
    vec![
        ("no-sensor", unmeasured()),
        ("beside-only", beside),
        ("nothing-works", dead),
        ("nvidia-no-driver", nvidia(Driver::NoLibrary, None)),
        ("nvidia-nouveau", nvidia(Driver::NoLibrary, Some("nouveau"))),
        ("nvidia-not-loaded", nvidia(Driver::NotLoaded, None)),
        ("secure-boot", blocked),
        ("nvidia-mismatch", nvidia(Driver::Mismatch, Some("nvidia"))),
        ("nvidia-denied", closed),
        (
            "nvidia-refused",
            nvidia(
                Driver::Refused("an unknown error".to_owned()),
                Some("nvidia"),
            ),
        ),
        (
            "nvidia-no-board",
            nvidia(Driver::Answers(Vec::new()), Some("nvidia")),
        ),
        ("nvidia-unsupported", unsupported),
        ("nvidia-averaged", averaged),
        ("nvidia-no-counter", instant),
        ("nvidia-mig", with_board(|board| board.mig = true)),
        (
            "gpu-shared",
            with_board(|board| {
                board.processes = vec!["Xorg (1201)".to_owned(), "python3 (4711)".to_owned()];
            }),
        ),
        ("gpu-lost", with_board(|board| board.health = Health::Lost)),
        (
            "gpu-reset-required",
            with_board(|board| board.health = Health::ResetRequired),
        ),
        (
            "gpu-throttled",
            with_board(|board| {
                board.throttled = vec!["the driver's heat limit"];
                board.temperature_c = Some(88);
            }),
        ),
        (
            "gpu-power-limit",
            with_board(|board| board.limit = Some(Watts(300.0))),
        ),
        (
            "gpu-persistence-off",
            with_board(|board| board.persistence = Some(false)),
        ),
        ("rapl-denied", denied),
        ("rapl-not-loaded", hidden),
        ("rapl-absent", arm),
        (
            "cpu-powersave",
            with_cpu(|cpu| cpu.scaling_driver = "acpi-cpufreq".to_owned()),
        ),
        ("cpu-turbo-off", with_cpu(|cpu| cpu.turbo_off = true)),
        ("cpu-throttled", with_cpu(|cpu| cpu.throttle_events = 3)),
        (
            "amdgpu-without-power",
            amd(Some("amdgpu"), chips(ChipPower::None)),
        ),
        ("amdgpu-no-driver", amd(Some("radeon"), Vec::new())),
        (
            "hwmon-reads-zero",
            amd(Some("amdgpu"), chips(ChipPower::Zero)),
        ),
        (
            "hwmon-denied",
            amd(Some("amdgpu"), chips(ChipPower::Denied)),
        ),
        ("hwmon-without-power", unmeasured()),
        ("counter-frozen", frozen),
        (
            "counter-disagrees",
            Facts {
                disagreeing: vec![(GPU.to_owned(), 0.083)],
                ..sound()
            },
        ),
        ("outside-unreachable", plug),
        (
            "sensor-mirrored",
            doubted(
                Source::Rapl,
                "package-0-die-1",
                SensorFault::Mirrored,
                "it shows what package-0-die-0 shows once more",
            ),
        ),
        (
            "sensor-impossible",
            doubted(
                Source::Hwmon,
                "amdgpu",
                SensorFault::ImpossibleLevel,
                "it tells 0.012 W, and no GPU board that is on draws less than 0.5 W",
            ),
        ),
        (
            "sensor-several",
            doubted(
                Source::Hwmon,
                "power_meter",
                SensorFault::SeveralValues,
                "there are 2 meters of the driver power_meter here",
            ),
        ),
        (
            "unknown-driver",
            doubted(
                Source::Hwmon,
                "foo",
                SensorFault::UnknownDriver,
                "the driver foo shows power, and nobody here knows of what: power1_input = 35 W",
            ),
        ),
        ("gpu-chip-only", {
            let mut facts = sound();
            let mut chip = answers(Source::Hwmon, "xe 0000:03:00.0 pkg");
            chip.scope = Scope::GpuPackage;
            facts.sensors.push(chip);
            facts
        }),
        ("gpu-asleep", {
            let mut facts = sound();
            let reason = "the board is asleep: nothing uses it, so its driver has switched it off";
            let mut board = silent(Source::Hwmon, "amdgpu 0000:03:00.0", reason);
            let Availability::Unavailable { remedy, .. } = &mut board.availability else {
                unreachable!()
            };
            *remedy = "Keep it awake while you measure.".to_owned();
            facts.sensors.push(board);
            facts
        }),
        (
            "battery-silent",
            doubted(
                Source::Battery,
                "BAT0",
                SensorFault::Unreadable,
                "/sys/class/power_supply/BAT0/power_now cannot be read: No such device",
            ),
        ),
        (
            "wsl",
            placed(Surroundings {
                wsl: true,
                virtual_machine: Some("Windows Subsystem for Linux".to_owned()),
                container: false,
            }),
        ),
        (
            "virtual-machine",
            placed(Surroundings {
                virtual_machine: Some("KVM".to_owned()),
                ..Surroundings::default()
            }),
        ),
        ("container-without-gpu", given_to_container),
        ("container-without-powercap", placed(container())),
        ("jetson", jetson),
        (
            "on-battery",
            Facts {
                state: State {
                    on_battery: true,
                    ..sound().state
                },
                ..sound()
            },
        ),
        (
            "clock-unstable",
            Facts {
                state: State {
                    clock_source: "hpet".to_owned(),
                    ..State::default()
                },
                ..sound()
            },
        ),
        ("sensors-answer", sound()),
    ]
}

fn text(finding: &Finding) -> String {
    let mut text = format!(
        "[{}] {} — {}.\n    {}\n",
        finding.severity.label(),
        finding.id,
        finding.title,
        finding.cause
    );
    for Remedy {
        text: words,
        command,
    } in &finding.remedies
    {
        let _ = writeln!(text, "    → {words}");
        if let Some(command) = command {
            let _ = writeln!(text, "        {command}");
        }
    }
    if let Some(source) = finding.fallback {
        let _ = writeln!(text, "    Meanwhile: {}", source.words());
    }
    text
}

fn found(id: &str, facts: &Facts) -> Finding {
    let all = diagnose(facts);
    let ids: Vec<&String> = all.iter().map(|finding| &finding.id).collect();
    all.iter()
        .find(|finding| finding.id == id)
        .unwrap_or_else(|| panic!("{id} is not among {ids:?}"))
        .clone()
}

#[test]
fn every_situation_has_its_cause_remedy_and_fallback() {
    let situations = situations();
    let texts: Vec<String> = situations
        .iter()
        .map(|(id, facts)| text(&found(id, facts)))
        .collect();
    let distinct: BTreeSet<&str> = situations.iter().map(|(id, _)| *id).collect();
    assert_eq!(distinct.len(), situations.len());
    assert!(situations.len() >= 20);
    insta::assert_snapshot!(texts.join("\n"));
}

#[test]
fn a_sound_machine_gets_nothing_but_what_answers() {
    let ids: Vec<String> = diagnose(&sound()).into_iter().map(|one| one.id).collect();
    assert_eq!(ids, ["sensors-answer"]);
}

#[test]
fn the_texts_keep_their_form() {
    for (_, facts) in situations() {
        let findings = diagnose(&facts);
        assert!(findings.is_sorted_by_key(|finding| finding.severity));
        for finding in findings {
            let id = &finding.id;
            assert!(!finding.title.ends_with('.'), "{id}: {}", finding.title);
            assert!(finding.cause.ends_with('.'), "{id}: {}", finding.cause);
            if finding.severity != Severity::Fine {
                assert!(!finding.remedies.is_empty(), "{id} leaves the person alone");
            }
            for command in finding
                .remedies
                .iter()
                .filter_map(|one| one.command.as_ref())
            {
                assert!(!command.contains('\n'), "{id}: one line to paste");
                assert!(!command.contains("  "), "{id}: {command}");
            }
            assert!(
                finding.fallback.is_none_or(|source| facts.answers(source)),
                "{id} falls back to what does not answer"
            );
        }
    }
}

/// A laptop whose battery has a power file that cannot be read.
#[test]
fn a_battery_that_does_not_answer_is_not_praised() {
    let facts = |battery: SensorReport| Facts {
        sensors: vec![battery, answers(Source::Estimate, "")],
        state: State {
            on_battery: true,
            ..State::default()
        },
        ..unmeasured()
    };
    let told = facts(answers(Source::Battery, "BAT0"));
    let praise = "the battery tells what the whole machine draws";
    assert!(found("on-battery", &told).cause.contains(praise));
    let broken = facts(silent(Source::Battery, "BAT0", "power_now: No such device"));
    assert!(!found("on-battery", &broken).cause.contains(praise));
}

#[test]
fn a_missing_sensor_matters_less_beside_one_that_answers() {
    let mut facts = sound();
    facts.cpu.zones[0].1 = false;
    facts.sensors.remove(1);
    assert_eq!(found("rapl-denied", &facts).severity, Severity::Note);
    facts.sensors.remove(0);
    facts.measured = false;
    assert_eq!(found("rapl-denied", &facts).severity, Severity::Problem);
}

#[test]
fn what_hides_the_counters_is_told_once_and_not_as_a_missing_module() {
    for place in [
        Surroundings {
            virtual_machine: Some("KVM".to_owned()),
            ..Surroundings::default()
        },
        Surroundings {
            container: true,
            ..Surroundings::default()
        },
    ] {
        let ids: Vec<String> = diagnose(&placed(place))
            .into_iter()
            .map(|one| one.id)
            .collect();
        assert!(!ids.iter().any(|id| id.starts_with("rapl")), "{ids:?}");
    }
}

#[test]
fn nothing_is_said_of_nvidia_where_there_is_none() {
    let ids: Vec<String> = diagnose(&unmeasured())
        .into_iter()
        .map(|one| one.id)
        .collect();
    assert!(!ids.iter().any(|id| id.starts_with("nvidia")), "{ids:?}");
}
