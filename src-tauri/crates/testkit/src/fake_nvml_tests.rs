//! The stand-in against itself: exact integrals, and sensors that are off by what the script says.
//! How the meter fares with it is tested in the meter.

use super::*;

const S: u64 = 1_000_000_000;

fn at(seconds: f64) -> MonotonicNs {
    MonotonicNs((seconds * 1e9).round() as u64)
}

/// What a program gets to see, through NVML's own functions.
struct Board {
    library: Library,
    device: usize,
}

impl Board {
    fn open(driver: &FakeNvml) -> Self {
        let library = unsafe { Library::new(driver.library()) }.unwrap();
        let mut device = 0;
        unsafe {
            let init = library.get::<unsafe extern "C" fn() -> i32>(b"nvmlInit_v2");
            assert_eq!(init.unwrap()(), 0);
            let handle = library.get::<unsafe extern "C" fn(u32, *mut usize) -> i32>(
                b"nvmlDeviceGetHandleByIndex_v2",
            );
            assert_eq!(handle.unwrap()(0, &raw mut device), 0);
        }
        Self { library, device }
    }

    fn ask<T: Default>(&self, name: &str) -> Result<T, i32> {
        let mut value = T::default();
        let code = unsafe {
            let call = self
                .library
                .get::<unsafe extern "C" fn(usize, *mut T) -> i32>(name.as_bytes());
            call.unwrap()(self.device, &raw mut value)
        };
        if code == 0 { Ok(value) } else { Err(code) }
    }

    fn watts(&self) -> Result<f64, i32> {
        self.ask::<u32>("nvmlDeviceGetPowerUsage")
            .map(|milliwatts| f64::from(milliwatts) / 1e3)
    }

    fn joules(&self) -> Result<f64, i32> {
        self.ask::<u64>("nvmlDeviceGetTotalEnergyConsumption")
            .map(|millijoules| millijoules as f64 / 1e3)
    }
}

fn near(value: f64, expected: f64) -> bool {
    (value - expected).abs() <= 1e-6 * expected.abs().max(1.0)
}

#[test]
fn the_integral_of_every_signal_is_that_of_its_own_values() {
    let signals = [
        "80 3",
        "constant 80",
        "square 60 300 700 0.3 0.25",
        "ramp 100 300 2000 7000",
        "bursty 60 300 120 400 7",
        "steps 0:80 500:250 1500:90 4000:300",
        "steps repeat 0:80 500:250 1500:90",
        "lines 0:80 500:250 1500:90 4000:300",
        "lines repeat 0:80 500:250 1500:80",
    ];
    for signal in signals {
        let driver = FakeNvml::new(&format!("power 0 {signal}")).unwrap();
        driver.clock().set(at(0.0));
        for (from, to) in [(0.0, 9.7), (1.234, 5.678), (6.0, 6.05)] {
            let steps = 200_000;
            let width = (to - from) / f64::from(steps);
            let sum: f64 = (0..steps)
                .map(|step| {
                    driver
                        .power(0, at(from + (f64::from(step) + 0.5) * width))
                        .0
                })
                .sum();
            let exact = driver.energy(0, at(from), at(to)).0;
            let off = (exact / (sum * width) - 1.0).abs();
            assert!(off < 2e-4, "{signal} from {from} to {to}: {exact} J, {off}");
        }
        let whole = driver.energy(0, at(0.5), at(9.5)).0;
        let parts = driver.energy(0, at(0.5), at(4.0)).0 + driver.energy(0, at(4.0), at(9.5)).0;
        assert!(near(parts, whole), "{signal}");
    }
}

#[test]
fn powers_add_up_and_one_seed_is_one_signal() {
    let script = "power 0 50\npower 0 bursty 0 200 300 300 11\n";
    let (one, other) = (
        FakeNvml::new(script).unwrap(),
        FakeNvml::new(script).unwrap(),
    );
    for driver in [&one, &other] {
        driver.clock().set(at(0.0));
    }
    // Asked in another order, it is drawn the same.
    let late = other.power(0, at(50.0));
    assert_eq!(
        one.energy(0, at(0.0), at(20.0)),
        other.energy(0, at(0.0), at(20.0))
    );
    assert_eq!(one.power(0, at(50.0)), late);
    assert!(one.energy(0, at(0.0), at(20.0)).0 > 50.0 * 20.0);
}

