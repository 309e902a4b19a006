//! Writes an invented landscape to standard output, to try `wattsmith-cli study` without an engine:
//! `cargo run -p wattsmith-search --example synthetic -- waiting-line 1 > landscape.json`.

use std::io::Write as _;
use wattsmith_search::synthetic;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let name = words.next().unwrap_or_else(|| "waiting-line".to_owned());
    let seed = words.next().map_or(Ok(1), |seed| seed.parse())?;
    let landscape = match name.as_str() {
        "contrary" => synthetic::contrary(seed),
        "rugged" => synthetic::rugged(seed),
        "in-a-hurry" => synthetic::in_a_hurry(seed),
        _ => synthetic::waiting_line(seed),
    };
    writeln!(std::io::stdout(), "{}", serde_json::to_string(&landscape)?)?;
    Ok(())
}
