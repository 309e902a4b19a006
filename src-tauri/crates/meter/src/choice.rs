//! Which meters make the figure, and which stand beside it. Nothing is counted twice: what covers
//! the whole machine is never added to a part of it.

use crate::sensor::Device;
use wattsmith_domain::{MeterRole, Scope, Source};

/// What answers.
#[derive(Default)]
pub(crate) struct Offered {
    pub(crate) gpu: Vec<Device>,
    pub(crate) cpu: Vec<Device>,
    /// RAPL's platform counter and the like, best first.
    pub(crate) whole: Vec<Device>,
    pub(crate) battery: Vec<Device>,
    /// The person's own.
    pub(crate) outside: Vec<(MeterRole, Device)>,
    /// Whether the first of `whole` is preferred to the parts.
    pub(crate) platform_first: bool,
}

/// What comes of it.
pub(crate) struct Chosen {
    /// They make the figure; none for the estimate.
    pub(crate) devices: Vec<Device>,
    pub(crate) beside: Vec<Device>,
    /// Whether the figure is one of parts, without the GPU.
    pub(crate) gpu_missing: bool,
    /// The same, without the CPU package.
    pub(crate) cpu_missing: bool,
}

/// Chooses, in this order:
/// 1. a meter of the whole machine that the person made the main one;
/// 2. the platform counter, where the person prefers it;
/// 3. GPUs and CPU packages: the person's main meter of each, else the built-in sensors;
/// 4. where there are none, a plug at the wall, the platform's own meters, the battery.
///
/// Whatever else answers stands beside.
pub(crate) fn choose(offered: Offered) -> Chosen {
    let Offered {
        gpu,
        cpu,
        mut whole,
        mut battery,
        outside,
        platform_first,
    } = offered;
    let (main, other): (Vec<_>, Vec<_>) = outside
        .into_iter()
        .partition(|(role, _)| *role == MeterRole::Main);
    let mut main: Vec<Device> = main.into_iter().map(|(_, device)| device).collect();
    let mut beside: Vec<Device> = other.into_iter().map(|(_, device)| device).collect();

    let mut devices = Vec::new();
    let (mut gpu_missing, mut cpu_missing) = (false, false);
    let mut spare = Vec::new();
    if let Some(one) = take(&mut main, |one| one.info.scope.is_whole()) {
        devices.push(one);
    } else if platform_first && !whole.is_empty() {
        devices.push(whole.remove(0));
    } else if let Some(one) = take(&mut main, |one| one.info.scope == Scope::GpuAndCpu) {
        devices.push(one);
    } else {
        let own_gpu = take(&mut main, |one| one.info.scope.is_gpu());
        let own_cpu = take(&mut main, |one| one.info.scope == Scope::CpuPackage);
        for (own, built_in, missing) in [
            (own_gpu, &gpu, &mut gpu_missing),
            (own_cpu, &cpu, &mut cpu_missing),
        ] {
            *missing = own.is_none();
            match own {
                Some(own) => devices.push(own),
                None => devices.extend(built_in.iter().cloned()),
            }
        }
    }
    if devices.is_empty() {
        (gpu_missing, cpu_missing) = (false, false);
        let last_resort = take(&mut beside, |one| {
            one.info.source == Source::WallPlug && one.info.scope.is_whole()
        });
        let first = |from: &mut Vec<Device>| (!from.is_empty()).then(|| from.remove(0));
        devices.extend(
            last_resort
                .or_else(|| first(&mut whole))
                .or_else(|| first(&mut battery)),
        );
    }
    spare.extend(gpu);
    spare.extend(cpu);
    spare.retain(|one| !devices.iter().any(|used| is_same(used, one)));
    beside.extend(main.into_iter().chain(whole).chain(battery).chain(spare));
    Chosen {
        devices,
        beside,
        gpu_missing,
        cpu_missing,
    }
}

fn is_same(one: &Device, other: &Device) -> bool {
    one.info.name == other.info.name && one.info.source == other.info.source
}

