//! The page about it.

use super::{Findings, Options, Row};
use std::fmt::Write;

/// Beyond it counter and integral contradict each other.
const MOST_APART: f64 = 0.05;

pub fn write(options: &Options, findings: &Findings) -> String {
    let mut page = String::from("# The meter held against a GPU\n\n");
    let _ = writeln!(
        page,
        "Written by `scripts/validate-gpu`. {}\n",
        options.about
    );
    if let Some(library) = &options.library {
        let name = library.file_name().unwrap_or_default().to_string_lossy();
        let _ = writeln!(
            page,
            "**This is not a GPU**: the figures come from another library than the driver's own \
             (`{name}`).\n"
        );
    }
    boards(&mut page, findings);
    values(&mut page, findings);
    phases(&mut page, options, findings);
    page
}

fn boards(page: &mut String, findings: &Findings) {
    let _ = writeln!(page, "Driver {}\n", findings.driver);
    page.push_str("| | board | UUID | architecture | power limit |\n|---|---|---|---|---|\n");
    for (index, board) in findings.boards.iter().enumerate() {
        let limit = board
            .limit_w
            .map_or_else(|| "not told".to_owned(), |watts| format!("{watts:.0} W"));
        let _ = writeln!(
            page,
            "| GPU {index} | {} | {} | {} | {limit} |",
            board.name, board.uuid, board.architecture
        );
    }
}

fn values(page: &mut String, findings: &Findings) {
    page.push_str(
        "\n## How often values change, and what a reading costs\n\n\
         Readings of each value, 2 ms apart, on a board that was left alone.\n\n\
         | | value | changes every | smallest change | one call, median | slowest of 100 |\n\
         |---|---|---|---|---|---|\n",
    );
    for (index, board) in findings.boards.iter().enumerate() {
        for (name, polled) in &board.values {
            let _ = match &polled.result {
                Err(why) => writeln!(page, "| GPU {index} | {name} | – | – | {why} | – |"),
                Ok(seen) => writeln!(
                    page,
                    "| GPU {index} | {name} | {} | {} | {:.0} µs | {:.0} µs |",
                    told(seen.period_ms, "ms", 1),
                    told(
                        seen.step,
                        if *name == "energy counter" { "J" } else { "W" },
                        3
                    ),
                    seen.cost_us.0,
                    seen.cost_us.1,
                ),
            };
        }
    }
}

fn phases(page: &mut String, options: &Options, findings: &Findings) {
    let _ = writeln!(
        page,
        "\n## Counter, integral and nvidia-smi\n\n\
         Phases of {:.0} s. Ours is what Wattsmith would report; the integral is that of the power it \
         reads beside the counter; nvidia-smi is the mean of its `power.draw`, ten times a second.\n",
        options.seconds
    );
    match &options.load {
        Some(command) => {
            let _ = writeln!(page, "Load: `{command}`\n");
        }
        None => page.push_str("No load was given, so the board was measured idle only.\n\n"),
    }
    page.push_str(
        "| phase | | ours | mean | source | integral off ours | nvidia-smi | ours off nvidia-smi |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    for row in &findings.rows {
        page.push_str(&phase(row));
    }
    let apart = findings.rows.iter().filter(|row| {
        let off = integral_off(row);
        off.is_some_and(|off| off.abs() > MOST_APART)
    });
    let apart = apart.count();
    let _ = writeln!(
        page,
        "\nCounter and integral are more than 5 % apart in {apart} of {} rows.",
        findings.rows.len()
    );
    if !findings.warnings.is_empty() {
        page.push_str("\nWarnings that came with these windows:\n\n");
        for warning in &findings.warnings {
            let _ = writeln!(page, "- {warning}");
        }
    }
}

fn integral_off(row: &Row) -> Option<f64> {
    Some(row.integral? / row.ours.as_ref().ok()? - 1.0)
}

fn phase(row: &Row) -> String {
    let joules = match &row.ours {
        Ok(joules) => *joules,
        Err(why) => return format!("| {} | {} | {why} | | | | | |\n", row.phase, row.board),
    };
    let mean = joules / row.seconds;
    let per_cent = |off: Option<f64>| told(off.map(|off| off * 100.0), "%", 2);
    format!(
        "| {} | {} | {joules:.1} J | {mean:.2} W | {} | {} | {} | {} |\n",
        row.phase,
        row.board,
        row.source,
        per_cent(integral_off(row)),
        told(row.nvidia_smi_w, "W", 2),
        per_cent(row.nvidia_smi_w.map(|watts| mean / watts - 1.0)),
    )
}

fn told(value: Option<f64>, unit: &str, digits: usize) -> String {
    value.map_or_else(
        || "–".to_owned(),
        |value| format!("{value:.digits$} {unit}"),
    )
}