#[test]
fn a_counter_ticks_freezes_jumps_wraps_and_starts_anew() {
    let driver = FakeNvml::new("power 0 200\ncounter 0 ticks 100 start 0 resolution 500").unwrap();
    let clock = driver.clock();
    let mut board = Board::open(&driver);
    let seen = |script: &str, seconds: f64| {
        driver
            .play(&format!("power 0 200\ncounter 0 start 0 {script}\n"))
            .unwrap();
        clock.set(at(seconds));
        board.joules().unwrap()
    };
    assert!(near(seen("ticks 100", 1.57), 300.0));
    assert!(near(seen("ticks 0 resolution 50000", 1.57), 300.0));
    assert!(near(seen("ticks 0 gain 1.05", 2.0), 420.0));
    assert!(near(seen("ticks 10 frozen", 9.0), 0.0));
    assert!(near(seen("ticks 10 freeze 1000", 9.0), 200.0));
    assert!(near(seen("ticks 10 freeze 1000 thaw 5000", 9.0), 1800.0));
    assert!(near(seen("ticks 10 jump 3000 1000", 9.0), 2800.0));
    assert!(near(seen("ticks 10 jump 3000 -500", 9.0), 1300.0));
    assert!(near(seen("ticks 10 reset 8000", 9.0), 200.0));
    assert!(near(seen("ticks 10 wrap 1000", 9.0), 800.0));
    driver.play("counter 0 3").unwrap();
    assert_eq!(board.joules(), Err(3));
    driver.play("arch 0 pascal").unwrap();
    board = Board::open(&driver);
    assert_eq!(board.joules(), Err(3));
}

#[test]
fn a_power_field_is_old_partial_averaged_and_off_as_the_script_says() {
    // 300 W in the first half of every second, 100 W in the other.
    let load = "power 0 square 100 300 1000\n";
    let driver = FakeNvml::new(load).unwrap();
    let board = Board::open(&driver);
    let seen = |script: &str, seconds: f64| {
        driver
            .play(&format!("{load}arch 0 ampere 8.0\n{script}\n"))
            .unwrap();
        driver.clock().set(at(seconds));
        board.watts().unwrap()
    };
    assert!(near(seen("", 10.49), 300.0));
    assert!(near(seen("instant 0 update 100", 10.55), 100.0));
    // The last look was at 10.4, just before the fall.
    assert!(near(seen("instant 0 update 100 phase 90", 10.58), 300.0));
    // Half of the 50 ms before 10.525 were high.
    assert!(near(seen("instant 0 window 50", 10.525), 200.0));
    assert!(near(seen("instant 0 late 200", 10.6), 300.0));
    assert!(near(seen("instant 0 gain 1.05 offset -4", 10.2), 311.0));
    assert!(near(seen("instant 0 resolution 25 gain 1.02", 10.2), 300.0));
    let noisy = seen("instant 0 noise 5 3", 10.2);
    assert!(noisy != 300.0 && (noisy - 300.0).abs() < 25.0, "{noisy}");
    assert!(near(seen("instant 0 noise 5 3", 10.2), noisy));
    // From Ampere on, save GA100, the call tells the mean of a second.
    assert!(near(seen("arch 0 hopper", 10.49), 200.0));
}

#[test]
fn boards_vanish_come_back_and_return_what_the_script_asks_for() {
    let driver =
        FakeNvml::new("lost 0 1000 2000\nfault 0 nvmlDeviceGetPowerUsage 10 3000 4000").unwrap();
    driver.clock().set(at(0.0));
    let board = Board::open(&driver);
    for (seconds, expected) in [
        (0.5, Ok(100.0)),
        (1.5, Err(15)),
        (2.5, Ok(100.0)),
        (3.5, Err(10)),
        (4.5, Ok(100.0)),
    ] {
        driver.clock().set(at(seconds));
        assert_eq!(board.watts(), expected, "at {seconds} s");
    }
    assert!(driver.calls() > 5);
}

#[test]
fn a_script_that_is_not_understood_is_refused_by_its_line() {
    for script in [
        "power 0 100\npwoer 0 100",
        "#\npower 0 square 1",
        "\ninstant 0 update",
    ] {
        let refused = FakeNvml::new(script).err().unwrap().to_string();
        assert!(refused.contains("line 2"), "{script}: {refused}");
    }
}

#[test]
fn without_being_set_the_clock_is_the_machines() {
    let driver = FakeNvml::new("power 0 0 100").unwrap();
    let clock = driver.clock();
    let (before, told, after) = (SystemClock.now(), clock.now(), SystemClock.now());
    assert!(before <= told && told <= after);
    // A ramp from the moment of loading: its integral tells the script's time.
    let elapsed = (
        driver.power(0, told).0 / 100.0,
        Duration::from_nanos(told.0),
    );
    assert!(elapsed.0 >= 0.0 && elapsed.0 <= elapsed.1.as_secs_f64() + 60.0);
    clock.set(MonotonicNs(5 * S));
    clock.advance(Duration::from_secs(2));
    assert_eq!(clock.now(), MonotonicNs(7 * S));
    assert!(near(driver.power(0, clock.now()).0, 700.0));
}
