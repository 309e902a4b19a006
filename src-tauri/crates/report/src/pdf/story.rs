//! What the PDF says, in the order of the page: the view laid out on sheets.

use super::charts;
use super::mark::{AMBER, BLUE, Colour, Cut, GREEN, INK, RED, SOFT, Style};
use super::sheet::{BODY, Column, LEFT, RIGHT, SMALL, STRONG, Sheet};
use crate::view::{Best, Gain, Tone, View};

const TITLE: Style = Style {
    cut: Cut::Bold,
    size: 16.0,
    colour: INK,
};
const SAYS: Style = Style {
    cut: Cut::Bold,
    size: 15.0,
    colour: INK,
};
const MUTED: Style = Style {
    colour: SOFT,
    ..BODY
};

pub(super) fn tell(sheet: &mut Sheet, view: &View) {
    head(sheet, view);
    if let Some(gain) = &view.gain {
        in_plain_words(sheet, gain);
    }
    if let Some(best) = &view.best {
        settings(sheet, best);
    }
    certainty(sheet, view);
    charts::all(sheet, view);
    trials(sheet, view);
    pictures(sheet, view);
    confirmations(sheet, view);
    undone(sheet, view);
    cost(sheet, view);
    method(sheet, view);
    provenance(sheet, view);
}

fn tone(tone: Tone) -> Colour {
    match tone {
        Tone::Good => GREEN,
        Tone::Bad => RED,
        Tone::Open => AMBER,
        Tone::Plain => INK,
    }
}

fn estimated(title: &str, estimated: bool) -> String {
    match estimated {
        true => format!("{title} (ESTIMATED)"),
        false => title.to_owned(),
    }
}

fn head(sheet: &mut Sheet, view: &View) {
    sheet.text(
        "Wattsmith report",
        Style {
            cut: Cut::Bold,
            ..SMALL
        },
        LEFT,
        RIGHT,
    );
    sheet.gap(4.0);
    sheet.paragraph(&view.title, TITLE);
    sheet.paragraph(&view.subtitle.join(" · "), SMALL);
    sheet.gap(8.0);
    let label = Style {
        cut: Cut::Bold,
        colour: if view.figures.estimated { BLUE } else { SOFT },
        ..SMALL
    };
    let source = match view.figures.source.as_str() {
        "" => view.figures.label.to_owned(),
        source => format!("{}: {source}", view.figures.label),
    };
    sheet.paragraph(&source, label);
    let says = Style {
        colour: tone(view.certainty.tone),
        ..SAYS
    };
    sheet.paragraph(&view.certainty.headline, says);
    sheet.paragraph(&view.certainty.detail, MUTED);
    sheet.gap(4.0);
    for figure in &view.lead {
        let value = format!("{}  ({})", figure.value, figure.note);
        sheet.pair(&figure.name, &value, LEFT + 110.0, (MUTED, STRONG));
    }
}

fn in_plain_words(sheet: &mut Sheet, gain: &Gain) {
    sheet.heading(&estimated("In plain words", gain.estimated));
    sheet.paragraph(&gain.says, BODY);
    for amount in &gain.amounts {
        let value = Style {
            colour: if amount.saved { tone(gain.tone) } else { INK },
            ..STRONG
        };
        sheet.pair(&amount.name, &amount.value, LEFT + 300.0, (BODY, value));
    }
    if !gain.missing.is_empty() {
        sheet.gap(2.0);
        sheet.paragraph(&gain.missing, SMALL);
    }
    sheet.gap(4.0);
    let nothing = "Nothing: no other settings are recommended.";
    sheet.list("In exchange", &gain.given_up, nothing);
    sheet.list("Certain", &gain.certain, "Nothing yet.");
    sheet.list("Open", &gain.open, "Nothing.");
}

fn settings(sheet: &mut Sheet, best: &Best) {
    sheet.heading(&match best.decided {
        true => format!("Best settings: trial {}", best.number),
        false => format!(
            "Best so far by all trials: trial {}, {}",
            best.number, best.word
        ),
    });
    let changes: Vec<String> = best
        .changes
        .iter()
        .map(|one| {
            let (name, from, to) = (&one.name, &one.from, &one.to);
            format!("{name} {from} → {to}. {}", one.effect)
        })
        .collect();
    sheet.bullets(&changes, BODY);
    if !best.unchanged.is_empty() {
        sheet.paragraph(&format!("As the default: {}.", best.unchanged), SMALL);
    }
    sheet.bullets(&best.notes, SMALL);
    if let Some(command) = &best.command {
        sheet.text("To start it by hand", STRONG, LEFT, RIGHT);
        sheet.code(command);
        if !best.left_out.is_empty() {
            let words = "Left out, since only measuring needs them";
            sheet.paragraph(&format!("{words}: {}.", best.left_out), SMALL);
        }
    }
}

fn certainty(sheet: &mut Sheet, view: &View) {
    let certainty = &view.certainty;
    if certainty.certain.is_empty() && certainty.open.is_empty() && view.figures.notes.is_empty() {
        return;
    }
    sheet.heading("What is certain, and what is not");
    sheet.list("Certain", &certainty.certain, "Nothing yet.");
    sheet.list(
        "Open",
        &certainty.open,
        "Nothing that was tried is left open.",
    );
    sheet.bullets(&view.figures.notes, SMALL);
}

