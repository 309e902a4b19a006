//! The real window: the app's binary under a display, driven over WebDriver through WebKitGTK's own
//! driver, with the real engine and model. `make test` runs it under Xvfb for the debug and the
//! release build; `WATTSMITH_APP` names the binary, `WATTSMITH_SHOTS` a folder for screenshots.

// In a test a panic is the report.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod window {
    mod compares_advisors;
    mod driver;
    mod hands_over;
    mod loop_by_paste;
    mod pictures_for_docs;
    mod runs_by_itself;
    mod shows_itself;
}
