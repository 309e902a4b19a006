//! What a page is made of, in points from its upper left corner. Laying out needs no more than this; only
//! `paint` knows how a PDF says it.

/// Width and height of A4.
pub(super) const PAGE: (f32, f32) = (595.0, 842.0);

/// Red, green, blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Colour(pub u8, pub u8, pub u8);

pub(super) const INK: Colour = Colour(0x1d, 0x1b, 0x18);
pub(super) const SOFT: Colour = Colour(0x4a, 0x46, 0x40);
pub(super) const DIM: Colour = Colour(0x66, 0x60, 0x58);
pub(super) const LINE: Colour = Colour(0xd5, 0xd0, 0xc8);
pub(super) const SUNK: Colour = Colour(0xf4, 0xf2, 0xee);
pub(super) const PAPER: Colour = Colour(0xff, 0xff, 0xff);
pub(super) const BLUE: Colour = Colour(0x0b, 0x6a, 0xa8);
pub(super) const GREEN: Colour = Colour(0x00, 0x69, 0x4f);
pub(super) const AMBER: Colour = Colour(0x7a, 0x4a, 0x00);
pub(super) const RED: Colour = Colour(0x9c, 0x36, 0x12);

/// Which face a text is set in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    Regular,
    Bold,
    Mono,
}

/// How a text is set.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    pub cut: Cut,
    /// Points.
    pub size: f32,
    pub colour: Colour,
}

impl Style {
    /// From one line's foot to the next.
    pub(super) fn leading(self) -> f32 {
        self.size * 1.4
    }
}

/// A step of a path.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    Move(f32, f32),
    Line(f32, f32),
    /// Both handles, then the end.
    Curve([f32; 6]),
    Close,
}

/// How a path is drawn along.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pen {
    pub colour: Colour,
    pub width: f32,
    /// Lengths of dash and gap; none for a whole line.
    pub dash: Option<(f32, f32)>,
}

impl Pen {
    pub(super) fn new(colour: Colour, width: f32) -> Self {
        Self {
            colour,
            width,
            dash: None,
        }
    }

    pub(super) fn dashed(self, dash: f32, gap: f32) -> Self {
        Self {
            dash: Some((dash, gap)),
            ..self
        }
    }
}

/// One thing on a page.
#[derive(Debug, Clone)]
pub(super) enum Mark {
    /// A line of text, from the left end of its foot.
    Text {
        x: f32,
        y: f32,
        style: Style,
        text: String,
    },
    /// A path, filled, drawn along, or both.
    Shape {
        path: Vec<Step>,
        fill: Option<Colour>,
        pen: Option<Pen>,
    },
}

impl Mark {
    pub(super) fn bar(x: f32, y: f32, width: f32, height: f32, fill: Colour) -> Self {
        Self::Shape {
            path: vec![
                Step::Move(x, y),
                Step::Line(x + width, y),
                Step::Line(x + width, y + height),
                Step::Line(x, y + height),
                Step::Close,
            ],
            fill: Some(fill),
            pen: None,
        }
    }

    pub(super) fn line(from: (f32, f32), to: (f32, f32), pen: Pen) -> Self {
        Self::Shape {
            path: vec![Step::Move(from.0, from.1), Step::Line(to.0, to.1)],
            fill: None,
            pen: Some(pen),
        }
    }

    pub(super) fn dot(x: f32, y: f32, radius: f32, fill: Colour, pen: Pen) -> Self {
        // A quarter of a circle as a Bézier curve is off by less than 0.03 % with these handles.
        let (r, h) = (radius, radius * 0.552_285);
        Self::Shape {
            path: vec![
                Step::Move(x + r, y),
                Step::Curve([x + r, y + h, x + h, y + r, x, y + r]),
                Step::Curve([x - h, y + r, x - r, y + h, x - r, y]),
                Step::Curve([x - r, y - h, x - h, y - r, x, y - r]),
                Step::Curve([x + h, y - r, x + r, y - h, x + r, y]),
                Step::Close,
            ],
            fill: Some(fill),
            pen: Some(pen),
        }
    }
}
