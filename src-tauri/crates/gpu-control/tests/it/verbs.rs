//! One verb at a time: what it sets, what it writes down, and what it refuses.

use crate::stand::{BOARD, OTHER, Stand, told};
use std::os::unix::fs::PermissionsExt as _;
use wattsmith_gpu_control::{Code, LIBRARY_VARIABLE, STATE_VARIABLE};

fn refused(stand: &Stand, words: &[&str], code: Code) -> String {
    let (exit, said) = stand.run(words);
    assert_eq!(exit, i32::from(code as u8), "{words:?}: {said}");
    assert_eq!(said["ok"], false);
    assert_eq!(said["code"], code.word());
    said["text"].as_str().unwrap().to_owned()
}

#[test]
fn a_limit_is_set_told_and_put_back_to_what_it_was() {
    let stand = Stand::new("");
    stand.run(&["set-power-limit", BOARD, "320"]);
    stand.run(&["reset", BOARD]);
    assert_eq!(
        stand.limit(BOARD),
        Some(350.0),
        "what was there when it was first changed"
    );

    let (code, said) = stand.run(&["set-power-limit", BOARD, "300"]);
    assert_eq!(code, 0);
    assert_eq!(
        said.to_string(),
        format!(r#"{{"ok":true,"board":"{BOARD}","power_limit_w":300.0,"clock_lock_mhz":null}}"#)
    );
    // Set once more: what it was before the first time is what counts.
    stand.run(&["set-power-limit", BOARD, "250"]);
    assert_eq!(stand.limit(BOARD), Some(250.0));
    assert_eq!(stand.left()[0].power_limit.unwrap().0, 350.0);
    assert_eq!(stand.run(&["reset", BOARD]).0, 0);
    assert_eq!(stand.limit(BOARD), Some(350.0));
    assert!(!stand.is_kept(BOARD));
}

#[test]
fn clocks_are_locked_and_freed() {
    let stand = Stand::new("");
    let (code, said) = stand.run(&["lock-clocks", BOARD, "900"]);
    assert_eq!((code, &said["clock_lock_mhz"]), (0, &900.into()));
    assert_eq!(stand.clock(0), 900);
    assert!(stand.left()[0].clocks_locked);
    assert_eq!(stand.run(&["reset", BOARD]).0, 0);
    assert_eq!(stand.clock(0), 1500);
    assert_eq!(stand.limit(BOARD), Some(350.0));
}

#[test]
fn without_a_record_reset_means_the_boards_own_default() {
    let stand = Stand::new("");
    stand.run(&["set-power-limit", BOARD, "200"]);
    std::fs::remove_dir_all(stand.state()).unwrap();
    assert_eq!(stand.run(&["reset", BOARD]).0, 0);
    assert_eq!(stand.limit(BOARD), Some(350.0));
    // Also where clocks cannot be locked at all.
    let stand = Stand::new("fault 0 nvmlDeviceResetGpuLockedClocks 3\n");
    assert_eq!(stand.run(&["reset", BOARD]).0, 0);
}

#[test]
fn one_board_is_set_and_the_other_is_left_alone() {
    let stand = Stand::new("devices 2\n");
    stand.run(&["set-power-limit", OTHER, "150"]);
    stand.run(&["lock-clocks", OTHER, "600"]);
    assert_eq!((stand.limit(BOARD), stand.clock(0)), (Some(350.0), 1500));
    assert_eq!((stand.limit(OTHER), stand.clock(1)), (Some(150.0), 600));
    stand.run(&["reset", BOARD]);
    assert_eq!(stand.limit(OTHER), Some(150.0));
    stand.run(&["reset", OTHER]);
    assert_eq!((stand.limit(OTHER), stand.clock(1)), (Some(350.0), 1500));
}

#[test]
fn values_outside_the_boards_range_are_refused_with_the_range() {
    let stand = Stand::new("limits 0 100 400 350\n");
    for watts in ["99.999", "400.001", "0", "4000000"] {
        let text = refused(&stand, &["set-power-limit", BOARD, watts], Code::OutOfRange);
        assert!(text.contains("100 W to 400 W"), "{text}");
    }
    for mhz in ["0", "209", "1981", "4294967295"] {
        let text = refused(&stand, &["lock-clocks", BOARD, mhz], Code::OutOfRange);
        assert!(text.contains("210 to 1980 MHz"), "{text}");
    }
    assert_eq!(stand.limit(BOARD), Some(350.0));
    assert!(
        !stand.is_kept(BOARD),
        "nothing was changed, so nothing is written down"
    );
}

#[test]
fn everything_that_is_no_verb_is_refused_before_the_driver_is_asked() {
    let stand = Stand::new("");
    let calls = stand.calls();
    for words in [
        &[][..],
        &["--help"],
        &["--hold"],
        &["hold"],
        &["reset"],
        &["reset", BOARD, "--hold"],
        &["reset", BOARD, "--force"],
        &["reset", "0"],
        &["reset", "GPU-$(touch pwned)"],
        &["reset", "../../../etc/shadow"],
        &["reset", "GPU-aa/../../etc"],
        &["set-power-limit", BOARD],
        &["set-power-limit", BOARD, "300; reboot"],
        &["set-power-limit", BOARD, "`id`"],
        &["set-power-limit", BOARD, "3e2"],
        &["set-power-limit", BOARD, "-300"],
        &["set-power-limit", BOARD, "300", "--hold", "--hold"],
        &["set-power-limit", "--hold", BOARD, "300"],
        &["lock-clocks", BOARD, "210,900"],
        &["set-persistence-mode", BOARD, "1"],
        &["sh", "-c", "id"],
        &["exec", "/bin/sh"],
    ] {
        let text = refused(&stand, words, Code::Usage);
        assert!(!text.is_empty());
    }
    assert_eq!(stand.calls(), calls);
    assert!(!stand.state().exists());
}

#[test]
fn a_board_that_is_not_there_cannot_be_set_or_is_denied_has_an_exit_code_of_its_own() {
    let stand = Stand::new("");
    refused(&stand, &["reset", "GPU-ffff"], Code::NoSuchBoard);
    for (fault, verb, code) in [
        (
            "fault 0 nvmlDeviceSetPowerManagementLimit 4",
            ["set-power-limit", BOARD, "300"],
            Code::Denied,
        ),
        (
            "fault 0 nvmlDeviceSetGpuLockedClocks 4",
            ["lock-clocks", BOARD, "900"],
            Code::Denied,
        ),
        (
            "fault 0 nvmlDeviceGetPowerManagementLimitConstraints 3",
            ["set-power-limit", BOARD, "300"],
            Code::Unsupported,
        ),
        (
            "fault 0 nvmlDeviceSetGpuLockedClocks 3",
            ["lock-clocks", BOARD, "900"],
            Code::Unsupported,
        ),
        (
            "fault 0 nvmlDeviceSetPowerManagementLimit 15",
            ["set-power-limit", BOARD, "300"],
            Code::NoDriver,
        ),
        ("init 9", ["set-power-limit", BOARD, "300"], Code::NoDriver),
    ] {
        let stand = Stand::new(&format!("{fault}\n"));
        let text = refused(&stand, &verb, code);
        assert!(text.ends_with('.'), "{text}");
        assert!(!stand.is_kept(BOARD), "{fault}: nothing was changed");
    }
}

#[test]
fn nothing_is_changed_where_it_cannot_be_written_down() {
    let stand = Stand::new("");
    std::fs::create_dir(stand.state()).unwrap();
    std::fs::set_permissions(stand.state(), std::fs::Permissions::from_mode(0o777)).unwrap();
    let text = refused(&stand, &["set-power-limit", BOARD, "300"], Code::Denied);
    assert!(text.contains("nothing was changed"), "{text}");
    assert_eq!(stand.limit(BOARD), Some(350.0));
}

#[test]
fn with_more_rights_than_its_caller_it_loads_no_library_that_the_caller_names() {
    let stand = Stand::new("");
    for elevated in ["PKEXEC_UID", "SUDO_UID"] {
        let calls = stand.calls();
        let mut command = stand.command(&["set-power-limit", BOARD, "300"]);
        let (code, said) = told(&command.env(elevated, "1000").output().unwrap());
        // The real driver may be here; the scripted board is none of its own.
        let kinds = [Code::NoDriver, Code::NoSuchBoard].map(|code| i32::from(code as u8));
        assert!(kinds.contains(&code), "{said}");
        assert_eq!(stand.calls(), calls);
        assert!(!stand.state().exists());
    }
    // And by default it is looked for nowhere else.
    let mut command = stand.command(&["reset", BOARD]);
    command
        .env_remove(LIBRARY_VARIABLE)
        .env_remove(STATE_VARIABLE);
    let (code, _) = told(&command.output().unwrap());
    assert_ne!(code, 0);
}
