//! Marks as a PDF: real text in subset faces, so that it can be selected, searched and copied.

use super::PdfError;
use super::face::Faces;
use super::mark::{Colour, Cut, Mark, PAGE, Pen, Step, Style};
use krilla::Document;
use krilla::color::rgb;
use krilla::geom::{Path, PathBuilder, Point};
use krilla::metadata::Metadata;
use krilla::page::PageSettings;
use krilla::paint::{Fill, Stroke, StrokeDash};
use krilla::surface::Surface;
use krilla::text::{Font, GlyphId, KrillaGlyph};

/// The same faces as krilla has them.
struct Fonts {
    regular: Font,
    bold: Font,
    mono: Font,
}

impl Fonts {
    fn of(faces: &Faces) -> Option<Self> {
        let font = |cut: Cut| Font::new(faces.of(cut).data().to_vec().into(), 0);
        Some(Self {
            regular: font(Cut::Regular)?,
            bold: font(Cut::Bold)?,
            mono: font(Cut::Mono)?,
        })
    }

    fn get(&self, cut: Cut) -> Font {
        match cut {
            Cut::Regular => self.regular.clone(),
            Cut::Bold => self.bold.clone(),
            Cut::Mono => self.mono.clone(),
        }
    }
}

/// The file's bytes.
pub(super) fn document(
    pages: &[Vec<Mark>],
    faces: &Faces,
    title: &str,
) -> Result<Vec<u8>, PdfError> {
    let fonts = Fonts::of(faces).ok_or(PdfError::Face)?;
    let size = PageSettings::from_wh(PAGE.0, PAGE.1).ok_or(PdfError::Page)?;
    let mut document = Document::new();
    document.set_metadata(
        Metadata::new()
            .title(title.to_owned())
            .language("en".to_owned())
            .creator(format!("Wattsmith {}", env!("CARGO_PKG_VERSION"))),
    );
    for marks in pages {
        let mut page = document.start_page_with(size.clone());
        let mut surface = page.surface();
        for mark in marks {
            draw(&mut surface, mark, faces, &fonts);
        }
        surface.finish();
        page.finish();
    }
    document
        .finish()
        .map_err(|error| PdfError::Written(format!("{error:?}")))
}

fn draw(surface: &mut Surface, mark: &Mark, faces: &Faces, fonts: &Fonts) {
    match mark {
        Mark::Text { x, y, style, text } => {
            let glyphs = glyphs(text, *style, faces);
            surface.set_fill(Some(fill(style.colour)));
            surface.set_stroke(None);
            let at = Point::from_xy(*x, *y);
            surface.draw_glyphs(at, &glyphs, fonts.get(style.cut), text, style.size, false);
        }
        Mark::Shape {
            path,
            fill: colour,
            pen,
        } => {
            // A path of no length is nothing to draw.
            if let Some(path) = outline(path) {
                surface.set_fill(colour.map(fill));
                surface.set_stroke(pen.map(stroke));
                surface.draw_path(&path);
            }
        }
    }
}

fn glyphs(text: &str, style: Style, faces: &Faces) -> Vec<KrillaGlyph> {
    let face = faces.of(style.cut);
    text.char_indices()
        .map(|(at, letter)| {
            let glyph = face.glyph(letter);
            let range = at..at + letter.len_utf8();
            KrillaGlyph::new(
                GlyphId::new(glyph.id),
                glyph.advance,
                0.0,
                0.0,
                0.0,
                range,
                None,
            )
        })
        .collect()
}

fn outline(steps: &[Step]) -> Option<Path> {
    let mut builder = PathBuilder::new();
    for step in steps {
        match *step {
            Step::Move(x, y) => builder.move_to(x, y),
            Step::Line(x, y) => builder.line_to(x, y),
            Step::Curve([a, b, c, d, x, y]) => builder.cubic_to(a, b, c, d, x, y),
            Step::Close => builder.close(),
        }
    }
    builder.finish()
}

fn fill(colour: Colour) -> Fill {
    Fill {
        paint: rgb::Color::new(colour.0, colour.1, colour.2).into(),
        ..Fill::default()
    }
}

fn stroke(pen: Pen) -> Stroke {
    Stroke {
        paint: rgb::Color::new(pen.colour.0, pen.colour.1, pen.colour.2).into(),
        width: pen.width,
        dash: pen.dash.map(|(dash, gap)| StrokeDash {
            array: vec![dash, gap],
            offset: 0.0,
        }),
        ..Stroke::default()
    }
}
