//! What the machine may use, through the binary: an affinity mask, and neighbours on the same cores.

use crate::call::{Home, code, err, lines, machine, model, out, run};
use std::process::{Child, Command, Stdio};

/// A core on which this process may run.
fn own_core() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let list = status
        .lines()
        .find_map(|line| line.strip_prefix("Cpus_allowed_list:"))
        .unwrap();
    let first = list.trim().split([',', '-']).next().unwrap();
    first.to_owned()
}

/// The same command on one core alone.
fn on_one_core(command: &Command) -> Command {
    let mut held = Command::new("taskset");
    held.arg("-c").arg(own_core());
    held.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => held.env(name, value),
            None => held.env_remove(name),
        };
    }
    held
}

#[test]
fn a_process_that_may_run_on_one_core_offers_one_thread() {
    let _machine = machine();
    let home = Home::new();
    let doctor = lines(&run(on_one_core(&home.command("doctor --json"))));
    let cores = &doctor[0]["cores"];
    assert_eq!(
        (&cores["usable"], &cores["threads"]),
        (&1.into(), &1.into()),
        "{cores}"
    );
    let there = std::thread::available_parallelism().unwrap().get();
    if there > 1 {
        assert!(cores["present"].as_u64().unwrap() > 1, "{cores}");
        assert_eq!(cores["why"][0]["kind"], "affinity");
        let ids = doctor[0]["findings"].to_string();
        assert!(ids.contains("cores-limited"), "{ids}");
    }

    let mut asked = home.command("trial --quick --json --repeats 1 --set threads=2 --model");
    asked.arg(model());
    let refused = run(on_one_core(&asked));
    assert_eq!(code(&refused), 2, "{}", out(&refused));
    let words = err(&refused);
    assert!(words.contains("threads cannot be 2"), "{words}");
    assert!(there == 1 || words.contains("affinity mask"), "{words}");

    let mut trial = home.command(
        "trial --quick --json --repeats 1 --requests 4 --concurrency 2 --output-tokens 4 \
         --set context-per-slot=512 --model",
    );
    trial.arg(model());
    let measured = lines(&run(on_one_core(&trial)));
    let last = measured.last().unwrap();
    let argv: Vec<&str> = last["launch"]["argv"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|word| word.as_str())
        .collect();
    for flag in ["--threads", "--threads-batch"] {
        let at = argv.iter().position(|word| *word == flag).unwrap();
        assert_eq!(argv[at + 1], "1", "{argv:?}");
    }
    if there > 1 {
        let cpu = &last["repeats"][0]["cpu"];
        assert_eq!(cpu["allowed"]["cores"], 1.0, "{cpu}");
        assert!(cpu["cores"].as_u64().unwrap() > 1);
    }
}

/// Programs that keep every core busy until they are dropped.
struct Neighbours(Vec<Child>);

impl Neighbours {
    fn begin() -> Self {
        let cores = std::thread::available_parallelism().unwrap().get();
        let burn = || {
            Command::new("sh")
                .args(["-c", "while :; do :; done"])
                .stdout(Stdio::null())
                .spawn()
                .unwrap()
        };
        Self((0..cores).map(|_| burn()).collect())
    }
}

impl Drop for Neighbours {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

#[test]
fn an_estimate_beside_busy_neighbours_ends_without_a_figure_and_says_what_to_do() {
    let _machine = machine();
    let home = Home::new();
    // Sensors of the machine at hand would measure.
    let source = &lines(&run(home.command("doctor --json")))[0]["source"];
    if source != "estimate" {
        return;
    }
    let mut command = home.tiny("trial --quick --json --repeats 1");
    command.env("WATTSMITH_BUSY_LIMIT", "0");
    let neighbours = Neighbours::begin();
    let ended = run(command);
    drop(neighbours);
    assert_eq!(code(&ended), 1, "{}", out(&ended));
    let words = err(&ended);
    assert!(
        words.contains("Too busy to estimate: other programs used"),
        "{words}"
    );
    assert!(words.contains("close other programs"), "{words}");
    let last = out(&ended).lines().last().unwrap().to_owned();
    assert!(last.contains("\"state\":\"too-busy\""), "{last}");
    assert!(!out(&ended).contains("joules_per_token"), "{}", out(&ended));
    assert_eq!(home.engines(), Vec::<u32>::new());
}
