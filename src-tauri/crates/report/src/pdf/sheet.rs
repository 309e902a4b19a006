//! Lays things out one below the other, on as many pages as they take.

use super::face::Faces;
use super::mark::{Cut, DIM, INK, LINE, Mark, PAGE, Pen, SOFT, SUNK, Style};

/// Around what a page says.
pub(super) const LEFT: f32 = 44.0;
pub(super) const RIGHT: f32 = PAGE.0 - 44.0;
const TOP: f32 = 46.0;
const BOTTOM: f32 = PAGE.1 - 52.0;

pub(super) const BODY: Style = Style {
    cut: Cut::Regular,
    size: 9.0,
    colour: INK,
};
pub(super) const SMALL: Style = Style {
    cut: Cut::Regular,
    size: 7.5,
    colour: SOFT,
};
pub(super) const STRONG: Style = Style {
    cut: Cut::Bold,
    size: 9.0,
    colour: INK,
};
const HEADING: Style = Style {
    cut: Cut::Bold,
    size: 12.0,
    colour: INK,
};
const CODE: Style = Style {
    cut: Cut::Mono,
    size: 7.5,
    colour: INK,
};

/// A column of a table.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub name: String,
    /// Share of the width.
    pub share: f32,
    /// Whether its cells end at the right, as figures do.
    pub right: bool,
}

impl Column {
    pub(super) fn text(name: &str, share: f32) -> Self {
        Self {
            name: name.to_owned(),
            share,
            right: false,
        }
    }

    pub(super) fn figure(name: &str, share: f32) -> Self {
        Self {
            right: true,
            ..Self::text(name, share)
        }
    }
}

/// Pages that grow.
pub(super) struct Sheet<'a> {
    pub faces: &'a Faces,
    pages: Vec<Vec<Mark>>,
    /// Where the next thing begins.
    pub y: f32,
}

impl<'a> Sheet<'a> {
    pub(super) fn new(faces: &'a Faces) -> Self {
        Self {
            faces,
            pages: vec![Vec::new()],
            y: TOP,
        }
    }

    /// The pages, each with a line at its foot.
    pub(super) fn finished(mut self, foot: &str) -> Vec<Vec<Mark>> {
        let count = self.pages.len();
        let style = Style {
            colour: DIM,
            ..SMALL
        };
        for (at, page) in self.pages.iter_mut().enumerate() {
            let number = format!("{} of {count}", at + 1);
            let y = PAGE.1 - 28.0;
            let width = self.faces.width(&number, style);
            let room = RIGHT - LEFT - width - 12.0;
            let foot = self.faces.lines(foot, style, room).swap_remove(0);
            for (x, text) in [(LEFT, foot), (RIGHT - width, number)] {
                page.push(Mark::Text { x, y, style, text });
            }
        }
        self.pages
    }

    pub(super) fn push(&mut self, mark: Mark) {
        if let Some(page) = self.pages.last_mut() {
            page.push(mark);
        }
    }

    /// A fresh page, unless so much fits on this one.
    pub(super) fn need(&mut self, height: f32) {
        if self.y + height > BOTTOM && self.y > TOP {
            self.pages.push(Vec::new());
            self.y = TOP;
        }
    }

    pub(super) fn gap(&mut self, height: f32) {
        self.y += height;
    }

    pub(super) fn heading(&mut self, text: &str) {
        self.gap(14.0);
        // Not alone at the foot of a page.
        self.need(HEADING.leading() + 3.0 * BODY.leading());
        self.text(text, HEADING, LEFT, RIGHT);
        self.gap(4.0);
    }

    /// A text over as many lines as it takes.
    pub(super) fn text(&mut self, text: &str, style: Style, left: f32, right: f32) {
        for line in self.faces.lines(text, style, right - left) {
            self.need(style.leading());
            self.set(line, style, left);
        }
    }

    /// One line here, and down to the next.
    fn set(&mut self, text: String, style: Style, x: f32) {
        let y = self.y + style.size;
        self.push(Mark::Text { x, y, style, text });
        self.y += style.leading();
    }

    pub(super) fn paragraph(&mut self, text: &str, style: Style) {
        self.text(text, style, LEFT, RIGHT);
        self.gap(4.0);
    }

