//! Seconds and joules to the right verdict, false stops and right stops: confirmations and whole sessions, by the
//! rule without a prior (looks from the 5th to the 20th pair, windows of 10 s: as in d273575) and by the rule with
//! one (and windows as long as pays), on the same draws.
//!
//! `--recording FILE` plays on recorded slices (a JSON list of `{"seconds", "joules", "units"}`) by a circular
//! block bootstrap, `--block S` seconds each; else noise is invented. `--sessions N` for the line, `--plays N` for
//! the rest; `--quick` leaves whole sessions out. Seeds from 1,000,001 on are those that docs/figures.md reports; `--choose` takes those from 1 on,
//! which constants are chosen by. `--rule KEY=VALUE,…` tries other constants. `--check` fails on a miss.

#![allow(clippy::expect_used, clippy::print_stdout)] // a panic here is the report

mod certain;
mod simulated;

use certain::{Asked, Setting, bounds, crossings, line, options::Options, power, verdict};
use std::process::ExitCode;

fn main() -> ExitCode {
    let options = Options::of_args();
    let rules = options.rules();
    if let Some(tried) = &rules.with {
        println!("with a prior: {:?}", tried.spending);
    }
    let mut missed = Vec::new();
    for setting in Setting::all(&options) {
        let plan = setting.plan();
        println!("\n{}: {}", setting.name, setting.said(&plan));
        let question = Asked {
            ratio: 0.9,
            percent: 5.0,
        };
        let bound_s = bounds(&plan, question);
        verdict(
            &options,
            &rules,
            &setting,
            &plan,
            question,
            bound_s,
            &mut missed,
        );
        crossings(&options, &rules, &setting, &plan);
        if options.quick {
            continue;
        }
        line(&options, &rules, &setting, &plan, &mut missed);
        power(&options, &rules, &setting, &plan);
    }
    for miss in &missed {
        println!("missed: {miss}");
    }
    match options.check && !missed.is_empty() {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    }
}
