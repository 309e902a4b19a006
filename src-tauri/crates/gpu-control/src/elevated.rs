//! Whether the program runs with more rights than whoever started it. Then nothing that its caller
//! could set, such as a variable of the environment, may decide which code is loaded or where it
//! writes.

use crate::{LIBRARY_VARIABLE, STATE_FOLDER, STATE_VARIABLE};
use std::path::PathBuf;

/// The library to load instead of the driver's, where one may be named.
pub(crate) fn library() -> Option<PathBuf> {
    from_caller(LIBRARY_VARIABLE)
}

/// The folder for what was changed.
pub(crate) fn state_folder() -> PathBuf {
    from_caller(STATE_VARIABLE).unwrap_or_else(|| PathBuf::from(STATE_FOLDER))
}

/// pkexec clears the environment anyway; this does not rely on it. A release build does not even
/// hold the code that looks.
fn from_caller(name: &str) -> Option<PathBuf> {
    #[cfg(debug_assertions)]
    if !is_elevated() {
        return std::env::var_os(name).map(PathBuf::from);
    }
    let _ = name;
    None
}

/// By pkexec, by sudo, or by a set-user-id bit. Not knowing counts as yes.
#[cfg(debug_assertions)]
fn is_elevated() -> bool {
    let by_another = ["PKEXEC_UID", "SUDO_UID"]
        .iter()
        .any(|name| std::env::var_os(name).is_some());
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    by_another || !same_user(&status)
}

/// Whether the real and the effective user are one, by `/proc/self/status`.
#[cfg(debug_assertions)]
fn same_user(status: &str) -> bool {
    let Some(ids) = status.lines().find_map(|line| line.strip_prefix("Uid:")) else {
        return false;
    };
    let mut ids = ids.split_whitespace();
    matches!((ids.next(), ids.next()), (Some(real), Some(effective)) if real == effective)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_user_id_bit_shows_and_what_cannot_be_read_counts_as_one() {
        assert!(same_user(
            "Name:\tx\nUid:\t1000\t1000\t1000\t1000\nGid:\t0\t0\t0\t0\n"
        ));
        assert!(!same_user("Name:\tx\nUid:\t1000\t0\t0\t0\n"));
        assert!(!same_user("Uid:\t1000\n"));
        assert!(!same_user(""));
    }
}
