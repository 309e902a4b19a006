//! What the kernel tells of a process in `/proc`.

use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::str::FromStr;

/// Fields of `stat`, as proc(5) numbers them.
pub(crate) const PARENT: usize = 4;
const START_TICKS: usize = 22;
const POLICY: usize = 41;

/// A field of `/proc/PID/stat` from the third on. The second is the program's name in parentheses and may
/// itself hold spaces and parentheses.
pub(crate) fn field<T: FromStr>(stat: &str, number: usize) -> Option<T> {
    let (_, after) = stat.rsplit_once(')')?;
    let mut fields = after.split_ascii_whitespace();
    fields.nth(number.checked_sub(3)?)?.parse().ok()
}

/// Clock ticks between boot and the start of a process.
pub(crate) fn start_ticks(stat: &str) -> Option<u64> {
    field(stat, START_TICKS)
}

/// When the process with this pid began, in ticks since boot.
pub(crate) fn began(pid: u32) -> Option<u64> {
    start_ticks(&fs::read_to_string(file(pid, "stat")).ok()?)
}

/// The processes that this one started and that have not ended, as far as they may be looked at.
pub(crate) fn children(pid: u32) -> Vec<u32> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let pids = entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let is_child = |one: &u32| {
        let stat = fs::read_to_string(file(*one, "stat"));
        stat.is_ok_and(|stat| field::<u32>(&stat, PARENT) == Some(pid))
    };
    pids.filter(is_child).collect()
}

/// The command line of a process, word by word; none of one that has ended.
pub(crate) fn words(pid: u32) -> Option<Vec<String>> {
    let line = fs::read(file(pid, "cmdline")).ok()?;
    let line = line.strip_suffix(b"\0")?;
    let words = line.split(|byte| *byte == 0);
    Some(
        words
            .map(|word| String::from_utf8_lossy(word).into_owned())
            .collect(),
    )
}

/// How the kernel treats the first thread of a process, as a page from which settings are read back:
/// `/process/policy` by which it is scheduled, `/process/cpu-mask` where it may run. What the kernel does
/// not tell is left out.
pub(crate) fn page(pid: u32) -> Value {
    let stat = fs::read_to_string(file(pid, "stat")).unwrap_or_default();
    let status = fs::read_to_string(file(pid, "status")).unwrap_or_default();
    let mut process = serde_json::Map::new();
    if let Some(policy) = field(&stat, POLICY).and_then(policy_word) {
        process.insert("policy".to_owned(), json!(policy));
    }
    if let Some(mask) = cpu_mask(&status) {
        process.insert("cpu-mask".to_owned(), json!(mask));
    }
    json!({ "process": process })
}

/// By the name that chrt(1) gives it.
fn policy_word(number: u32) -> Option<&'static str> {
    ["other", "fifo", "rr", "batch"]
        .get(number as usize)
        .copied()
}

/// `00000000,0000000f` as `0xf`.
fn cpu_mask(status: &str) -> Option<String> {
    let line = |line: &str| Some(line.strip_prefix("Cpus_allowed:")?.trim().to_owned());
    let digits = status.lines().find_map(line)?.replace(',', "");
    let digits = digits.trim_start_matches('0');
    (!digits.is_empty()).then(|| format!("0x{digits}"))
}

fn file(pid: u32, name: &str) -> std::path::PathBuf {
    Path::new("/proc").join(pid.to_string()).join(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_counted_behind_a_name_that_may_hold_anything() {
        let tail = "S 7 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 777 22 23";
        for name in ["(cat)", "(a (b) c)", "(tmux: server)", "()) S 1 2)"] {
            let stat = format!("42 {name} {tail}");
            assert_eq!(start_ticks(&stat), Some(777), "{name}");
            assert_eq!(field(&stat, PARENT), Some(7_u32), "{name}");
        }
        assert_eq!(start_ticks("42 (cat) S 1"), None);
        assert_eq!(start_ticks(""), None);
    }

    #[test]
    fn a_child_is_found_with_its_words() {
        let mut child = std::process::Command::new("sleep")
            .arg("60")
            .spawn()
            .unwrap();
        let pid = child.id();
        assert!(children(std::process::id()).contains(&pid));
        // Until exec is through, a child shows the words of its parent.
        while words(pid).is_none_or(|words| words != ["sleep", "60"]) {
            std::thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!children(std::process::id()).contains(&pid));
        assert_eq!(words(pid), None);
    }

    #[test]
    fn masks_are_read_without_their_padding() {
        for (line, mask) in [
            ("Cpus_allowed:\t3\n", Some("0x3")),
            (
                "Name:\tx\nCpus_allowed:\t00000001,ffffffff\n",
                Some("0x1ffffffff"),
            ),
            ("Cpus_allowed_list:\t0-1\n", None),
        ] {
            assert_eq!(cpu_mask(line).as_deref(), mask);
        }
        let own = page(std::process::id());
        assert_eq!(own.pointer("/process/policy"), Some(&json!("other")));
        assert!(own.pointer("/process/cpu-mask").is_some());
        assert_eq!(page(0), json!({ "process": {} }));
    }
}