fn trials(sheet: &mut Sheet, view: &View) {
    if view.trials.is_empty() {
        return;
    }
    let figures = &view.figures;
    sheet.heading("Every trial");
    let columns = [
        Column::figure("Trial", 0.6),
        Column::text("Settings changed", 2.6),
        Column::figure(&figures.unit, 1.6),
        Column::figure(figures.rate, 1.0),
        Column::figure(&format!("{}, s, median / 95 %", figures.awaited), 1.4),
        Column::text("Against the default", 2.6),
    ];
    let rows: Vec<Vec<String>> = view
        .trials
        .iter()
        .map(|trial| {
            let settings = match (trial.is_default, trial.changes.is_empty()) {
                (true, _) => "default".to_owned(),
                (false, true) => "as the default".to_owned(),
                (false, false) => trial.changes.join("\n"),
            };
            let verdict = std::iter::once(&trial.verdict.text)
                .chain(std::iter::once(&trial.verdict.more))
                .chain(&trial.notes)
                .filter(|text| !text.is_empty())
                .cloned()
                .collect::<Vec<_>>();
            vec![
                trial.number.to_string(),
                settings,
                trial.figure.clone(),
                trial.speed.clone(),
                trial.first_token.clone(),
                verdict.join("\n"),
            ]
        })
        .collect();
    sheet.table(&columns, &rows);
}

fn pictures(sheet: &mut Sheet, view: &View) {
    let Some(pictures) = &view.pictures else {
        return;
    };
    sheet.heading(&estimated("Pictures", view.figures.estimated));
    sheet.bullets(&pictures.notes, SMALL);
    let columns = [
        Column::figure("Trial", 0.6),
        Column::figure("per step", 1.4),
        Column::figure("per image", 1.4),
        Column::text("Likeness to the default", 3.0),
    ];
    let rows: Vec<Vec<String>> = pictures
        .rows
        .iter()
        .map(|row| {
            vec![
                row.number.to_string(),
                row.per_step.clone(),
                row.per_image.clone(),
                row.likeness.clone(),
            ]
        })
        .collect();
    sheet.table(&columns, &rows);
}

fn confirmations(sheet: &mut Sheet, view: &View) {
    if view.confirmations.is_empty() {
        return;
    }
    sheet.heading("Confirmations");
    let note = "Fresh windows, run in turn. A stated saving comes from these alone.";
    sheet.paragraph(note, SMALL);
    let columns = [
        Column::figure("No.", 0.5),
        Column::figure("Trial", 0.6),
        Column::figure("Settings of the trial", 1.8),
        Column::figure("Default", 1.8),
        Column::figure("Windows", 0.9),
        Column::text("Outcome", 2.6),
    ];
    let rows: Vec<Vec<String>> = view
        .confirmations
        .iter()
        .map(|one| {
            let outcome = [one.verdict.text.as_str(), one.verdict.more.as_str()];
            vec![
                one.number.to_string(),
                one.trial.to_string(),
                one.best.clone(),
                one.default.clone(),
                one.windows.clone(),
                outcome.join("\n").trim_end().to_owned(),
            ]
        })
        .collect();
    sheet.table(&columns, &rows);
}

fn undone(sheet: &mut Sheet, view: &View) {
    if view.undone.is_empty() {
        return;
    }
    sheet.heading("Which change earned it");
    for line in &view.undone {
        sheet.paragraph(line, SMALL);
    }
}

fn cost(sheet: &mut Sheet, view: &View) {
    let Some(cost) = &view.cost else { return };
    sheet.heading(&estimated("What the search cost", cost.estimated));
    let parts: Vec<String> = cost
        .parts
        .iter()
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    sheet.paragraph(
        &format!("In all {}: {}.", cost.total, parts.join(", ")),
        BODY,
    );
    sheet.paragraph(&cost.payback, BODY);
    if let Some(note) = &cost.note {
        sheet.paragraph(note, SMALL);
    }
}

fn method(sheet: &mut Sheet, view: &View) {
    sheet.heading("How it was measured");
    for line in &view.method {
        sheet.paragraph(line, BODY);
    }
    sheet.bullets(&view.constraints, BODY);
}

fn provenance(sheet: &mut Sheet, view: &View) {
    sheet.heading("Where it was measured");
    let all = &view.provenance;
    for fact in all.machine.iter().chain(&all.setup) {
        sheet.pair(fact.name, &fact.value, LEFT + 150.0, (SMALL, SMALL));
    }
    if !all.sensors.is_empty() {
        sheet.gap(6.0);
        sheet.text("Sensors", STRONG, LEFT, RIGHT);
        let columns = [
            Column::text("Sensor", 2.0),
            Column::text("Covers", 1.4),
            Column::figure("Typical error", 0.9),
            Column::text("State", 3.2),
        ];
        let rows: Vec<Vec<String>> = all
            .sensors
            .iter()
            .map(|one| {
                let state = match one.remedy.as_str() {
                    "" => one.status.clone(),
                    remedy => format!("{}\nTo change this: {remedy}", one.status),
                };
                vec![
                    one.name.clone(),
                    one.covers.to_owned(),
                    one.error.clone(),
                    state,
                ]
            })
            .collect();
        sheet.table(&columns, &rows);
    }
    if !view.conversation.is_empty() || view.pictures.is_some() {
        let words = "The conversation with the advisor, and pictures, are in the web page.";
        sheet.paragraph(words, SMALL);
    }
}
