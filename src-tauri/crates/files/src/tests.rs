//! What is in the way stays what it is, and a failure leaves all as it was.

use super::*;
use nix::sys::resource::{Resource, setrlimit};
use std::os::unix::fs::symlink;
use std::process::Command;

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().mode() & 0o7777
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// Names in a folder, also hidden ones.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn what_is_made_is_for_its_owner_alone_and_what_was_there_keeps_its_rights() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/deep/meters.toml");
    for content in ["one", "two"] {
        keep(&path, content.as_bytes()).unwrap();
        assert_eq!(text(&path), content);
        assert_eq!(mode(&path), 0o600);
    }
    assert_eq!(mode(&folder.path().join("new")), 0o700);
    assert_eq!(mode(&folder.path().join("new/deep")), 0o700);
    for rights in [0o644, 0o640, 0o600] {
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(rights))
            .unwrap();
        write(&path, b"three").unwrap();
        assert_eq!(mode(&path), rights);
    }
    assert_eq!(names(path.parent().unwrap()), ["meters.toml"]);
}

#[test]
fn a_link_stays_a_link_and_its_target_gets_the_content() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir(at("elsewhere")).unwrap();
    std::fs::write(at("elsewhere/report.md"), "old").unwrap();
    symlink("elsewhere/report.md", at("link")).unwrap();
    symlink("link", at("link-to-link")).unwrap();
    write(&at("link-to-link"), b"new").unwrap();
    assert_eq!(text(&at("elsewhere/report.md")), "new");
    assert!(at("link").is_symlink() && at("link-to-link").is_symlink());
    // One that leads nowhere yet leads somewhere then.
    symlink("elsewhere/later.md", at("early")).unwrap();
    write(&at("early"), b"here").unwrap();
    assert_eq!(text(&at("elsewhere/later.md")), "here");
    symlink("round", at("round")).unwrap();
    assert!(write(&at("round"), b"x").is_err());
}

#[test]
fn a_device_and_a_pipe_are_written_into() {
    let folder = tempfile::tempdir().unwrap();
    write(Path::new("/dev/null"), b"gone").unwrap();
    assert!(!std::fs::metadata("/dev/null").unwrap().is_file());
    let full = write(Path::new("/dev/full"), b"too much").unwrap_err();
    assert_eq!(full.kind(), ErrorKind::StorageFull);
    let pipe = folder.path().join("pipe");
    nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || text(&pipe)
    });
    write(&pipe, b"through it").unwrap();
    assert_eq!(reader.join().unwrap(), "through it");
    assert_eq!(names(folder.path()), ["pipe"]);
}

#[test]
fn other_names_of_a_file_show_the_new_content_too() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (folder.path().join("one"), folder.path().join("other"));
    std::fs::write(&one, "old and longer").unwrap();
    std::fs::hard_link(&one, &other).unwrap();
    write(&one, b"new").unwrap();
    assert_eq!(text(&other), "new");
}

#[test]
fn a_folder_that_is_missing_is_an_error_and_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mistyped/report.md");
    let error = write(&path, b"x").unwrap_err();
    assert!(error.to_string().contains("mistyped"), "{error}");
    assert_eq!(names(folder.path()), Vec::<String>::new());
    let error = write(folder.path(), b"x").unwrap_err();
    assert!(error.to_string().contains("a folder"), "{error}");
}

const TARGET: &str = "WATTSMITH_TEST_TARGET";

#[test]
#[ignore = "is run in a process of its own by a_full_disk_leaves_what_was_there_and_nothing_else"]
fn fill_up_as_a_child() {
    let path = PathBuf::from(std::env::var_os(TARGET).unwrap());
    setrlimit(Resource::RLIMIT_FSIZE, 1000, 1000).unwrap();
    // Handled by nobody the signal would end this process; ignored, the write fails.
    let mut ignored = nix::sys::signal::SigSet::empty();
    ignored.add(nix::sys::signal::Signal::SIGXFSZ);
    ignored.thread_block().unwrap();
    let error = write(&path, &[b'x'; 5000]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::FileTooLarge);
}

#[test]
fn a_full_disk_leaves_what_was_there_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.md");
    for before in [None, Some("what was there")] {
        if let Some(before) = before {
            std::fs::write(&path, before).unwrap();
        }
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "tests::fill_up_as_a_child", "--ignored"])
            .env(TARGET, &path)
            .output()
            .unwrap();
        assert!(child.status.success(), "{child:?}");
        assert_eq!(names(folder.path()).len(), usize::from(before.is_some()));
        if let Some(before) = before {
            assert_eq!(text(&path), before);
        }
    }
}

#[test]
fn what_a_killed_process_left_is_in_nobodys_way() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let left = Part::beside(&path).unwrap();
    std::mem::forget(left);
    keep(&path, b"whole").unwrap();
    assert_eq!(text(&path), "whole");
}
