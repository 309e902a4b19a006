//! A machine's noise to play on, and what is known of it beforehand.

use super::options::Options;
use crate::simulated::World;
use crate::simulated::noise::{Path, Shaken};
use crate::simulated::random::Random;
use wattsmith_domain::{NoiseOrigin, PairSpread, SessionNoise, SpreadPrior};
use wattsmith_stats::noise::{Noise, Question, WorkSlice};

/// What a window takes besides, seconds: launch, warm-up and end of a small model.
pub const BESIDE_S: f64 = 3.0;
/// A window where the noise is not known, seconds.
pub const USUAL_S: f64 = 10.0;
/// No session takes longer than its path.
const PATH_S: usize = 4000;
/// Length of the recording by which windows are planned, seconds; the product's own.
const RECORDED_S: usize = 240;
/// Neighbours that are drawn to see how much they truly vary.
const DRAWN: usize = 4000;

/// A machine.
pub struct Setting<'a> {
    /// Its name.
    pub name: &'static str,
    shaken: Shaken,
    recording: Option<(&'a [WorkSlice], f64)>,
}

/// How windows are taken on it, and how much they vary.
pub struct Plan {
    /// Length of windows by the noise's own plan, seconds.
    pub window_s: f64,
    /// True standard deviation of a pair's log ratio with such windows, and with usual ones.
    pub pair_sd: f64,
    /// The same with usual windows.
    pub usual_pair_sd: f64,
    /// True standard deviation of windows far apart.
    pub repeat_sd: f64,
}

impl<'a> Setting<'a> {
    /// The recording where there is one, else three invented machines.
    pub fn all(options: &'a Options) -> Vec<Self> {
        let ten = 10.0_f64.sqrt();
        let invented = |name, white: f64, drift, memory_s, launch| Self {
            name,
            shaken: Shaken {
                white: white * ten,
                drift,
                memory_s,
                launch,
                warming: 0.0,
            },
            recording: None,
        };
        let all = match &options.recording {
            Some(slices) => vec![Self {
                name: "recorded",
                shaken: Shaken {
                    launch: options.launch,
                    warming: 0.0,
                    ..Shaken::white(0.0)
                },
                recording: Some((slices, options.block_s)),
            }],
            None => vec![
                invented("quiet", 0.015, 0.02, 120.0, 0.01),
                invented("drifting", 0.018, 0.06, 300.0, 0.01),
                invented("noisy", 0.055, 0.02, 120.0, 0.015),
            ],
        };
        let wanted = |one: &Self| one.name.starts_with(&options.only);
        all.into_iter().filter(wanted).collect()
    }

    fn path(&self, seconds: usize, random: &mut Random) -> Path {
        match self.recording {
            Some((slices, block_s)) => Path::resampled(slices, block_s, seconds as f64, random),
            None => Path::drifting(&self.shaken, seconds, random),
        }
    }

    /// A session on it.
    pub fn world(&self, seed: u64, best: f64, percent: f64) -> World {
        let mut random = Random::at(seed, 77, 0);
        let path = self.path(PATH_S, &mut random);
        let mut world = World::on(seed, self.shaken, path, best);
        world.percent = percent;
        world
    }

    /// What a recording of it would show, as the product makes one, and what is true.
    pub fn plan(&self) -> Plan {
        let mut random = Random(5);
        let path = self.path(RECORDED_S, &mut random);
        let shaken = &self.shaken;
        let mut slice = |at: usize| WorkSlice {
            seconds: 1.0,
            joules: (path.level(at as f64, 1.0) + shaken.white * random.normal()).exp(),
            units: 1.0,
        };
        let slices: Vec<WorkSlice> = (0..RECORDED_S - 1).map(&mut slice).collect();
        let launches: Vec<Vec<f64>> = (0..3)
            .map(|_| {
                let launch = shaken.launch * random.normal();
                let window =
                    |random: &mut Random| (launch + shaken.white / 2.0 * random.normal()).exp();
                (0..3).map(|_| window(&mut random)).collect()
            })
            .collect();
        let noise = Noise::of(&[], &slices, &launches).expect("long enough");
        let question = Question::usual(BESIDE_S, 0.0);
        let window_s = noise.plan(&question).expect("a plan").window_s;
        Plan {
            window_s,
            pair_sd: self.pair_sd(window_s),
            usual_pair_sd: self.pair_sd(USUAL_S),
            repeat_sd: self.repeat_sd(window_s),
        }
    }

    fn pair_sd(&self, window_s: f64) -> f64 {
        let mut random = Random(6);
        let path = self.path(PATH_S, &mut random);
        let span = PATH_S as f64 - 2.0 * (window_s + BESIDE_S);
        let squares: f64 = (0..DRAWN)
            .map(|_| {
                let from = random.uniform() * span;
                let next = from + window_s + BESIDE_S;
                let drift = path.level(next, window_s) - path.level(from, window_s);
                drift * drift
            })
            .sum();
        (squares / DRAWN as f64 + 2.0 * self.fresh(window_s)).sqrt()
    }

    fn repeat_sd(&self, window_s: f64) -> f64 {
        let mut random = Random(7);
        let levels = (0..DRAWN).map(|_| {
            let path = self.path(60, &mut random);
            path.level(0.0, window_s).powi(2)
        });
        let drift = levels.sum::<f64>() / DRAWN as f64;
        (drift + self.fresh(window_s)).sqrt()
    }

    /// Variance of what no two windows share.
    fn fresh(&self, window_s: f64) -> f64 {
        self.shaken.white.powi(2) / window_s + self.shaken.launch.powi(2)
    }

    /// What history would say of it, `wrong` times too large; as strong as a prior may be.
    pub fn known(&self, plan: &Plan, wrong: f64) -> SessionNoise {
        let windows = 8.0;
        SessionNoise {
            prior: SpreadPrior {
                log_sd: wrong * plan.repeat_sd,
                windows,
                origin: NoiseOrigin::Sessions,
            },
            pairs: Some(PairSpread {
                log_sd: wrong * plan.pair_sd,
                windows,
            }),
            window: None,
        }
    }

    /// In words.
    pub fn said(&self, plan: &Plan) -> String {
        format!(
            "windows far apart vary by {:.1} %, ratios of neighbours by {:.1} % ({:.1} % with windows of \
             {USUAL_S:.0} s); windows of {:.1} s pay",
            100.0 * plan.repeat_sd,
            100.0 * plan.pair_sd,
            100.0 * plan.usual_pair_sd,
            plan.window_s,
        )
    }
}
