//! The short version.

use crate::view::View;
use std::fmt::Write as _;

/// The view as Markdown, text of others escaped.
pub(crate) fn text(view: &View) -> String {
    let mut out = String::new();
    let w = &mut out;
    heading(w, view);
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
    let _ = writeln!(w, "\n### Cost of the search\n");
    let parts: Vec<String> = view
        .cost
        .parts
        .iter()
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    let _ = writeln!(
        w,
        "{} ({}). {}",
        view.cost.total,
        parts.join(", "),
        view.cost.payback
    );
    out
}

fn heading(w: &mut String, view: &View) {
    let _ = writeln!(w, "## {}\n", escape(&view.title));
    let _ = writeln!(w, "{}\n", escape(&view.subtitle.join(" · ")));
    let _ = writeln!(
        w,
        "**{}** {} ({})",
        escape(&view.certainty.headline),
        escape(&view.certainty.detail),
        view.figures.label
    );
}

fn best(w: &mut String, view: &View) {
    let Some(best) = &view.best else { return };
    let title = if best.decided {
        "Best settings"
    } else {
        "Lowest figure so far, not decided"
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
        "\n### Trials\n\n| # | settings | {} | tokens/s | verdict |\n|---:|---|---:|---:|---|",
        view.figures.unit
    );
    for trial in &view.trials {
        let settings = match (trial.is_default, trial.changes.is_empty()) {
            (true, _) => "default".to_owned(),
            (false, true) => "as the default".to_owned(),
            (false, false) => trial.changes.join(", "),
        };
        let _ = writeln!(
            w,
            "| {} | {} | {} | {} | {} |",
            trial.number,
            escape(&settings),
            trial.figure,
            trial.speed,
            escape(&trial.verdict.text)
        );
    }
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
