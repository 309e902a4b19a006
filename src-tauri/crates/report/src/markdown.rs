//! The short version.

use crate::format::GAP;
use crate::view::View;
use std::fmt::Write as _;

/// The view as Markdown, text of others escaped.
pub(crate) fn text(view: &View) -> String {
    let mut out = String::new();
    let w = &mut out;
    heading(w, view);
    gain(w, view);
    best(w, view);
    for (title, lines) in [
        ("Certain", &view.certainty.certain),
        ("Open", &view.certainty.open),
        ("How to read the figures", &view.figures.notes),
    ] {
        if !lines.is_empty() {
            let _ = writeln!(w, "\n### {title}\n");
            for line in lines {
                let _ = writeln!(w, "- {}", escape(line));
            }
        }
    }
    trials(w, view);
    faults(w, view);
    undone(w, view);
    cost(w, view);
    out.replace(GAP, " ")
}

fn heading(w: &mut String, view: &View) {
    let _ = writeln!(w, "## {}\n", escape(&view.title));
    let _ = writeln!(w, "{}\n", escape(&view.subtitle.join(" · ")));
    let _ = writeln!(
        w,
        "**{}** {}",
        escape(&view.certainty.headline),
        escape(&view.certainty.detail)
    );
    if !view.figures.source.is_empty() {
        let _ = writeln!(w, "\n{}: {}", view.figures.label, view.figures.source);
    }
    if !view.lead.is_empty() {
        let _ = writeln!(w);
    }
    for figure in &view.lead {
        let note = &figure.note;
        let _ = writeln!(w, "- {}: **{}** ({note})", figure.name, figure.value);
    }
}

/// The first section: for a reader who measures nothing.
fn gain(w: &mut String, view: &View) {
    let Some(gain) = &view.gain else { return };
    let title = if gain.estimated { ", ESTIMATED" } else { "" };
    let _ = writeln!(w, "\n### In plain words{title}\n\n{}\n", escape(&gain.says));
    for amount in &gain.amounts {
        let _ = writeln!(
            w,
            "- {}: **{}**",
            escape(&amount.name),
            escape(&amount.value)
        );
    }
    for (title, lines) in [
        ("In exchange", &gain.given_up),
        ("Certain", &gain.certain),
        ("Open", &gain.open),
    ] {
        for line in lines {
            let _ = writeln!(w, "- {title}: {}", escape(line));
        }
    }
    if !gain.missing.is_empty() {
        let _ = writeln!(w, "\n{}", escape(&gain.missing));
    }
}

fn best(w: &mut String, view: &View) {
    let Some(best) = &view.best else { return };
    let title = match best.decided {
        true => "Best settings".to_owned(),
        false => format!("Best so far by all trials, {}", best.word),
    };
    let _ = writeln!(w, "\n### {title}: trial {}\n", best.number);
    for change in &best.changes {
        let _ = writeln!(
            w,
            "- {} {} → **{}**",
            escape(&change.name),
            escape(&change.from),
            escape(&change.to)
        );
    }
    for note in &best.notes {
        let _ = writeln!(w, "- {}", escape(note));
    }
    if let Some(command) = &best.command {
        // A fence longer than any run of backticks inside it.
        let fence = "`".repeat(longest_run(command).max(2) + 1);
        let _ = writeln!(w, "\n{fence}sh\n{command}\n{fence}");
    }
}

fn trials(w: &mut String, view: &View) {
    if view.trials.is_empty() {
        return;
    }
    let _ = writeln!(
        w,
        "\n### Trials\n\n| # | settings | {} | {} | verdict |\n|---:|---|---:|---:|---|",
        view.figures.unit, view.figures.rate
    );
    for trial in &view.trials {
        let settings = match (trial.is_default, trial.changes.is_empty()) {
            (true, _) => "default".to_owned(),
            (false, true) => "as the default".to_owned(),
            (false, false) => trial.changes.join(", "),
        };
        let verdict = match trial.verdict.more.as_str() {
            "" => trial.verdict.text.clone(),
            more => format!("{}, {more}", trial.verdict.text),
        };
        let verdict = match trial.notes.first() {
            Some(note) => format!("{verdict}. {note}"),
            None => verdict,
        };
        let _ = writeln!(
            w,
            "| {} | {} | {} | {} | {} |",
            trial.number,
            escape(&settings),
            trial.figure,
            trial.speed,
            escape(&verdict)
        );
    }
}

/// What the warning holds that others may have measured meanwhile.
const OVERRIDDEN: &str = "Exclusion overridden";

/// The table has room for one note a trial; what is wrong with a sensor is never left out.
fn faults(w: &mut String, view: &View) {
    let mut told: Vec<&String> = Vec::new();
    for fault in view.trials.iter().flat_map(|trial| &trial.faults) {
        if !told.contains(&fault) {
            told.push(fault);
        }
    }
    let noted = view.trials.iter().flat_map(|trial| &trial.notes);
    let overridden = noted.clone().find(|note| note.contains(OVERRIDDEN));
    if let Some(overridden) = overridden {
        let _ = writeln!(w, "\n**{}**", escape(overridden));
    }
    if !told.is_empty() {
        let _ = writeln!(w, "\n### Sensors in doubt\n");
    }
    for fault in told {
        let _ = writeln!(w, "- {}", escape(fault));
    }
}

fn undone(w: &mut String, view: &View) {
    if view.undone.is_empty() {
        return;
    }
    let _ = writeln!(w, "\n### Which change earned it\n");
    for line in &view.undone {
        let _ = writeln!(w, "- {}", escape(line));
    }
}

fn cost(w: &mut String, view: &View) {
    let Some(cost) = &view.cost else { return };
    let parts: Vec<String> = cost
        .parts
        .iter()
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    let _ = writeln!(
        w,
        "\n### Cost of the search{}\n\n{} ({}). {}",
        if cost.estimated { ", ESTIMATED" } else { "" },
        cost.total,
        parts.join(", "),
        cost.payback
    );
}

/// Text that Markdown and the HTML within it leave alone, on one line.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\n' | '\r' => out.push(' '),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '!' => {
                out.push('\\');
                out.push(letter);
            }
            _ => out.push(letter),
        }
    }
    out
}

fn longest_run(text: &str) -> usize {
    text.split(|letter| letter != '`')
        .map(str::len)
        .max()
        .unwrap_or(0)
}
