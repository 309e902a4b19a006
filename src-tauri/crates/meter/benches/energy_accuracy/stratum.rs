//! Many runs of one sensor under one kind of load, and whether they meet what is promised.

use super::loads::Load;
use super::player::{Outcome, Player};
use super::sensors::{Kind, Sensor};
use wattsmith_stats::{CONFIDENCE, accuracy};

/// Largest error with a counter, the sensor's gain left out.
const MOST_COUNTED: f64 = 0.005;
/// Largest error with continuous power under a slow load, likewise.
const MOST_CONTINUOUS: f64 = 0.01;
/// How often the stated interval may hold the truth.
const COVERAGE: (f64, f64) = (0.93, 0.98);
/// Half-width over root mean square error.
const MOST_WIDTH: f64 = 2.5;
/// Runs for which the limits of the coverage are meant; fewer get the slack of three standard
/// deviations of a count.
const FULL: usize = 1000;

/// Figures of a stratum; fractions.
pub struct Stratum {
    pub sensor: Sensor,
    pub load: Load,
    pub runs: usize,
    /// Of the window's error, gain left out: root mean square, 95th percentile, largest.
    pub window: [f64; 3],
    /// Root mean square of naive errors: 15 s, 100 ms, averaged.
    pub naive: [f64; 3],
    /// Median of the stated standard deviation of the window's error.
    pub stated: f64,
    pub coverage: f64,
    /// Median.
    pub half_width: f64,
    /// Of the whole error, gain included.
    pub rmse: f64,
}

impl Stratum {
    /// `seed` 0 is the draw of the published table; any other one shares no run with it.
    pub fn run(
        player: &Player,
        sensor: Sensor,
        load: Load,
        runs: usize,
        seed: u64,
    ) -> anyhow::Result<Self> {
        // Each stratum draws its own gains and phases.
        let stratum = seed_of(sensor.name) ^ seed_of(load.name());
        let stratum = stratum.wrapping_add(seed.wrapping_mul(1_000_000_007));
        let outcomes: Vec<Outcome> = (1..=runs as u64)
            .map(|run| player.run(load, stratum.wrapping_add(run)))
            .collect::<Result<_, _>>()?;
        let all = |figure: &dyn Fn(&Outcome) -> f64| -> Vec<f64> {
            outcomes.iter().map(figure).collect()
        };
        let whole = all(&|one| one.energy.gross.0 / one.truth - 1.0);
        let window = all(&|one| one.energy.gross.0 / (1.0 + one.gain) / one.truth - 1.0);
        let half =
            all(&|one| accuracy(one.energy.sensor_error, one.energy.window_error, CONFIDENCE));
        let held = outcomes
            .iter()
            .zip(&half)
            .filter(|(one, half)| (one.energy.gross.0 - one.truth).abs() <= **half * one.truth);
        Ok(Self {
            sensor,
            load,
            runs,
            window: [
                rms(&window),
                quantile(&window, 0.95),
                quantile(&window, 1.0),
            ],
            naive: [
                rms(&all(&|one| one.naive.every_15_s)),
                rms(&all(&|one| one.naive.every_100_ms)),
                rms(&all(&|one| one.naive.averaged)),
            ],
            stated: quantile(&all(&|one| one.energy.window_error), 0.5),
            coverage: held.count() as f64 / runs as f64,
            half_width: quantile(&half, 0.5),
            rmse: rms(&whole),
        })
    }

    pub fn width(&self) -> f64 {
        self.half_width / self.rmse
    }

    /// The largest window error that is promised here, where one is.
    pub fn promised(&self) -> Option<f64> {
        match self.sensor.kind {
            Kind::Counter => Some(MOST_COUNTED),
            _ if self.sensor.is_continuous() && self.load.is_slow() => Some(MOST_CONTINUOUS),
            _ => None,
        }
    }

    /// What is promised and not kept, in words.
    pub fn misses(&self) -> Vec<String> {
        let mut misses = Vec::new();
        let count = self.runs as f64;
        let slack = match self.runs {
            FULL.. => 0.0,
            _ => 3.0 * (CONFIDENCE * (1.0 - CONFIDENCE) / count).sqrt(),
        };
        if let Some(most) = self.promised().filter(|most| self.window[2] > *most) {
            misses.push(format!(
                "error {:.2} % > {:.1} %",
                self.window[2] * 100.0,
                most * 100.0
            ));
        }
        if self.coverage < COVERAGE.0 - slack || self.coverage > COVERAGE.1 + slack {
            misses.push(format!("coverage {:.1} %", self.coverage * 100.0));
        }
        if self.width() > MOST_WIDTH {
            misses.push(format!("half-width {:.2} × RMSE", self.width()));
        }
        misses
    }
}

/// FNV-1a (Fowler, Noll & Vo).
fn seed_of(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn rms(values: &[f64]) -> f64 {
    let squares: f64 = values.iter().map(|value| value * value).sum();
    (squares / values.len() as f64).sqrt()
}

/// Of the absolute values.
fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sizes: Vec<f64> = values.iter().map(|value| value.abs()).collect();
    sizes.sort_by(f64::total_cmp);
    sizes[((sizes.len() - 1) as f64 * share).round() as usize]
}
