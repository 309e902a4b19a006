//! The benchmark `energy_accuracy` in small: the stand-in and the meter share a clock set by hand.

#[path = "../../benches/energy_accuracy/loads.rs"]
mod loads;
#[path = "../../benches/energy_accuracy/naive.rs"]
mod naive;
#[path = "../../benches/energy_accuracy/player.rs"]
mod player;
#[path = "../../benches/energy_accuracy/random.rs"]
mod random;
#[path = "../../benches/energy_accuracy/sensors.rs"]
mod sensors;
#[path = "../../benches/energy_accuracy/stratum.rs"]
mod stratum;

use loads::Load;
use player::Player;
use sensors::Sensor;
use stratum::Stratum;

#[test]
fn figures_are_as_near_to_the_truth_as_they_say() {
    const RUNS: usize = 15;
    // Sensors of each kind, each under another load.
    for (sensor, load) in [(0, 6), (1, 1), (4, 4), (5, 5), (6, 3)] {
        let (sensor, load) = (Sensor::ALL[sensor], Load::ALL[load]);
        let player = Player::new(sensor).unwrap();
        let stratum = Stratum::run(&player, sensor, load, RUNS, 0).unwrap();
        let misses = stratum.misses();
        assert!(
            misses.is_empty(),
            "{}, {}: {misses:?}, window {:.3?}, stated {:.4}",
            sensor.name,
            load.name(),
            stratum.window,
            stratum.stated,
        );
        // A plain poller every 15 s has no business being as good under a load that changes.
        if load == Load::SquareSlow {
            assert!(
                stratum.naive[0] > 20.0 * stratum.window[0],
                "{:?}",
                stratum.naive
            );
        }
    }
}
