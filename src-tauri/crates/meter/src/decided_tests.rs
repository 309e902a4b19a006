//! Devices with two readers, as the person decided.

use super::*;
use crate::sensor::Info;
use std::sync::atomic::{AtomicU32, Ordering};

/// Counts a joule with every reading of its power.
#[derive(Default)]
struct Plug(AtomicU32);

impl PowerGauge for Plug {
    fn power(&self) -> Result<Watts, ReadError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(Watts(60.0))
    }

    fn total(&self) -> Option<Total> {
        Some(Total {
            joules: Joules(f64::from(self.0.load(Ordering::Relaxed))),
            step: Joules(1.0),
        })
    }
}

struct Board;

impl EnergyCounter for Board {
    fn energy(&self) -> Result<Joules, ReadError> {
        Ok(Joules(7.0))
    }
}

impl PowerGauge for Board {
    fn power(&self) -> Result<Watts, ReadError> {
        Ok(Watts(200.0))
    }

    fn nature(&self) -> Option<(Source, f64, Option<Duration>)> {
        Some((Source::NvmlAverage, 0.13, Some(Duration::from_secs(1))))
    }
}

fn device(name: &str, source: Source, scope: Scope) -> Device {
    Device {
        info: Info {
            name: name.to_owned(),
            source,
            scope,
            error: 0.05,
            period: PERIOD,
            update: Some(Duration::from_millis(20)),
            averaging: None,
        },
        counter: None,
        gauge: None,
        state: None,
    }
}

fn plug() -> Device {
    let mut plug = device("plug", Source::WallPlug, Scope::Wall);
    plug.gauge = Some(Arc::new(Plug::default()));
    plug
}

fn board() -> Device {
    let mut board = device("GPU 0", Source::NvmlCounter, Scope::GpuBoard);
    board.counter = Some(Arc::new(Board));
    board.gauge = Some(Arc::new(Board));
    board
}

fn said(device: &str, reader: Reader) -> Decided {
    [(device.to_owned(), reader)].into()
}

#[test]
fn a_plugs_total_becomes_its_counter_and_a_boards_counter_stands_beside_its_power() {
    let counted = as_decided(plug(), &said("plug", Reader::Counter));
    let counter = counted.counter.unwrap();
    assert!(counter.is_coarse());
    let first = counter.energy().unwrap();
    assert!(counter.energy().unwrap() > first);

    let told = as_decided(board(), &said("GPU 0", Reader::Power));
    assert!(told.counter.is_none());
    assert_eq!(told.gauge.unwrap().total().unwrap().joules, Joules(7.0));
    assert_eq!(told.info.source, Source::NvmlAverage);
    assert_eq!((told.info.error, told.info.update), (0.13, None));
}

#[test]
fn what_nobody_decided_or_cannot_be_stays_as_it_is() {
    for decided in [
        Decided::new(),
        said("another", Reader::Power),
        said("GPU 0", Reader::Counter),
        said("GPU 0", Reader::Own),
    ] {
        let same = as_decided(board(), &decided);
        assert!(same.counter.is_some() && same.info.source == Source::NvmlCounter);
    }
    // A plug without a total has none to become its counter.
    let mut bare = device("plug", Source::WallPlug, Scope::Wall);
    bare.gauge = Some(Arc::new(Board));
    let same = as_decided(bare, &said("plug", Reader::Counter));
    assert!(same.counter.is_none());
}

#[test]
fn the_persons_meter_makes_the_figure_or_stands_beside_it_as_decided() {
    let own = |role, scope| vec![(role, device("mine", Source::Command, scope))];
    let role = |role, scope, reader| with_roles(own(role, scope), &said("mine", reader))[0].0;
    use MeterRole::{Beside, Main};
    assert_eq!(role(Main, Scope::GpuBoard, Reader::BuiltIn), Beside);
    assert_eq!(role(Beside, Scope::GpuBoard, Reader::Own), Main);
    assert_eq!(role(Beside, Scope::GpuPackage, Reader::Own), Main);
    // What a figure covers is another question.
    assert_eq!(role(Beside, Scope::Wall, Reader::Own), Beside);
    let two = vec![
        (Main, device("old", Source::WallPlug, Scope::Wall)),
        (Beside, device("new", Source::WallPlug, Scope::Wall)),
    ];
    let roles = with_roles(two, &said("new", Reader::Own));
    assert_eq!((roles[0].0, roles[1].0), (Beside, Main));
}

#[test]
fn every_device_that_is_read_in_two_ways_can_be_decided_about() {
    let mine = device("mine", Source::Command, Scope::GpuBoard);
    let package = device("package-0", Source::Rapl, Scope::CpuPackage);
    let all = [board(), plug(), mine, package];
    let found = choices(
        all.iter(),
        &["mine".to_owned()],
        &said("plug", Reader::Power),
    );
    let told: Vec<(&str, Reader, Option<Reader>)> = found
        .iter()
        .map(|one| (one.device.as_str(), one.ways[0], one.decided))
        .collect();
    assert_eq!(
        told,
        [
            ("GPU 0", Reader::Counter, None),
            ("plug", Reader::Counter, Some(Reader::Power)),
            ("mine", Reader::Own, None),
        ]
    );
}
