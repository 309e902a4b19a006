//! The faces that a report is set in: how wide a text is, and where its lines break. DejaVu has the letters
//! of European languages and the signs that figures need; what it lacks is drawn as a box, and can be copied
//! all the same.

use super::mark::{Cut, Style};
use skrifa::instance::{LocationRef, Size};
use skrifa::{FontRef, MetadataProvider as _};

/// The three of them.
pub(super) struct Faces {
    regular: Face,
    bold: Face,
    mono: Face,
}

/// One face.
pub(super) struct Face {
    font: FontRef<'static>,
    data: &'static [u8],
    units_per_em: f32,
}

/// A letter in a face.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Glyph {
    pub id: u32,
    /// How far on the next one stands, in em.
    pub advance: f32,
}

impl Faces {
    /// None where the built-in files are no fonts, which a test excludes.
    pub(super) fn built_in() -> Option<Self> {
        Some(Self {
            regular: Face::new(dejavu::sans::regular())?,
            bold: Face::new(dejavu::sans::bold())?,
            mono: Face::new(dejavu::sans_mono::regular())?,
        })
    }

    pub(super) fn of(&self, cut: Cut) -> &Face {
        match cut {
            Cut::Regular => &self.regular,
            Cut::Bold => &self.bold,
            Cut::Mono => &self.mono,
        }
    }

    /// Points.
    pub(super) fn width(&self, text: &str, style: Style) -> f32 {
        self.of(style.cut).width(text) * style.size
    }

    /// The text in lines that are no wider than that, one at least. It breaks at spaces, and within a word
    /// only where a whole line cannot hold it.
    pub(super) fn lines(&self, text: &str, style: Style, width: f32) -> Vec<String> {
        let face = self.of(style.cut);
        let most = width / style.size;
        let mut lines = Vec::new();
        for paragraph in text.split('\n') {
            let mut line = String::new();
            let mut filled = 0.0;
            for word in paragraph.split_inclusive(' ') {
                let own = face.width(word.trim_end_matches(' '));
                if filled > 0.0 && filled + own > most {
                    lines.push(std::mem::take(&mut line));
                    filled = 0.0;
                }
                if own <= most {
                    line.push_str(word);
                    filled += face.width(word);
                    continue;
                }
                for letter in word.chars() {
                    let own = face.glyph(letter).advance;
                    if filled > 0.0 && filled + own > most {
                        lines.push(std::mem::take(&mut line));
                        filled = 0.0;
                    }
                    line.push(letter);
                    filled += own;
                }
            }
            lines.push(line);
        }
        for line in &mut lines {
            line.truncate(line.trim_end_matches(' ').len());
        }
        lines
    }
}

impl Face {
    fn new(data: &'static [u8]) -> Option<Self> {
        let font = FontRef::from_index(data, 0).ok()?;
        let metrics = font.metrics(Size::unscaled(), LocationRef::default());
        Some(Self {
            units_per_em: f32::from(metrics.units_per_em.max(1)),
            font,
            data,
        })
    }

    /// The file.
    pub(super) fn data(&self) -> &'static [u8] {
        self.data
    }

    pub(super) fn glyph(&self, letter: char) -> Glyph {
        let id = self.font.charmap().map(letter).unwrap_or_default();
        let metrics = self
            .font
            .glyph_metrics(Size::unscaled(), LocationRef::default());
        Glyph {
            id: id.to_u32(),
            advance: metrics.advance_width(id).unwrap_or(0.0) / self.units_per_em,
        }
    }

    /// In em.
    fn width(&self, text: &str) -> f32 {
        text.chars().map(|letter| self.glyph(letter).advance).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdf::mark::INK;
    use proptest::prelude::*;

    const STYLE: Style = Style {
        cut: Cut::Regular,
        size: 10.0,
        colour: INK,
    };

    #[test]
    fn the_built_in_faces_have_the_signs_that_figures_need() {
        let faces = Faces::built_in().unwrap();
        for cut in [Cut::Regular, Cut::Bold] {
            for letter in "±−–→·×≤₂€£äéßñ’“”…•\u{a0}".chars() {
                assert_ne!(faces.of(cut).glyph(letter).id, 0, "{letter} in {cut:?}");
            }
        }
    }

    #[test]
    fn lines_break_at_spaces_and_never_between_a_figure_and_its_unit() {
        let faces = Faces::built_in().unwrap();
        let lines = faces.lines("about 12\u{a0}kWh a year", STYLE, 60.0);
        assert_eq!(lines.join("|"), "about|12\u{a0}kWh a|year");
        assert_eq!(faces.lines("", STYLE, 60.0), [""]);
        assert_eq!(faces.lines("a\n\nb", STYLE, 60.0), ["a", "", "b"]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_no_line_is_too_wide(text in "[a-zA-Z0-9/._ -]{0,120}") {
            let faces = Faces::built_in().unwrap();
            let lines = faces.lines(&text, STYLE, 80.0);
            for line in &lines {
                prop_assert!(faces.width(line, STYLE) <= 80.01, "{}", line);
            }
            let letters = |text: &str| text.replace(' ', "");
            prop_assert_eq!(letters(&lines.concat()), letters(&text));
        }
    }
}
