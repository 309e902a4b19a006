//! The window's size, kept in the data folder when it is closed.

use serde::{Deserialize, Serialize};
use std::path::Path;
use tauri::{LogicalSize, WebviewWindow, Window};

/// As it was left; logical pixels.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Kept {
    width: f64,
    height: f64,
    maximized: bool,
}

/// Least and greatest that is taken from a file: what is beyond was written by no window.
const WIDTHS: std::ops::RangeInclusive<f64> = 880.0..=20_000.0;
const HEIGHTS: std::ops::RangeInclusive<f64> = 600.0..=20_000.0;

fn read(file: &Path) -> Option<Kept> {
    let kept: Kept = serde_json::from_slice(&std::fs::read(file).ok()?).ok()?;
    (WIDTHS.contains(&kept.width) && HEIGHTS.contains(&kept.height)).then_some(kept)
}

impl Kept {
    /// No larger than the screen, which may be another one than last time.
    fn within(self, screen: Option<(f64, f64)>) -> Self {
        let (width, height) = screen.unwrap_or((f64::INFINITY, f64::INFINITY));
        Self {
            width: self.width.min(width).max(*WIDTHS.start()),
            height: self.height.min(height).max(*HEIGHTS.start()),
            ..self
        }
    }
}

/// Gives the window the size that it had.
pub(crate) fn restore(window: &WebviewWindow, file: &Path) {
    let Some(kept) = read(file) else { return };
    let screen = window.current_monitor().ok().flatten().map(|screen| {
        let size = screen.size().to_logical::<f64>(screen.scale_factor());
        (size.width, size.height)
    });
    let kept = kept.within(screen);
    let _ = window.set_size(LogicalSize::new(kept.width, kept.height));
    if kept.maximized {
        let _ = window.maximize();
    }
}

/// Keeps the size; of a window that fills the screen the one that it had before stays.
pub(crate) fn remember(window: &Window, file: &Path) {
    let maximized =
        window.is_maximized().unwrap_or(false) || window.is_fullscreen().unwrap_or(false);
    let (Ok(size), Ok(scale)) = (window.inner_size(), window.scale_factor()) else {
        return;
    };
    let size = size.to_logical::<f64>(scale);
    let mut kept = Kept {
        width: size.width,
        height: size.height,
        maximized,
    };
    if let Some(before) = read(file).filter(|_| maximized) {
        kept = Kept {
            maximized,
            ..before
        };
    }
    let written = serde_json::to_vec(&kept)
        .map_err(std::io::Error::from)
        .and_then(|text| wattsmith_tuner::keep_file(file, &text));
    if let Err(error) = written {
        tracing::warn!("the window's size could not be kept: {error}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_that_no_window_had_is_not_taken() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("window.json");
        assert_eq!(read(&file), None);
        for (text, taken) in [
            (r#"{"width":1200.0,"height":800.0,"maximized":false}"#, true),
            (r#"{"width":12.0,"height":800.0,"maximized":false}"#, false),
            (r#"{"width":1200.0,"height":1e9,"maximized":false}"#, false),
            (r#"{"width":null,"height":800.0,"maximized":false}"#, false),
            ("", false),
        ] {
            std::fs::write(&file, text).unwrap();
            assert_eq!(read(&file).is_some(), taken, "{text}");
        }
    }

    #[test]
    fn it_fits_a_smaller_screen_but_is_never_smaller_than_it_may_be() {
        let kept = Kept {
            width: 2400.0,
            height: 1300.0,
            maximized: false,
        };
        let on = |screen| {
            let kept = kept.within(screen);
            (kept.width, kept.height)
        };
        assert_eq!(on(None), (2400.0, 1300.0));
        assert_eq!(on(Some((1920.0, 1080.0))), (1920.0, 1080.0));
        assert_eq!(on(Some((800.0, 480.0))), (880.0, 600.0));
    }
}
