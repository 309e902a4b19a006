//! How far reported joules lie from the truth, and whether the stated interval is honest.
//!
//!     cargo bench -p wattsmith-meter --bench energy_accuracy [-- OPTIONS]
//!       --runs N       seeded runs per stratum (1000)
//!       --seed N       other draws than those of the published table (0)
//!       --only TEXT    strata whose sensor or load has TEXT in its name
//!       --real-time    20 windows of 12 s against the machine's own clock as well
//!       --check        exit code 1 where a promise is not kept
//!
//! The gain error of each run is drawn evenly from what the meter states (±5 %; ±13 % for averaged
//! power). "window" is the error without that gain. Everything but `--real-time` is deterministic.

mod loads;
mod naive;
mod player;
mod random;
mod real_time;
mod sensors;
mod stratum;

use loads::Load;
use player::Player;
use sensors::Sensor;
use std::process::ExitCode;
use stratum::Stratum;

struct Options {
    runs: usize,
    seed: u64,
    only: String,
    real_time: bool,
    check: bool,
}

fn main() -> anyhow::Result<ExitCode> {
    let options = options()?;
    println!(
        "{} runs per stratum; per cent; n15, n100, avg: naive pollers' RMSE\n",
        options.runs
    );
    println!(
        "{:<22} {:<27} {:>7} {:>7} {:>7} | {:>6} {:>6} {:>6} | {:>6} {:>6} {:>6} {:>6} {:>6}",
        "sensor",
        "load",
        "window",
        "p95",
        "max",
        "n15",
        "n100",
        "avg",
        "stated",
        "cover",
        "half",
        "RMSE",
        "ratio"
    );
    let mut missed = 0;
    for sensor in Sensor::ALL {
        let wanted: Vec<Load> = Load::ALL
            .into_iter()
            .filter(|load| {
                sensor.name.contains(&options.only) || load.name().contains(&options.only)
            })
            .collect();
        if wanted.is_empty() {
            continue;
        }
        let player = Player::new(sensor)?;
        for load in wanted {
            let stratum = Stratum::run(&player, sensor, load, options.runs, options.seed)?;
            missed += usize::from(!print(&stratum));
        }
    }
    if options.real_time {
        missed += usize::from(!real_time::run()?);
    }
    println!("\n{missed} strata miss what is promised");
    Ok(if options.check && missed > 0 {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// Whether all is kept.
fn print(stratum: &Stratum) -> bool {
    let [rms, p95, max] = stratum.window.map(|error| error * 100.0);
    let [n15, n100, averaged] = stratum.naive.map(|error| error * 100.0);
    let misses = stratum.misses();
    println!(
        "{:<22} {:<27} {rms:>7.3} {p95:>7.3} {max:>7.3} | {n15:>6.1} {n100:>6.2} {averaged:>6.2} | \
         {:>6.3} {:>6.1} {:>6.2} {:>6.2} {:>6.2} {}",
        stratum.sensor.name,
        stratum.load.name(),
        stratum.stated * 100.0,
        stratum.coverage * 100.0,
        stratum.half_width * 100.0,
        stratum.rmse * 100.0,
        stratum.width(),
        if misses.is_empty() {
            "kept".to_owned()
        } else {
            format!("MISSED: {}", misses.join(", "))
        }
    );
    misses.is_empty()
}

fn options() -> anyhow::Result<Options> {
    let mut options = Options {
        runs: 1000,
        seed: 0,
        only: String::new(),
        real_time: false,
        check: false,
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--runs" => options.runs = words.next().unwrap_or_default().parse()?,
            "--seed" => options.seed = words.next().unwrap_or_default().parse()?,
            "--only" => options.only = words.next().unwrap_or_default(),
            "--real-time" => options.real_time = true,
            "--check" => options.check = true,
            // What `cargo bench` itself adds.
            "--bench" => {}
            other => anyhow::bail!("{other} is not an option"),
        }
    }
    anyhow::ensure!(options.runs > 0, "--runs needs at least 1");
    Ok(options)
}
