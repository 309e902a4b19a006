//! Repeats with given figures, and noise to shake them with.

use std::sync::LazyLock;
use wattsmith_domain::{
    Confirmation, ConfirmationId, EstimateSpread, Joules, Repeat, Scope, Seconds, SessionId,
    Tokens, TrialId,
};
use wattsmith_testkit::fixtures::{Fixture, Shown};

/// Twenty seconds and a thousand units of work, so many joules each, read from a sensor.
pub fn measured(joules_per_unit: f64) -> Repeat {
    // Made once: the simulation asks for a hundred thousand.
    static ONE: LazyLock<Repeat> = LazyLock::new(|| Fixture::on_gpu().repeat(1, Shown(50.0, 40.0)));
    let mut repeat = ONE.clone();
    repeat.window = Seconds(20.0);
    repeat.load = Seconds(1.0);
    repeat.warm_up = Seconds(4.0);
    repeat.units = Tokens(1000);
    repeat.energy.gross = Joules(joules_per_unit * 1000.0);
    repeat
}

/// The same work, priced from seconds by the estimate's coefficients.
pub fn estimated(wall_s: f64, cpu_s: f64) -> Repeat {
    let at = |idle: f64, core: f64| Joules(idle * wall_s + core * cpu_s);
    let mut repeat = measured(1.0);
    repeat.energy.gross = at(10.0, 8.0);
    repeat.energy.net = None;
    repeat.energy.scope = Scope::Estimated;
    repeat.energy.sensor_error = 0.5;
    repeat.energy.estimate = Some(EstimateSpread {
        low_idle: at(3.0, 10.0),
        high_idle: at(30.0, 4.0),
    });
    repeat
}

pub fn all(figures: &[f64]) -> Vec<Repeat> {
    figures.iter().copied().map(measured).collect()
}

/// A confirmation that has these repeats and no decision yet.
pub fn confirmation(number: u32, best: &[Repeat], default: &[Repeat]) -> Confirmation {
    Confirmation {
        id: ConfirmationId::from("confirmation"),
        session: SessionId::from("session"),
        trial: TrialId::from("trial"),
        number,
        alpha: 0.0,
        best: best.to_vec(),
        default: default.to_vec(),
        discarded: Vec::new(),
        ratio: None,
        decision: None,
        chance: None,
        spread: None,
        created_at: "2026-01-15T09:00:00Z".to_owned(),
    }
}

/// Standard normal numbers, the same in every run: SplitMix64 through Box and Muller.
pub struct Noise(pub u64);

impl Noise {
    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (((z ^ (z >> 31)) >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    pub fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }
}
