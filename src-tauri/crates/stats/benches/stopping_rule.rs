//! False stops, right stops and windows needed by the tuner's stopping rule on simulated sessions,
//! beside a fixed rule of three repeats. `--check` fails where more than 5 % stop wrongly or a clear
//! saving is missed; `--sessions N` sets the number per row.

#![allow(clippy::expect_used)] // a panic here is the report

mod simulated;

use simulated::{BUDGET, tally};
use std::process::ExitCode;

/// Most sessions that may stop wrongly.
const FALSE_STOPS: f64 = 0.05;
/// Least right stops where the noise is small against the 3 % in question.
const RIGHT_STOPS: f64 = 0.8;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().collect();
    let check = args.iter().any(|arg| arg == "--check");
    let sessions = args
        .windows(2)
        .find(|pair| pair[0] == "--sessions")
        .and_then(|pair| pair[1].parse().ok())
        .unwrap_or(1000);
    println!(
        "{sessions} sessions a row: a default and {BUDGET} trials, a goal of 10 % below the default."
    );
    println!(
        "{:>5}  {:<12} | {:>7} {:>7} {:>6} {:>4} {:>6} {:>5} | {:>7} {:>7} {:>6} {:>4}",
        "noise",
        "truth",
        "false",
        "right",
        "mean",
        "p90",
        "fresh",
        "conf",
        "false",
        "right",
        "mean",
        "p90"
    );
    let mut missed = Vec::new();
    for noise in [0.02, 0.06, 0.12] {
        for (truth, factor) in [
            ("on the line", 1.0),
            ("3 % above", 1.03),
            ("3 % below", 0.97),
        ] {
            let (tuned, fixed) = tally(noise, 0.9 * factor, sessions);
            println!(
                "{:>4.0}%  {truth:<12} | {:>6.1}% {:>6.1}% {:>6.1} {:>4} {:>6.1} {:>5.2} | {:>6.1}% \
                 {:>6.1}% {:>6.1} {:>4}",
                noise * 100.0,
                tuned.false_stops * 100.0,
                tuned.right_stops * 100.0,
                tuned.mean,
                tuned.p90,
                tuned.fresh,
                tuned.confirmations,
                fixed.false_stops * 100.0,
                fixed.right_stops * 100.0,
                fixed.mean,
                fixed.p90,
            );
            if tuned.false_stops > FALSE_STOPS {
                missed.push(format!("more than 5 % false stops: {noise} {truth}"));
            }
            if noise <= 0.02 && factor < 1.0 && tuned.right_stops < RIGHT_STOPS {
                missed.push(format!("fewer than 80 % right stops: {noise} {truth}"));
            }
        }
    }
    println!("left: the tuner's rule; right: three repeats each, a mean below the line stops.");
    for miss in &missed {
        println!("missed: {miss}");
    }
    match check && !missed.is_empty() {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    }
}
