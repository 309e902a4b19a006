//! What `scripts/validate-gpu` runs, on a stand-in for a GPU and one for `nvidia-smi`.

// The example's own code; its command line is not part of the test.
#[allow(dead_code)]
#[path = "../../examples/validate-gpu/validation/mod.rs"]
mod validation;

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;
use validation::{Options, validate};
use wattsmith_testkit::fake_nvml::FakeNvml;

const BOARDS: &str = "devices 2\n\
    name 0 Scripted H100\nuuid 0 GPU-aa\npower 0 bursty 180 220 5 5 3\ncounter 0 ticks 20\n\
    name 1 Scripted T4\nuuid 1 GPU-bb\narch 1 turing\npower 1 60\ninstant 1 gain 1.2\n";

#[test]
fn the_page_tells_periods_costs_and_how_far_counter_integral_and_nvidia_smi_agree() {
    let driver = FakeNvml::new(BOARDS).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let nvidia_smi = folder.path().join("fake-nvidia-smi");
    // Tells 200 W and 60 W until it is ended.
    let text = "#!/bin/sh\nwhile :; do echo '0, 200.00'; echo '1, 60.00'; sleep 0.1; done\n";
    std::fs::write(&nvidia_smi, text).unwrap();
    std::fs::set_permissions(&nvidia_smi, std::fs::Permissions::from_mode(0o755)).unwrap();
    let page = validate(&Options {
        library: Some(driver.library()),
        nvidia_smi,
        load: None,
        seconds: 1.5,
        samples: 100,
        about: "In a test.".to_owned(),
        ..Options::default()
    })
    .unwrap();
    assert!(page.contains("**This is not a GPU**"), "{page}");
    assert!(
        page.contains(
            "| GPU 0 | Scripted H100 | GPU-aa | Hopper, compute capability 9.0 | 350 W |"
        )
    );
    let cells = |begin: &str| -> Vec<String> {
        let line = page.lines().find(|line| line.starts_with(begin));
        let line = line.unwrap_or_else(|| panic!("{begin} is not in {page}"));
        line.split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    let number = |cell: &str| -> f64 { cell.split(' ').next().unwrap().parse().unwrap() };
    // The counter moves every 20 ms, more on a busy machine.
    let counter = cells("| GPU 0 | energy counter |");
    assert!((15.0..100.0).contains(&number(&counter[3])), "{counter:?}");
    assert!(number(&counter[5]) >= 0.0, "{counter:?}");
    // A field that the older board has not.
    let averaged = cells("| GPU 1 | averaged power (field 185) |");
    assert!(averaged[5].contains("not available"), "{averaged:?}");
    let busy = cells("| idle | GPU 0 |");
    assert!((180.0..220.0).contains(&number(&busy[4])), "{busy:?}");
    assert_eq!(busy[5], "nvml-counter");
    assert_eq!(number(&busy[7]), 200.0);
    assert!(number(&busy[8]).abs() < 10.0, "{busy:?}");
    let off = cells("| idle | GPU 1 |");
    assert!((15.0..25.0).contains(&number(&off[6])), "{off:?}");
    // The honest board may be told apart by a pause of a busy machine too; then the page says so.
    let rows = [&busy, &off];
    let apart = rows.iter().filter(|row| number(&row[6]).abs() > 5.0);
    let apart = format!("more than 5 % apart in {} of 2 rows", apart.count());
    assert!(page.contains(&apart), "{page}");
    assert!(page.contains("No load was given"), "{page}");
}

#[test]
fn without_a_gpu_there_is_no_page() {
    let driver = FakeNvml::new("devices 0").unwrap();
    let refused = validate(&Options {
        library: Some(driver.library()),
        ..Options::default()
    });
    assert!(refused.unwrap_err().contains("sees no GPU"));
}

#[test]
fn a_load_that_ends_by_itself_is_not_called_a_load() {
    let driver = FakeNvml::new("").unwrap();
    let refused = validate(&Options {
        library: Some(driver.library()),
        nvidia_smi: "/does/not/exist".into(),
        load: Some("true".to_owned()),
        seconds: 1.0,
        samples: 5,
        warm_up: Duration::from_millis(300),
        about: String::new(),
    });
    assert!(refused.unwrap_err().contains("the load ended before"));
}

#[test]
fn every_phase_has_its_row_and_the_load_is_gone_afterwards() {
    let driver = FakeNvml::new("power 0 bursty 80 300 700 500 4").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let pid_file = folder.path().join("pid");
    let page = validate(&Options {
        library: Some(driver.library()),
        nvidia_smi: "/does/not/exist".into(),
        load: Some(format!("echo $$ > {}; sleep 60 & wait", pid_file.display())),
        seconds: 1.0,
        samples: 5,
        warm_up: Duration::from_millis(500),
        about: String::new(),
    })
    .unwrap();
    for phase in ["idle", "steady load", "bursty load"] {
        assert!(page.contains(&format!("| {phase} | GPU 0 |")), "{page}");
    }
    // No nvidia-smi, no figure of it.
    assert!(page.contains("| – | – |"), "{page}");
    let pid = std::fs::read_to_string(pid_file).unwrap();
    let state = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim()));
    assert!(state.is_err(), "{state:?}");
}
