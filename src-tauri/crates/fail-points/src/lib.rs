//! Named places along a measured window and a turn, at which a test can let something fail or the process
//! be killed. [`fail_point!`] marks one; `table.rs` lists all of them with what has to come of each.
//!
//! Nothing of it is in a release: without the feature `armed`, which only dev-dependencies ask for, a mark is
//! no code at all. `scripts/build` looks for that in what it built.

#[cfg(feature = "armed")]
mod armed;
#[cfg(feature = "armed")]
mod table;

#[cfg(feature = "armed")]
pub use armed::{Happening, VARIABLE, clear, hits, reached, set};
#[cfg(feature = "armed")]
pub use table::{FailPoint, KILLS, Kill, Outcome, POINTS, Phase};

/// Marks a place. With an error, the function there returns it where a test asked for that; with `return` and
/// perhaps a value, it returns that.
#[cfg(feature = "armed")]
#[macro_export]
macro_rules! fail_point {
    ($name:literal, return) => {
        if $crate::reached($name) {
            return;
        }
    };
    ($name:literal, return $value:expr) => {
        if $crate::reached($name) {
            return $value;
        }
    };
    ($name:literal, $error:expr) => {
        if $crate::reached($name) {
            return Err($error);
        }
    };
}

/// Marks a place. Here it is checked by the compiler and gives no code.
#[cfg(not(feature = "armed"))]
#[macro_export]
macro_rules! fail_point {
    ($name:literal, return) => {};
    ($name:literal, return $value:expr) => {
        if false {
            return $value;
        }
    };
    ($name:literal, $error:expr) => {
        if false {
            return Err($error);
        }
    };
}
