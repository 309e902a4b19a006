//! What the load driver loses and costs, beside a bare client that sends the same requests and only reads:
//! on a stand-in with a fixed pace over both protocols, and on the real server, in interleaved pairs.
//!
//! ```text
//! cargo build --release -p wattsmith-engine --example pace
//! cargo run --release -p wattsmith-engine --example driver -- BINARY MODEL [PAIRS]
//! ```
//! With 40 pairs on the real server it takes about ten minutes; on a machine that does nothing else.

#![allow(clippy::unwrap_used, clippy::expect_used)] // an example that cannot go on says so

use nix::sys::resource::{UsageWho, getrusage};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Instant;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use wattsmith_domain::{Configuration, Machine, SystemClock, Value, Workload};
use wattsmith_engine::{
    About, LaunchOptions, RunningEngine, Server, described, drive, launch, prompts_of, shipped,
    workload,
};

/// How one request is written for the bare client.
type Body = fn(&str, &Workload) -> serde_json::Value;

fn completion(prompt: &str, work: &Workload) -> serde_json::Value {
    serde_json::json!({
        "prompt": prompt, "n_predict": work.output_tokens, "temperature": 0, "seed": work.seed,
        "ignore_eos": true, "cache_prompt": false, "stream": true,
    })
}

fn openai(prompt: &str, work: &Workload) -> serde_json::Value {
    serde_json::json!({
        "model": "any", "prompt": prompt, "max_tokens": work.output_tokens, "temperature": 0,
        "seed": work.seed, "ignore_eos": true, "stream": true,
        "stream_options": { "include_usage": true },
    })
}

/// Sends the same work and reads the bytes; tokens per second.
async fn bare(engine: &RunningEngine, work: &Workload, route: &str, body: Body) -> f64 {
    let client = reqwest::Client::builder()
        .no_proxy()
        .http1_only()
        .tcp_nodelay(true)
        .pool_max_idle_per_host(0)
        .build()
        .unwrap();
    let url = format!("{}{route}", engine.base_url());
    let key = engine.api_key().to_owned();
    let bodies: Arc<Vec<String>> = Arc::new(
        prompts_of(work.prompts)
            .iter()
            .map(|one| body(one, work).to_string())
            .collect(),
    );
    let next = Arc::new(AtomicU32::new(0));
    let requests = work.requests * work.passes;
    let begun = Instant::now();
    let mut clients = JoinSet::new();
    for _ in 0..work.concurrency {
        let (client, url, key) = (client.clone(), url.clone(), key.clone());
        let (bodies, next) = (Arc::clone(&bodies), Arc::clone(&next));
        clients.spawn(async move {
            loop {
                let index = next.fetch_add(1, Relaxed);
                if index >= requests {
                    return;
                }
                let body = bodies[index as usize % bodies.len()].clone();
                let sent = client.post(&url).bearer_auth(&key).body(body);
                let sent = sent.header("content-type", "application/json").send();
                let mut answer = sent.await.unwrap().error_for_status().unwrap();
                while answer.chunk().await.unwrap().is_some() {}
            }
        });
    }
    while let Some(done) = clients.join_next().await {
        done.unwrap();
    }
    f64::from(requests * work.output_tokens) / begun.elapsed().as_secs_f64()
}

/// The same by the driver: tokens per second, and its own CPU seconds per 1,000 tokens.
async fn driven(engine: &RunningEngine, work: &Workload) -> (f64, f64) {
    let before = own_cpu_s();
    let cancel = CancellationToken::new();
    let done = drive(engine, work, Arc::new(SystemClock), |_| {}, &cancel).await;
    let done = done.unwrap();
    let cost = (own_cpu_s() - before) / done.units().0 as f64 * 1000.0;
    (done.performance().tokens_per_second, cost)
}

fn own_cpu_s() -> f64 {
    let used = getrusage(UsageWho::RUSAGE_SELF).unwrap();
    let seconds =
        |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
    seconds(used.user_time()) + seconds(used.system_time())
}

