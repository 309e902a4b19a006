//! What a person names is written as they have it, and what Wattsmith makes is theirs alone.

use crate::call::{Home, code, err, machine, run};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, symlink};
use std::path::Path;

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().mode() & 0o777
}

#[test]
fn a_report_goes_where_it_was_sent_and_changes_nothing_else() {
    let _machine = machine();
    let home = Home::new();
    let done = run(home.tiny("trial --quick --repeats 1"));
    assert_eq!(code(&done), 0, "{}", err(&done));
    let report = |out: &Path| {
        let mut command = home.command("report latest --format md --out");
        command.arg(out);
        run(command)
    };
    let (target, link) = (home.path("target.md"), home.path("link.md"));
    std::fs::write(&target, "old").unwrap();
    std::fs::set_permissions(&target, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    symlink(&target, &link).unwrap();
    assert_eq!(code(&report(&link)), 0);
    assert!(link.is_symlink());
    assert_eq!(mode(&target), 0o644);
    assert!(
        std::fs::read_to_string(&target)
            .unwrap()
            .contains("J/token")
    );

    assert_eq!(code(&report(Path::new("/dev/null"))), 0);
    let null = std::fs::metadata("/dev/null").unwrap();
    assert!(null.file_type().is_char_device());
    let full = report(Path::new("/dev/full"));
    assert_eq!(code(&full), 1);
    assert!(err(&full).contains("No space left"), "{}", err(&full));

    let missing = report(&home.path("mistyped/report.md"));
    assert_eq!(code(&missing), 1);
    assert!(
        err(&missing).contains("there is no folder"),
        "{}",
        err(&missing)
    );
    assert!(!home.path("mistyped").exists());

    let fresh = home.path("fresh.md");
    assert_eq!(code(&report(&fresh)), 0);
    assert_eq!(mode(&fresh), 0o600);
    let left: Vec<_> = std::fs::read_dir(fresh.parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("part"))
        .collect();
    assert_eq!(left, Vec::<String>::new());
}

#[test]
fn what_wattsmith_makes_is_for_its_owner_alone() {
    let _machine = machine();
    let home = Home::new();
    let done = run(home.tiny("trial --quick --repeats 1"));
    assert_eq!(code(&done), 0, "{}", err(&done));
    assert_eq!(code(&run(home.command("report latest"))), 0);
    let mut folders = vec![home.path("data")];
    while let Some(folder) = folders.pop() {
        assert_eq!(mode(&folder), 0o700, "{}", folder.display());
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => assert_eq!(mode(&path), 0o600, "{}", path.display()),
            }
        }
    }
}