    pub(super) fn bullets(&mut self, lines: &[String], style: Style) {
        for line in lines {
            self.need(style.leading());
            let y = self.y + style.size;
            self.push(Mark::Text {
                x: LEFT + 2.0,
                y,
                style,
                text: "•".to_owned(),
            });
            self.text(line, style, LEFT + 12.0, RIGHT);
            self.gap(1.5);
        }
        self.gap(3.0);
    }

    /// A title with lines below it; a word where there are none.
    pub(super) fn list(&mut self, title: &str, lines: &[String], otherwise: &str) {
        self.need(STRONG.leading() + BODY.leading());
        self.text(title, STRONG, LEFT, RIGHT);
        match lines {
            [] => self.paragraph(
                otherwise,
                Style {
                    colour: SOFT,
                    ..BODY
                },
            ),
            lines => self.bullets(lines, BODY),
        }
    }

    /// A name at the left, what it is at the right.
    pub(super) fn pair(&mut self, name: &str, value: &str, from: f32, styles: (Style, Style)) {
        let names = self.faces.lines(name, styles.0, from - LEFT - 8.0);
        let values = self.faces.lines(value, styles.1, RIGHT - from);
        let leading = styles.0.leading().max(styles.1.leading());
        for at in 0..names.len().max(values.len()) {
            self.need(leading);
            let y = self.y + styles.0.size;
            for (x, lines, style) in [(LEFT, &names, styles.0), (from, &values, styles.1)] {
                if let Some(text) = lines.get(at).cloned() {
                    self.push(Mark::Text { x, y, style, text });
                }
            }
            self.y += leading;
        }
        self.gap(1.0);
    }

    /// A command to be pasted, line by line.
    pub(super) fn code(&mut self, text: &str) {
        for line in text.lines() {
            for piece in self.faces.lines(line, CODE, RIGHT - LEFT - 12.0) {
                self.need(CODE.leading());
                let (y, height) = (self.y, CODE.leading());
                self.push(Mark::bar(LEFT, y, RIGHT - LEFT, height, SUNK));
                self.set(piece, CODE, LEFT + 6.0);
            }
        }
        self.gap(4.0);
    }

    pub(super) fn table(&mut self, columns: &[Column], rows: &[Vec<String>]) {
        let style = Style {
            colour: INK,
            ..SMALL
        };
        let all: f32 = columns.iter().map(|one| one.share).sum();
        let mut left = LEFT;
        let places: Vec<(f32, f32)> = columns
            .iter()
            .map(|one| {
                let width = (RIGHT - LEFT) * one.share / all;
                let place = (left, left + width - 8.0);
                left += width;
                place
            })
            .collect();
        let head: Vec<String> = columns.iter().map(|one| one.name.clone()).collect();
        let head_style = Style {
            cut: Cut::Bold,
            ..SMALL
        };
        self.row(columns, &places, &head, head_style);
        for row in rows {
            let page = self.pages.len();
            let height = self.height(&places, row, style);
            self.need(height);
            if self.pages.len() > page {
                self.row(columns, &places, &head, head_style);
            }
            self.row(columns, &places, row, style);
        }
        self.gap(6.0);
    }

    fn height(&self, places: &[(f32, f32)], row: &[String], style: Style) -> f32 {
        let lines = places.iter().zip(row).map(|(place, cell)| {
            let lines = self.faces.lines(cell, style, place.1 - place.0);
            lines.len()
        });
        lines.max().unwrap_or(1) as f32 * style.leading() + 5.0
    }

    fn row(&mut self, columns: &[Column], places: &[(f32, f32)], row: &[String], style: Style) {
        let height = self.height(places, row, style);
        self.need(height);
        let top = self.y + 2.0;
        for ((place, column), cell) in places.iter().zip(columns).zip(row) {
            let lines = self.faces.lines(cell, style, place.1 - place.0);
            for (at, text) in lines.into_iter().enumerate() {
                let y = top + style.size + at as f32 * style.leading();
                let x = match column.right {
                    true => place.1 - self.faces.width(&text, style),
                    false => place.0,
                };
                self.push(Mark::Text { x, y, style, text });
            }
        }
        self.y += height;
        let y = self.y;
        self.push(Mark::line((LEFT, y), (RIGHT, y), Pen::new(LINE, 0.5)));
    }
}