async fn pairs(name: &str, engine: RunningEngine, work: &Workload, how: (&str, Body), count: u32) {
    let (route, body) = how;
    bare(&engine, work, route, body).await;
    let (mut ratios, mut costs) = (Vec::new(), Vec::new());
    for pair in 0..count {
        let (ours, theirs);
        if pair % 2 == 0 {
            (ours, theirs) = (
                driven(&engine, work).await,
                bare(&engine, work, route, body).await,
            );
        } else {
            let first = bare(&engine, work, route, body).await;
            (ours, theirs) = (driven(&engine, work).await, first);
        }
        ratios.push((ours.0 / theirs).ln());
        costs.push(ours.1);
    }
    engine.stop().await;
    let n = ratios.len() as f64;
    let mean = ratios.iter().sum::<f64>() / n;
    let variance = ratios.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / (n - 1.0);
    // Student's t for 95 % on both sides, close enough from five pairs on.
    let t = 1.96 + 2.4 / (n - 1.0) + 3.0 / (n - 1.0).powi(2);
    let half = t * (variance / n).sqrt();
    costs.sort_by(f64::total_cmp);
    println!(
        "| {name} | {count} | {:.3} | {:.3} to {:.3} | {:.3} s |",
        mean.exp(),
        (mean - half).exp(),
        (mean + half).exp(),
        costs[costs.len() / 2]
    );
}

fn machine() -> Machine {
    let cores = std::thread::available_parallelism().map_or(1, |n| n.get() as u32);
    Machine {
        os: String::new(),
        kernel: String::new(),
        cpu: String::new(),
        physical_cores: cores,
        logical_cores: cores,
        usable: None,
        memory_bytes: 8 << 30,
        gpus: Vec::new(),
        sensors: Vec::new(),
        virtual_machine: None,
        gpu_controls: Vec::new(),
    }
}

async fn started(
    server: Arc<dyn Server>,
    binary: &Path,
    model: &Path,
    configuration: Configuration,
    state: &Path,
) -> RunningEngine {
    let space = server.space(&About::machine(&machine()));
    let options = LaunchOptions::new(server, binary, model, space, configuration, state);
    launch(options, &CancellationToken::new()).await.unwrap()
}

fn behind_openai(program: &Path, more: &str) -> Arc<dyn Server> {
    let text = format!(
        r#"
[server]
name = "bench"
program = "{}"
fetch = "Build it"
command = ["{{program}}", "--model", "{{model}}", "--port", "{{port}}", "--parallel", "4"{more}]
environment = {{ LLAMA_API_KEY = "{{key}}" }}
model = "gguf"
ready = "/health"
speaks = "completions"
"#,
        program.display()
    );
    described(Path::new("bench.toml"), &text).unwrap()
}

#[tokio::main]
async fn main() {
    let words: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    let [binary, model, ..] = words.as_slice() else {
        println!("usage: driver BINARY MODEL [PAIRS]");
        return;
    };
    let count = words
        .get(2)
        .and_then(|word| word.to_str()?.parse().ok())
        .unwrap_or(40);
    let pace = std::env::current_exe().unwrap().with_file_name("pace");
    assert!(pace.is_file(), "build the example `pace` first");
    let state = std::env::temp_dir().join(format!("wattsmith-driver-{}", std::process::id()));
    let four: Configuration = [("parallel".to_owned(), Value::Int(4))]
        .into_iter()
        .collect();
    let none = Configuration::default;
    println!(
        "| where | pairs | driver ÷ bare client, tokens/s | 95 % | own CPU per 1,000 tokens |"
    );
    println!("|---|---|---|---|---|");
    let paced = workload("paced", 64, 8, 64, 1);
    let own = ("/completion", completion as Body);
    let open = ("/v1/completions", openai as Body);
    let engine = started(shipped(), &pace, model, four.clone(), &state).await;
    pairs("fixed pace, llama.cpp's own", engine, &paced, own, 10).await;
    let engine = started(behind_openai(&pace, ""), &pace, model, none(), &state).await;
    pairs("fixed pace, OpenAI's", engine, &paced, open, 10).await;
    let real = workload("real", 32, 8, 16, 1);
    let engine = started(shipped(), binary, model, four, &state).await;
    pairs("real server, llama.cpp's own", engine, &real, own, count).await;
    let more = r#", "--host", "127.0.0.1", "--ctx-size", "8192", "--no-cache-prompt", "--cache-ram", "0", "--sse-ping-interval", "-1""#;
    let engine = started(behind_openai(binary, more), binary, model, none(), &state).await;
    pairs("real server, OpenAI's", engine, &real, open, count).await;
    let _ = std::fs::remove_dir_all(&state);
}