fn take(from: &mut Vec<Device>, wanted: impl Fn(&Device) -> bool) -> Option<Device> {
    let place = from.iter().position(wanted)?;
    Some(from.remove(place))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sensor::{Info, PERIOD};

    fn device(name: &str, source: Source, scope: Scope) -> Device {
        Device {
            info: Info {
                name: name.to_owned(),
                source,
                scope,
                error: 0.05,
                period: PERIOD,
                update: None,
                averaging: None,
            },
            counter: None,
            gauge: None,
            state: None,
        }
    }

    fn workstation() -> Offered {
        Offered {
            gpu: vec![device("gpu", Source::NvmlCounter, Scope::GpuBoard)],
            cpu: vec![device("package", Source::Rapl, Scope::CpuPackage)],
            whole: vec![device("psys", Source::Rapl, Scope::Platform)],
            battery: vec![device("battery", Source::Battery, Scope::Battery)],
            ..Offered::default()
        }
    }

    fn own(role: MeterRole, scope: Scope) -> (MeterRole, Device) {
        let source = match scope {
            Scope::Wall => Source::WallPlug,
            _ => Source::Command,
        };
        (role, device("own", source, scope))
    }

    /// Names of what makes the figure and of what stands beside, each sorted.
    fn chosen(offered: Offered) -> (String, String) {
        let chosen = choose(offered);
        let names = |devices: Vec<Device>| {
            let mut names: Vec<String> = devices.into_iter().map(|one| one.info.name).collect();
            names.sort();
            names.join(" ")
        };
        (names(chosen.devices), names(chosen.beside))
    }

    fn told(figure: &str, beside: &str) -> (String, String) {
        (figure.to_owned(), beside.to_owned())
    }

    #[test]
    fn parts_make_the_figure_and_wholes_stand_beside() {
        let mut offered = workstation();
        offered.outside = vec![own(MeterRole::Beside, Scope::Wall)];
        assert_eq!(chosen(offered), told("gpu package", "battery own psys"));
    }

    #[test]
    fn the_person_can_prefer_the_platform_or_a_meter_of_the_whole() {
        let mut offered = workstation();
        offered.platform_first = true;
        assert_eq!(chosen(offered), told("psys", "battery gpu package"));
        let mut offered = workstation();
        offered.outside = vec![own(MeterRole::Main, Scope::Wall)];
        assert_eq!(chosen(offered), told("own", "battery gpu package psys"));
    }

    #[test]
    fn a_main_meter_takes_the_place_of_the_sensors_of_its_scope() {
        for (scope, figure, beside) in [
            (Scope::GpuBoard, "own package", "battery gpu psys"),
            (Scope::CpuPackage, "gpu own", "battery package psys"),
            (Scope::GpuAndCpu, "own", "battery gpu package psys"),
        ] {
            let mut offered = workstation();
            offered.outside = vec![own(MeterRole::Main, scope)];
            assert_eq!(chosen(offered), told(figure, beside));
        }
    }

    #[test]
    fn without_parts_the_best_whole_makes_the_figure() {
        let bare = || Offered {
            gpu: Vec::new(),
            cpu: Vec::new(),
            ..workstation()
        };
        let mut with_plug = bare();
        with_plug.outside = vec![own(MeterRole::Beside, Scope::Wall)];
        assert_eq!(chosen(with_plug), told("own", "battery psys"));
        assert_eq!(chosen(bare()), told("psys", "battery"));
        let mut unplugged = bare();
        unplugged.whole.clear();
        assert_eq!(chosen(unplugged), told("battery", ""));
        // A program that was not made the main meter does not become it.
        let program = Offered {
            outside: vec![own(MeterRole::Beside, Scope::Platform)],
            ..Offered::default()
        };
        assert_eq!(chosen(program), told("", "own"));
    }

    #[test]
    fn what_is_missing_is_said_for_a_figure_of_parts_only() {
        let mut offered = workstation();
        offered.gpu.clear();
        let parts = choose(offered);
        assert!(parts.gpu_missing);
        let nothing = choose(Offered::default());
        assert!(!nothing.gpu_missing && !nothing.cpu_missing);
        let mut own_gpu = workstation();
        own_gpu.outside = vec![own(MeterRole::Main, Scope::GpuBoard)];
        assert!(!choose(own_gpu).gpu_missing);
    }
}
