//! What boards draw: power over time as lines of a script.

use super::random::Random;
use std::fmt::Write as _;

/// A family of loads; sizes, periods and phases are drawn for each run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Load {
    Constant,
    /// Period at least four updates of the sensor, up to 5 s.
    SquareSlow,
    /// One to four updates.
    SquareMiddle,
    /// From 5 ms to one update.
    SquareFast,
    /// Over the whole run.
    Ramp,
    /// On and off for exponentially distributed times, 50 to 500 ms on average.
    Bursty,
    /// One request after the other: a prefill, then tokens whose ripple shows, then a pause.
    DecodeOne,
    /// The same in four slots that share the board.
    DecodeFour,
}

impl Load {
    pub const ALL: [Self; 8] = [
        Self::Constant,
        Self::SquareSlow,
        Self::SquareMiddle,
        Self::SquareFast,
        Self::Ramp,
        Self::Bursty,
        Self::DecodeOne,
        Self::DecodeFour,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Constant => "constant",
            Self::SquareSlow => "square, period ≥ 4 updates",
            Self::SquareMiddle => "square, 1 to 4 updates",
            Self::SquareFast => "square, below one update",
            Self::Ramp => "ramp",
            Self::Bursty => "bursty",
            Self::DecodeOne => "decode, one slot",
            Self::DecodeFour => "decode, four slots",
        }
    }

    /// Whether it changes so slowly that continuous power must be good to 1 %.
    pub fn is_slow(self) -> bool {
        matches!(self, Self::Constant | Self::SquareSlow | Self::Ramp)
    }

    /// Lines of a script for a sensor that is renewed every `update` seconds, up to `end` seconds.
    pub fn script(self, random: &mut Random, update: f64, end: f64) -> String {
        let low = random.between(60.0, 150.0);
        let high = low + random.between(50.0, 250.0);
        let mut square = |from: f64, to: f64| {
            let (period, duty) = (random.scale(from, to), random.between(0.25, 0.75));
            let phase = random.unit();
            format!(
                "power 0 square {low} {high} {} {duty} {phase}\n",
                period * 1e3
            )
        };
        match self {
            Self::Constant => format!("power 0 {high}\n"),
            Self::SquareSlow => square(4.0 * update, 5.0),
            Self::SquareMiddle => square(update, 4.0 * update),
            Self::SquareFast => square(0.005, update),
            Self::Ramp => format!("power 0 ramp {low} {high} 0 {}\n", end * 1e3),
            Self::Bursty => {
                let (on, off) = (random.scale(50.0, 500.0), random.scale(50.0, 500.0));
                let seed = (random.unit() * 1e9) as u64;
                format!("power 0 bursty {low} {high} {on} {off} {seed}\n")
            }
            Self::DecodeOne => format!("power 0 {low}\n{}", slot(random, high - low, end)),
            Self::DecodeFour => (0..4).fold(format!("power 0 {low}\n"), |script, _| {
                script + &slot(random, (high - low) / 4.0, end)
            }),
        }
    }
}

/// One slot's requests above idle power: prefill draws `most` watts, decode about 60 % of it with a
/// ripple per token, a pause between requests nothing.
fn slot(random: &mut Random, most: f64, end: f64) -> String {
    let token = random.scale(0.012, 0.040);
    let prefill = random.between(0.1, 0.6);
    let tokens = random.between(50.0, 250.0) as u32;
    let mut steps = Vec::new();
    let mut at = random.between(0.0, 1.0);
    while at < end {
        steps.push((at, most));
        at += prefill * (1.0 + 0.05 * random.normal());
        for _ in 0..tokens {
            let length = token * (1.0 + 0.04 * random.normal()).max(0.2);
            steps.push((at, most * 0.68));
            steps.push((at + 0.7 * length, most * 0.48));
            at += length;
        }
        steps.push((at, 0.0));
        at += random.between(0.01, 0.03);
    }
    // A line of a script holds some thousand words; several lines add up.
    let mut script = String::new();
    for (index, piece) in steps.chunks(1500).enumerate() {
        script += "power 0 steps 0:0";
        for (at, watts) in piece {
            let _ = write!(script, " {:.4}:{watts:.3}", at * 1e3);
        }
        if let Some((next, _)) = steps.get((index + 1) * 1500) {
            let _ = write!(script, " {:.4}:0", next * 1e3);
        }
        script.push('\n');
    }
    script
}
