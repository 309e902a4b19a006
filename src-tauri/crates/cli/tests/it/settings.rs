//! `settings`: listed, set, taken back, refused; a file that cannot be read is told and never lost.

use crate::call::{Home, code, err, lines, out, run};
use std::os::unix::fs::MetadataExt as _;

#[test]
fn a_setting_is_listed_set_and_taken_back() {
    let home = Home::new();
    let listed = out(&run(home.command("settings")));
    assert!(listed.contains("price-per-kwh    –"), "{listed}");
    assert!(listed.contains("data folder"), "{listed}");
    assert!(!home.path("data").exists(), "listing makes nothing");

    let set = run(home.command("settings set price-per-kwh 0.32"));
    assert_eq!(code(&set), 0, "{}", err(&set));
    assert!(out(&set).contains("Name its currency"), "{}", out(&set));
    assert_eq!(code(&run(home.command("settings set currency EUR"))), 0);
    let file = home.path("data/settings.toml");
    assert_eq!(std::fs::metadata(&file).unwrap().mode() & 0o777, 0o600);

    assert_eq!(out(&run(home.command("settings get currency"))), "EUR\n");
    let all = lines(&run(home.command("settings get --json"))).remove(0);
    assert_eq!(all["settings"]["price-per-kwh"], 0.32);
    assert_eq!(all["settings"]["grid-intensity"], serde_json::Value::Null);
    assert_eq!(all["ended"], "complete");
    let one = lines(&run(home.command("settings set price-per-kwh none --json"))).remove(0);
    assert_eq!(one["value"], serde_json::Value::Null);
    assert_eq!(out(&run(home.command("settings get price-per-kwh"))), "\n");
}

#[test]
fn folders_are_kept_by_their_whole_paths() {
    let home = Home::new();
    std::fs::create_dir(home.path("here")).unwrap();
    let mut set = home.command("settings set model-folders models /srv/models");
    set.current_dir(home.path("here"));
    assert_eq!(code(&run(set)), 0);
    let all = lines(&run(home.command("settings --json"))).remove(0);
    let folders = &all["settings"]["model-folders"];
    assert!(folders[0].as_str().unwrap().ends_with("/here/models"));
    assert_eq!(folders[1], "/srv/models");
}

#[test]
fn what_cannot_be_is_bad_usage_and_says_what_may() {
    let home = Home::new();
    for (words, right) in [
        ("settings set price-per-kwh -1", "from 0"),
        ("settings set grid-intensity lots", "g CO₂e/kWh"),
        ("settings set theme pink", "dark"),
        ("settings set price 3", "price-per-kwh"),
        ("settings get price", "price-per-kwh"),
        ("settings set currency", "VALUE"),
    ] {
        let output = run(home.command(words));
        assert_eq!(code(&output), 2, "{words}: {}", err(&output));
        assert!(err(&output).contains(right), "{words}: {}", err(&output));
    }
    assert!(!home.path("data/settings.toml").exists());
}

#[test]
fn a_file_that_cannot_be_read_is_told_and_set_aside() {
    let home = Home::new();
    std::fs::create_dir_all(home.path("data")).unwrap();
    let file = home.path("data/settings.toml");
    std::fs::write(&file, "price-per-kwh = cheap\n").unwrap();
    let listed = out(&run(home.command("settings")));
    assert!(listed.contains("line 1"), "{listed}");
    let got = run(home.command("settings get currency"));
    assert_eq!(code(&got), 1);
    let set = run(home.command("settings set currency EUR"));
    assert!(out(&set).contains("set aside as"), "{}", out(&set));
    let aside = home.path("data/settings.unreadable-1.toml");
    let kept = std::fs::read_to_string(aside).unwrap();
    assert_eq!(kept, "price-per-kwh = cheap\n");
}
