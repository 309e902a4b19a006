//! Which points are set to what in this process, and how often each was passed.

use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

/// Sets points of a child process, such as `drive::token_came@3=kill;files::renamed=error`: the fourth time
/// the first is passed, and the first time the second is.
pub const VARIABLE: &str = "WATTSMITH_FAIL_POINTS";

/// What happens at a point, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happening {
    /// The function there returns its error.
    Error,
    /// The process is killed there, as by `kill -9`.
    Kill,
}

#[derive(Debug, Default)]
struct Point {
    hits: u64,
    /// What happens, and how often the point is passed before that.
    set: Option<(Happening, u64)>,
}

static POINTS: LazyLock<Mutex<BTreeMap<String, Point>>> = LazyLock::new(|| {
    let words = std::env::var(VARIABLE).unwrap_or_default();
    Mutex::new(read(&words))
});

fn points() -> MutexGuard<'static, BTreeMap<String, Point>> {
    POINTS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What stands in [`VARIABLE`]; words that say nothing are left out.
fn read(words: &str) -> BTreeMap<String, Point> {
    let one = |word: &str| {
        let (place, happening) = word.split_once('=')?;
        let (name, passes) = place.split_once('@').unwrap_or((place, "0"));
        let happening = match happening {
            "error" => Happening::Error,
            "kill" => Happening::Kill,
            _ => return None,
        };
        let set = Some((happening, passes.parse().ok()?));
        Some((name.to_owned(), Point { hits: 0, set }))
    };
    words.split(';').filter_map(one).collect()
}

/// Lets `happening` come about at the point, once, after it was passed `passes` times more.
pub fn set(name: &str, happening: Happening, passes: u64) {
    points().entry(name.to_owned()).or_default().set = Some((happening, passes));
}

/// Nothing happens anywhere any more, and nothing was passed.
pub fn clear() {
    points().clear();
}

/// How often the point was passed since the last [`clear()`].
#[must_use]
pub fn hits(name: &str) -> u64 {
    points().get(name).map_or(0, |point| point.hits)
}

/// Whether an error is due at the point that is being passed. Only [`fail_point!`](crate::fail_point) calls it.
#[must_use]
pub fn reached(name: &'static str) -> bool {
    let mut points = points();
    let point = points.entry(name.to_owned()).or_default();
    point.hits += 1;
    match point.set {
        None => false,
        Some((happening, 0)) => {
            point.set = None;
            if happening == Happening::Kill {
                kill_this_process();
            }
            true
        }
        Some((happening, passes)) => {
            point.set = Some((happening, passes - 1));
            false
        }
    }
}

/// As from outside: nothing is cleaned up, no destructor runs.
fn kill_this_process() {
    let _ = nix::sys::signal::raise(nix::sys::signal::Signal::SIGKILL);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_happens_once_and_only_when_its_passes_are_over() {
        set("tests::once", Happening::Error, 2);
        let reached = || reached("tests::once");
        assert_eq!(
            [reached(), reached(), reached(), reached()],
            [false, false, true, false]
        );
        assert_eq!(hits("tests::once"), 4);
        assert_eq!(hits("tests::never"), 0);
    }

    #[test]
    fn the_variable_names_points_their_passes_and_what_happens() {
        let read = read("a::b@3=kill;c::d=error;nonsense;e::f=perhaps;g::h@x=kill");
        let names: Vec<&str> = read.keys().map(String::as_str).collect();
        assert_eq!(names, ["a::b", "c::d"]);
        assert_eq!(read["a::b"].set, Some((Happening::Kill, 3)));
        assert_eq!(read["c::d"].set, Some((Happening::Error, 0)));
    }
}
