//! Sensors as "Part-time power measurements" (arXiv 2312.02741) found them on NVIDIA boards.

use std::time::Duration;

/// One way in which a board tells its energy or power.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sensor {
    pub name: &'static str,
    pub kind: Kind,
    /// Between ticks or new values, milliseconds.
    pub update_ms: f64,
    /// What a power value is the mean over, milliseconds.
    pub window_ms: f64,
    /// Shortest and longest window that is measured with it, seconds.
    pub spans: (f64, f64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Counter,
    Instant,
    Averaged,
}

const SHORT: (f64, f64) = (10.0, 20.0);

const fn sensor(name: &'static str, kind: Kind, update_ms: f64, window_ms: f64) -> Sensor {
    let spans = match kind {
        Kind::Averaged => (60.0, 70.0),
        _ => SHORT,
    };
    Sensor {
        name,
        kind,
        update_ms,
        window_ms,
        spans,
    }
}

impl Sensor {
    pub const ALL: [Self; 7] = [
        sensor("counter, 20 ms ticks", Kind::Counter, 20.0, 0.0),
        sensor("counter, 100 ms ticks", Kind::Counter, 100.0, 0.0),
        sensor("power, 20 of 20 ms", Kind::Instant, 20.0, 20.0),
        sensor("power, 10 of 20 ms", Kind::Instant, 20.0, 10.0),
        sensor("power, 100 of 100 ms", Kind::Instant, 100.0, 100.0),
        sensor("power, 25 of 100 ms", Kind::Instant, 100.0, 25.0),
        sensor("power, mean of 1 s", Kind::Averaged, 100.0, 1000.0),
    ];

    pub fn update(&self) -> Duration {
        Duration::from_secs_f64(self.update_ms / 1e3)
    }

    /// Sees everything that the board draws, between one value and the next.
    pub fn is_continuous(&self) -> bool {
        self.kind == Kind::Instant && self.window_ms >= self.update_ms
    }

    /// Lines of a script, with this gain error and phase (0 to 1).
    pub fn script(&self, gain: f64, phase: f64) -> String {
        let (update, window) = (self.update_ms, self.window_ms);
        let looks = format!(
            "update {update} window {window} phase {} gain {gain} resolution 0.001",
            phase * update
        );
        match self.kind {
            Kind::Counter => format!(
                "counter 0 ticks {update} phase {} gain {gain} resolution 1\n\
                 instant 0 update 100 window 25 gain {gain}\n",
                phase * update
            ),
            Kind::Instant => format!("counter 0 3\ninstant 0 {looks}\n"),
            Kind::Averaged => format!("counter 0 3\ninstant 0 3\naverage 0 {looks}\n"),
        }
    }
}
