//! Drives one workload through llama-server and tells what it took: the window's length, the speed,
//! and what the driver itself cost. Settings are written `name=value`:
//! `cargo run --release -p wattsmith-engine --example drive -- BINARY MODEL chat threads=2 parallel=4`

use nix::sys::resource::{UsageWho, getrusage};
use std::path::PathBuf;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use wattsmith_domain::{Configuration, Machine, SystemClock, Value};
use wattsmith_engine::{About, LaunchOptions, drive, launch, shipped, warm_up, workloads};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = std::env::args().skip(1);
    let usage = "usage: drive BINARY MODEL WORKLOAD [name=value …]";
    let binary = PathBuf::from(words.next().ok_or(usage)?);
    let model = PathBuf::from(words.next().ok_or(usage)?);
    let name = words.next().ok_or(usage)?;
    let work = workloads()
        .into_iter()
        .find(|work| work.name == name)
        .ok_or("no such workload")?;
    let mut configuration = Configuration::default();
    for word in words {
        let (name, value) = word.split_once('=').ok_or(usage)?;
        configuration.set(name, Value::Choice(value.to_owned()));
    }
    let cores = u32::try_from(std::thread::available_parallelism()?.get())?;
    let machine = Machine {
        os: String::new(),
        kernel: String::new(),
        cpu: String::new(),
        physical_cores: cores,
        logical_cores: cores,
        usable: None,
        memory_bytes: 0,
        gpus: Vec::new(),
        sensors: Vec::new(),
        virtual_machine: None,
        gpu_controls: Vec::new(),
    };
    let state = std::env::temp_dir().join(format!("drive-{}", std::process::id()));
    let cancel = CancellationToken::new();
    let server = shipped();
    let space = server.space(&About::machine(&machine));
    let options = LaunchOptions::new(server, binary, model, space, configuration, &state);
    let engine = launch(options, &cancel).await?;
    println!("{}", engine.launch().argv.join(" "));
    println!(
        "{}, ready after {:.2}, differences {:?}",
        engine.launch().engine_version,
        engine.load(),
        engine.launch().differences
    );
    let clock = Arc::new(SystemClock);
    let warm = warm_up(&engine, &work, clock.clone(), &cancel).await?;
    let before = own_cpu()?;
    let driven = drive(&engine, &work, clock, |_| {}, &cancel).await?;
    let cpu = own_cpu()? - before;
    engine.stop().await;
    let tokens = driven.units().0;
    let speed = driven.performance();
    println!(
        "warm-up {warm:.2}, window {:.2}, {tokens} tokens, {:.1} tokens/s, {} prompt tokens, \
         first token p50 {:.2} s p95 {:.2} s, per token p50 {:.1} ms, prefill {:.1} s, decode {:.1} s",
        driven.ended.since(driven.started),
        speed.tokens_per_second,
        speed.prompt_tokens.0,
        speed.time_to_first_token_s.p50,
        speed.time_to_first_token_s.p95,
        speed.time_per_output_token_s.p50 * 1e3,
        speed.prefill_s.unwrap_or_default(),
        speed.decode_s.unwrap_or_default(),
    );
    println!(
        "driver {cpu:.3} CPU s, {:.3} CPU s per 1000 tokens; steady {:?}",
        cpu * 1e3 / tokens as f64,
        driven
            .steady_window(1)
            .map(|(from, to, tokens)| tokens as f64 / to.since(from).0)
    );
    std::fs::remove_dir_all(state)?;
    Ok(())
}

/// CPU seconds of this process so far.
fn own_cpu() -> nix::Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    let seconds =
        |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    Ok(seconds(usage.user_time()) + seconds(usage.system_time()))
}
