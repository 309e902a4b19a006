//! What simpler ways of measuring make of the same power, by the exact integral of the script: their
//! own error, without any gain error or jitter.

/// Relative errors of the naive ways.
#[derive(Debug, Clone, Copy)]
pub struct Naive {
    /// A power value every 15 s, each taken to hold until the next.
    pub every_15_s: f64,
    /// One every 100 ms, likewise.
    pub every_100_ms: f64,
    /// The mean of the last second every 100 ms, likewise.
    pub averaged: f64,
}

impl Naive {
    /// `energy` is the true energy between two instants in seconds; power values are means over
    /// 25 ms, renewed every 100 ms.
    pub fn of(energy: &dyn Fn(f64, f64) -> f64, from: f64, to: f64) -> Self {
        let truth = energy(from, to);
        let off = |every: f64, window: f64| {
            left_rectangle(energy, (from, to), every, window) / truth - 1.0
        };
        Self {
            every_15_s: off(15.0, 0.025),
            every_100_ms: off(0.1, 0.025),
            averaged: off(0.1, 1.0),
        }
    }
}

const UPDATE: f64 = 0.1;

fn left_rectangle(
    energy: &dyn Fn(f64, f64) -> f64,
    (from, to): (f64, f64),
    every: f64,
    window: f64,
) -> f64 {
    let mut sum = 0.0;
    let mut at = from;
    while at < to {
        let look = (at / UPDATE).floor() * UPDATE;
        let watts = energy(look - window, look) / window;
        sum += watts * every.min(to - at);
        at += every;
    }
    sum
}
