//! The one clock that engine events and sensor samples share; a parameter wherever time is read,
//! so that tests can play time themselves.

use crate::units::MonotonicNs;
use std::sync::OnceLock;
use std::time::Instant;

/// Something that tells monotonic time.
pub trait Clock: Send + Sync {
    /// Nanoseconds since an origin that stays the same for the life of the process.
    fn now(&self) -> MonotonicNs;
}

/// The machine's monotonic clock; every instance in a process has the same origin.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> MonotonicNs {
        static ORIGIN: OnceLock<Instant> = OnceLock::new();
        let origin = *ORIGIN.get_or_init(Instant::now);
        MonotonicNs(u64::try_from(origin.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }
}
