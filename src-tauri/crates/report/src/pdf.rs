//! The report on paper: the same view as the page, laid out here and written by krilla.
//!
//! `story` says what comes in which order, `sheet` and `charts` place it, `face` measures text, `mark` is
//! what a page is made of, and `paint` alone knows PDF.

mod charts;
mod face;
mod mark;
mod paint;
mod sheet;
mod story;

use crate::view::View;
use face::Faces;
use sheet::Sheet;

/// Why there is no PDF.
#[derive(Debug, thiserror::Error)]
pub enum PdfError {
    /// A fault of the build.
    #[error("a built-in face cannot be read")]
    Face,
    /// A fault of the build.
    #[error("the page has no size")]
    Page,
    /// The file could not be put together.
    #[error("it could not be put together: {0}")]
    Written(String),
}

/// The file's bytes.
pub(crate) fn file(view: &View) -> Result<Vec<u8>, PdfError> {
    let faces = Faces::built_in().ok_or(PdfError::Face)?;
    let mut sheet = Sheet::new(&faces);
    story::tell(&mut sheet, view);
    let foot = format!(
        "{} · made by Wattsmith {} from the session's own record",
        view.title,
        env!("CARGO_PKG_VERSION")
    );
    let pages = sheet.finished(&foot);
    paint::document(
        &pages,
        &faces,
        &format!("{} · Wattsmith report", view.title),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ReportOptions;
    use mark::{Mark, PAGE};
    use wattsmith_domain::SessionRecord;
    use wattsmith_testkit::fixtures;

    fn laid_out(record: &SessionRecord) -> Vec<Vec<Mark>> {
        let view = View::of(record, &ReportOptions::default());
        let faces = Faces::built_in().unwrap();
        let mut sheet = Sheet::new(&faces);
        story::tell(&mut sheet, &view);
        sheet.finished("foot")
    }

    fn texts(pages: &[Vec<Mark>]) -> String {
        let lines = pages.iter().flatten().filter_map(|mark| match mark {
            Mark::Text { text, .. } => Some(text.as_str()),
            Mark::Shape { .. } => None,
        });
        lines.collect::<Vec<_>>().join(" ").replace('\u{a0}', " ")
    }

    #[test]
    fn it_says_what_the_page_says() {
        let record = fixtures::confirmed();
        let said = texts(&laid_out(&record));
        let view = View::of(&record, &ReportOptions::default());
        let mut all = vec![view.certainty.headline.clone()];
        all.extend(view.lead.iter().map(|one| one.value.clone()));
        let gain = view.gain.as_ref().unwrap();
        all.extend(gain.amounts.iter().map(|one| one.value.clone()));
        all.extend(view.trials.iter().map(|one| one.figure.clone()));
        all.extend(view.cost.iter().map(|one| one.total.clone()));
        for words in all {
            let words = words.replace('\u{a0}', " ");
            assert!(said.contains(&words), "{words} in {said}");
        }
    }

    #[test]
    fn nothing_lies_outside_of_its_page() {
        let faces = Faces::built_in().unwrap();
        for record in [
            fixtures::confirmed(),
            fixtures::everything(),
            fixtures::estimated(),
            fixtures::hostile(),
        ] {
            for mark in laid_out(&record).iter().flatten() {
                if let Mark::Text { x, y, style, text } = mark {
                    let right = x + faces.width(text, *style);
                    assert!(*x >= 0.0 && right <= PAGE.0, "{text}: {x} to {right}");
                    assert!(*y > 0.0 && *y < PAGE.1, "{text}: {y}");
                }
            }
        }
    }

    #[test]
    fn an_estimate_is_called_one() {
        let said = texts(&laid_out(&fixtures::estimated()));
        assert!(said.contains("In plain words (ESTIMATED)"), "{said}");
        assert!(said.contains("ESTIMATED: estimate"), "{said}");
    }
}
