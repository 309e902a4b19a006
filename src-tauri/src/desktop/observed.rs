//! For whoever measures the app itself (`scripts/measure-app`): WebDriver would be measured along. Two variables of
//! the environment, which nobody else sets.

use std::io::Write as _;
use std::time::Duration;

/// Where it is set, a line on standard output says that the start button can be pressed.
const SAY_READY: &str = "WATTSMITH_SAY_READY";
/// Seconds after that until it is pressed, as a person would.
const BEGIN_AFTER_S: &str = "WATTSMITH_BEGIN_AFTER_S";

/// The start button can be pressed; gives whether it is to be pressed now.
pub(crate) async fn ready() -> bool {
    if std::env::var_os(SAY_READY).is_some() {
        let mut out = std::io::stdout().lock();
        // Nobody may listen any more, and that is no matter of the window's.
        let _ = writeln!(out, "wattsmith: ready").and_then(|()| out.flush());
    }
    let Some(after) = begin_after(std::env::var(BEGIN_AFTER_S).ok().as_deref()) else {
        return false;
    };
    tokio::time::sleep(after).await;
    true
}

/// The wait that was asked for; none where nobody did, or where it makes no sense.
fn begin_after(said: Option<&str>) -> Option<Duration> {
    let seconds: f64 = said?.trim().parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_begun_unless_a_number_of_seconds_says_so() {
        assert_eq!(begin_after(None), None);
        for bad in ["", "soon", "-1", "nan", "inf"] {
            assert_eq!(begin_after(Some(bad)), None, "{bad}");
        }
        assert_eq!(begin_after(Some("0")), Some(Duration::ZERO));
        assert_eq!(begin_after(Some("1.5")), Some(Duration::from_millis(1500)));
    }
}
