//! A plug at the wall that answers as it is told to, on a port of its own.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use wattsmith_domain::{MeterRole, MeterUnit, OutsideKind, OutsideMeter, Part, Scope};

/// Ends with its test.
pub struct Plug {
    address: SocketAddr,
    gone: Arc<AtomicBool>,
}

impl Plug {
    /// Tells `watts` and `total` (watt-hours) of the seconds since it was plugged in.
    pub fn new(watts: fn(f64) -> f64, total: fn(f64) -> f64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let gone = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&gone);
        let begun = Instant::now();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if ended.load(Ordering::Relaxed) {
                    return;
                }
                let age = begun.elapsed().as_secs_f64();
                answer(stream, watts(age), total(age));
            }
        });
        Self { address, gone }
    }

    /// The meter that reads it, for the figure.
    pub fn meter(&self) -> OutsideMeter {
        OutsideMeter {
            name: "plug".to_owned(),
            kind: OutsideKind::Shelly2 {
                url: format!("http://{}", self.address),
                part: Part::Only,
            },
            unit: MeterUnit::Watts,
            scope: Scope::Wall,
            error: 0.03,
            role: MeterRole::Main,
            period_s: None,
            averaging_s: None,
            flip: false,
            machine: None,
        }
    }
}

impl Drop for Plug {
    fn drop(&mut self) {
        self.gone.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address);
    }
}

fn answer(mut stream: TcpStream, watts: f64, total: f64) {
    let _ = stream.set_read_timeout(Some(Duration::from_secs(2)));
    let _ = stream.read(&mut [0; 2048]);
    let body =
        format!(r#"{{"id":0,"output":true,"apower":{watts:.1},"aenergy":{{"total":{total:.3}}}}}"#);
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close";
    let length = body.len();
    let _ = write!(stream, "{head}\r\nContent-Length: {length}\r\n\r\n{body}");
}
