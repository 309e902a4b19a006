//! The charts of the page, drawn on the sheet: the same places, scaled.

use super::mark::{
    AMBER, BLUE, Colour, Cut, DIM, GREEN, LINE, Mark, PAPER, Pen, RED, SOFT, SUNK, Step, Style,
};
use super::sheet::{LEFT, RIGHT, SMALL, STRONG, Sheet};
use crate::chart::{EnergyChart, Frame, Kind, Point, SpeedChart, Tick};
use crate::view::{Knob, View};

/// Points of paper to a unit of a chart's view box.
const SCALE: f32 = 0.85;
/// What is written in a chart.
const WORD: Style = Style {
    cut: Cut::Regular,
    size: 7.0,
    colour: SOFT,
};

/// A place on the sheet for one of a chart.
struct Place {
    left: f32,
    top: f32,
}

impl Place {
    fn at(&self, x: f64, y: f64) -> (f32, f32) {
        (self.left + x as f32 * SCALE, self.top + y as f32 * SCALE)
    }
}

/// Where a word stands against its place.
#[derive(Clone, Copy)]
enum Anchor {
    Middle,
    End,
}

pub(super) fn all(sheet: &mut Sheet, view: &View) {
    if let Some(chart) = &view.energy_chart {
        sheet.heading("Energy by trial");
        energy(sheet, chart, &view.figures.unit);
    }
    if let Some(chart) = &view.speed_chart {
        let title = format!("{}, against {}", view.figures.unit, view.figures.rate);
        let note = "Numbers are trials. Down and to the right is better.";
        let place = begin(sheet, &chart.frame, &title, note);
        axes(sheet, &place, &chart.frame, &chart.x_ticks, &chart.y_ticks);
        let middle = (chart.frame.left + chart.frame.right) / 2.0;
        let foot = place.at(middle, chart.frame.height - 4.0);
        word(sheet, foot, view.figures.rate, Anchor::Middle, SOFT);
        speed(sheet, &place, chart);
        sheet.y = place.top + chart.frame.height as f32 * SCALE + 8.0;
    }
    if !view.knobs.is_empty() {
        mattered(sheet, &view.knobs);
    }
}

/// Title and note, with room for the whole chart below.
fn begin(sheet: &mut Sheet, frame: &Frame, title: &str, note: &str) -> Place {
    let height = frame.height as f32 * SCALE;
    sheet.need(height + STRONG.leading() + SMALL.leading() + 10.0);
    sheet.text(title, STRONG, LEFT, RIGHT);
    sheet.text(note, SMALL, LEFT, RIGHT);
    sheet.gap(4.0);
    Place {
        left: LEFT,
        top: sheet.y,
    }
}

fn word(sheet: &mut Sheet, at: (f32, f32), text: &str, anchor: Anchor, colour: Colour) {
    let style = Style { colour, ..WORD };
    let width = sheet.faces.width(text, style);
    let x = match anchor {
        Anchor::Middle => at.0 - width / 2.0,
        Anchor::End => at.0 - width,
    };
    sheet.push(Mark::Text {
        x,
        y: at.1,
        style,
        text: text.to_owned(),
    });
}

fn axes(sheet: &mut Sheet, place: &Place, frame: &Frame, x: &[Tick], y: &[Tick]) {
    for tick in y {
        let ends = (
            place.at(frame.left, tick.at),
            place.at(frame.right, tick.at),
        );
        sheet.push(Mark::line(ends.0, ends.1, Pen::new(LINE, 0.5)));
        let at = place.at(frame.left - 8.0, tick.at + 3.0);
        word(sheet, at, &tick.label, Anchor::End, SOFT);
    }
    for tick in x {
        let at = place.at(tick.at, frame.bottom + 16.0);
        word(sheet, at, &tick.label, Anchor::Middle, SOFT);
    }
}

fn energy(sheet: &mut Sheet, chart: &EnergyChart, unit: &str) {
    let frame = &chart.frame;
    let mut note = "Line: recommended so far. Filled: the best by all trials.".to_owned();
    for (there, words) in [
        (
            chart.cut,
            " What reaches beyond the axis is cut off at its edge.",
        ),
        (
            !chart.changes.is_empty(),
            " Red: the machine changed; what stands before it is not compared.",
        ),
        (!chart.missing.is_empty(), " Cross: failed or not used."),
    ] {
        if there {
            note.push_str(words);
        }
    }
    let title = format!("{unit}, with 95 % intervals");
    let place = begin(sheet, frame, &title, &note);
    axes(sheet, &place, frame, &chart.x_ticks, &chart.y_ticks);
    let middle = place.at((frame.left + frame.right) / 2.0, frame.height - 4.0);
    word(sheet, middle, "trial", Anchor::Middle, SOFT);
    for (level, colour) in [(&chart.default, SOFT), (&chart.goal, AMBER)] {
        let Some(level) = level else { continue };
        let ends = (
            place.at(frame.left, level.y),
            place.at(frame.right, level.y),
        );
        let pen = Pen::new(colour, 1.0).dashed(4.0, 3.0);
        sheet.push(Mark::line(ends.0, ends.1, pen));
        let at = place.at(frame.right, level.label_y);
        word(sheet, at, level.label, Anchor::End, colour);
    }
    let path = steps(&chart.best, &place);
    sheet.push(Mark::Shape {
        path,
        fill: None,
        pen: Some(Pen::new(GREEN, 1.4)),
    });
    for change in &chart.changes {
        let ends = (
            place.at(change.at, frame.top),
            place.at(change.at, frame.bottom),
        );
        let pen = Pen::new(RED, 1.0).dashed(3.0, 3.0);
        sheet.push(Mark::line(ends.0, ends.1, pen));
    }
    for missing in &chart.missing {
        let (x, y) = place.at(missing.at, frame.bottom - 6.0);
        for (from, to) in [((-3.0, -3.0), (3.0, 3.0)), ((-3.0, 3.0), (3.0, -3.0))] {
            let line = ((x + from.0, y + from.1), (x + to.0, y + to.1));
            sheet.push(Mark::line(line.0, line.1, Pen::new(DIM, 1.0)));
        }
    }
    for point in &chart.points {
        let ends = (place.at(point.x, point.low), place.at(point.x, point.high));
        sheet.push(Mark::line(ends.0, ends.1, Pen::new(rim(point.kind), 1.4)));
        dot(sheet, &place, point);
    }
    sheet.y = place.top + frame.height as f32 * SCALE + 8.0;
}

fn speed(sheet: &mut Sheet, place: &Place, chart: &SpeedChart) {
    for point in &chart.points {
        dot(sheet, place, point);
        let at = place.at(point.label_x, point.label_y);
        word(sheet, at, &point.number.to_string(), Anchor::Middle, SOFT);
    }
}

fn rim(kind: Kind) -> Colour {
    match kind {
        Kind::Trial | Kind::Best => BLUE,
        Kind::Default => SOFT,
        Kind::Outside | Kind::Stale => DIM,
    }
}

fn dot(sheet: &mut Sheet, place: &Place, point: &Point) {
    let (x, y) = place.at(point.x, point.y);
    let colour = rim(point.kind);
    let fill = match point.kind {
        Kind::Best => BLUE,
        _ => PAPER,
    };
    let pen = match point.kind {
        Kind::Outside => Pen::new(colour, 1.4).dashed(2.0, 2.0),
        _ => Pen::new(colour, 1.4),
    };
    sheet.push(Mark::dot(x, y, 3.6, fill, pen));
}

/// The line of what was recommended so far: an SVG path of whole moves, across and down.
fn steps(path: &str, place: &Place) -> Vec<Step> {
    let mut steps = Vec::new();
    let (mut x, mut y) = (0.0, 0.0);
    let mut rest = path;
    while let Some(letter) = rest.chars().next() {
        let after = &rest[letter.len_utf8()..];
        let end = after.find(char::is_alphabetic).unwrap_or(after.len());
        let (numbers, next) = after.split_at(end);
        let mut numbers = numbers
            .split_whitespace()
            .filter_map(|one| one.parse::<f64>().ok());
        let step: fn(f32, f32) -> Step = match letter {
            'M' => Step::Move,
            _ => Step::Line,
        };
        match letter {
            'H' => x = numbers.next().unwrap_or(x),
            'V' => y = numbers.next().unwrap_or(y),
            _ => {
                x = numbers.next().unwrap_or(x);
                y = numbers.next().unwrap_or(y);
            }
        }
        let at = place.at(x, y);
        steps.push(step(at.0, at.1));
        rest = next;
    }
    steps
}

fn mattered(sheet: &mut Sheet, knobs: &[Knob]) {
    const BAR: f32 = 180.0;
    sheet.need(STRONG.leading() + 2.0 * SMALL.leading());
    sheet.text("Which setting mattered", STRONG, LEFT, RIGHT);
    for knob in knobs {
        sheet.need(SMALL.leading());
        let y = sheet.y;
        let from = LEFT + 130.0;
        sheet.push(Mark::bar(from, y + 3.5, BAR, 4.0, SUNK));
        let share = BAR * knob.width as f32 / 100.0;
        if share > 0.0 {
            sheet.push(Mark::bar(from, y + 3.5, share, 4.0, GREEN));
        }
        let text = |x: f32, text: &str| Mark::Text {
            x,
            y: y + SMALL.size,
            style: SMALL,
            text: text.to_owned(),
        };
        sheet.push(text(LEFT, &knob.name));
        sheet.push(text(from + BAR + 10.0, &knob.share));
        sheet.y += SMALL.leading();
    }
    sheet.gap(6.0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_so_far_is_the_same_line() {
        let place = Place {
            left: 0.0,
            top: 0.0,
        };
        let drawn = steps("M10 50H30V70H99", &place);
        let ends: Vec<(f32, f32)> = drawn
            .iter()
            .map(|step| match *step {
                Step::Move(x, y) | Step::Line(x, y) => (x / SCALE, y / SCALE),
                _ => (0.0, 0.0),
            })
            .map(|(x, y)| (x.round(), y.round()))
            .collect();
        assert_eq!(
            ends,
            [(10.0, 50.0), (30.0, 50.0), (30.0, 70.0), (99.0, 70.0)]
        );
    }
}
