//! What a file is that does not begin like a GGUF: named by its first bytes, with what to do.

use super::fault::Fault;

/// Bytes that are looked at.
pub(super) const LOOKED_AT: usize = 512;

/// Says what a file is by its first bytes; `length` is that of the whole file.
pub(super) fn named(start: &[u8], length: u64) -> Fault {
    if length == 0 {
        return Fault::Damaged("it is empty".to_owned());
    }
    if start.iter().all(|byte| *byte == 0) {
        return Fault::Damaged(
            "it begins with zeros: room was made for a download that never came".to_owned(),
        );
    }
    if let Some(what) = by_magic(start, length)
        .map(str::to_owned)
        .or_else(|| by_text(start))
    {
        return Fault::Unfit(format!("This is no GGUF model but {what}"));
    }
    let bytes: Vec<String> = start
        .iter()
        .take(4)
        .map(|one| format!("{one:02x}"))
        .collect();
    Fault::Damaged(format!(
        "it does not begin like a GGUF file (first bytes {})",
        bytes.join(" ")
    ))
}

fn by_magic(start: &[u8], length: u64) -> Option<&'static str> {
    const MAGIC: [(&[u8], &str); 20] = [
        (
            b"PK\x03\x04",
            "a ZIP archive, which a PyTorch checkpoint (.bin, .pt) is, too. Unpack it, or fetch \
             the model as GGUF.",
        ),
        (
            b"lmgg",
            "a model in the old GGML format of before August 2023. Fetch it as GGUF, or convert it.",
        ),
        (
            b"fmgg",
            "a model in the old GGMF format of before August 2023. Fetch it as GGUF, or convert it.",
        ),
        (
            b"tjgg",
            "a model in the old GGJT format of before August 2023. Fetch it as GGUF, or convert it.",
        ),
        (
            b"algg",
            "an adapter (LoRA) in the old GGLA format. Fetch the model itself as GGUF.",
        ),
        (
            b"nsgg",
            "a saved session of llama.cpp. Choose the model's own file.",
        ),
        (
            b"FUGG",
            "a GGUF written in another byte order. Fetch the little-endian file.",
        ),
        (
            b"\x1f\x8b",
            "a gzip archive. Unpack it and choose the GGUF in it.",
        ),
        (
            b"BZh",
            "a bzip2 archive. Unpack it and choose the GGUF in it.",
        ),
        (
            b"\xfd7zXZ",
            "an xz archive. Unpack it and choose the GGUF in it.",
        ),
        (
            b"\x28\xb5\x2f\xfd",
            "a zstd archive. Unpack it and choose the GGUF in it.",
        ),
        (
            b"7z\xbc\xaf\x27\x1c",
            "a 7z archive. Unpack it and choose the GGUF in it.",
        ),
        (
            b"Rar!",
            "a RAR archive. Unpack it and choose the GGUF in it.",
        ),
        (
            b"\x89HDF",
            "an HDF5 file, as Keras writes them. Fetch the model as GGUF.",
        ),
        (b"\x93NUMPY", "a NumPy array. Fetch the model as GGUF."),
        (b"\x7fELF", "a program. Choose the model's own file."),
        (b"%PDF", "a PDF document. Fetch the model's own file."),
        (
            b"\x80\x02",
            "a Python pickle, as PyTorch wrote checkpoints. Fetch the model as GGUF.",
        ),
        (
            b"SQLite format 3",
            "a SQLite database. Choose the model's own file.",
        ),
        (
            b"MZqFpD",
            "a llamafile. Fetch the GGUF that it was made of.",
        ),
    ];
    if let Some((_, what)) = MAGIC.iter().find(|(magic, _)| start.starts_with(magic)) {
        return Some(what);
    }
    if start.get(257..262) == Some(b"ustar".as_slice()) {
        return Some("a tar archive. Unpack it and choose the GGUF in it.");
    }
    if start.get(4..8) == Some(b"TFL3".as_slice()) {
        return Some("a TensorFlow Lite model. Fetch the model as GGUF.");
    }
    is_safetensors(start, length).then_some(
        "a safetensors file. Fetch the model as GGUF, or convert its folder with llama.cpp's \
         convert_hf_to_gguf.py.",
    )
}

/// The length of a JSON head, and the head itself.
fn is_safetensors(start: &[u8], length: u64) -> bool {
    let Some((head, rest)) = start.split_first_chunk::<8>() else {
        return false;
    };
    let head = u64::from_le_bytes(*head);
    head >= 2 && head < length && rest.first() == Some(&b'{')
}

fn by_text(start: &[u8]) -> Option<String> {
    let text = match std::str::from_utf8(start) {
        Ok(text) => text,
        // Cut in the middle of a letter at the end of what was looked at.
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(start.get(..error.valid_up_to())?).ok()?
        }
        Err(_) => return None,
    };
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if text
        .chars()
        .any(|one| one.is_control() && !one.is_whitespace())
    {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    let is_page = ["<!doctype html", "<html", "<head", "<body"]
        .iter()
        .any(|sign| lower.starts_with(sign));
    let quoted = {
        let line = text.lines().next().unwrap_or_default();
        let cut: String = line.chars().take(80).collect();
        let dots = if cut.len() < line.len() { "…" } else { "" };
        format!("{cut:?}{dots}")
    };
    Some(if lower.starts_with("version https://git-lfs") {
        let size = text
            .lines()
            .find_map(|line| line.strip_prefix("size "))
            .map_or_else(String::new, |bytes| format!(" of {} bytes", bytes.trim()));
        format!(
            "the pointer that Git LFS keeps in the place of a file{size}. Run `git lfs pull` in \
             its folder, or download the file itself."
        )
    } else if is_page {
        "a web page: the address was that of a page, or the download needed a login. Fetch the \
         file itself."
            .to_owned()
    } else if lower.starts_with("<?xml") || lower.starts_with("<error") {
        format!("the answer of a server, which begins {quoted}. Fetch the file again.")
    } else if text.starts_with(['{', '[']) {
        format!("a JSON text, which begins {quoted}. Fetch the file itself.")
    } else {
        format!("a text, which begins {quoted}. Choose a GGUF file.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use wattsmith_domain::FailureCause;

    fn tar() -> Vec<u8> {
        let mut bytes = vec![0; 512];
        bytes[..6].copy_from_slice(b"m.gguf");
        bytes[257..262].copy_from_slice(b"ustar");
        bytes
    }

    #[test]
    fn each_file_that_is_something_else_is_called_by_its_name() {
        let safetensors = [
            &64_u64.to_le_bytes()[..],
            b"{\"__metadata__\":{}}",
            &[0; 64],
        ]
        .concat();
        let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 98362432\n";
        let cases: Vec<(&str, Vec<u8>)> = vec![
            ("zip", b"PK\x03\x04\x14\0\0\0".to_vec()),
            ("ggml", b"lmgg\x00\x7d\0\0".to_vec()),
            ("ggjt", b"tjgg\x03\0\0\0".to_vec()),
            ("ggla", b"algg\x01\0\0\0".to_vec()),
            ("other order", b"FUGG\0\0\0\x03".to_vec()),
            ("gzip", b"\x1f\x8b\x08\0".to_vec()),
            ("tar", tar()),
            ("safetensors", safetensors),
            ("pointer", pointer.to_vec()),
            ("page", b"\n<!DOCTYPE html><html><title>Sign in".to_vec()),
            (
                "xml",
                b"<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code>".to_vec(),
            ),
            (
                "json",
                br#"{"error":"Invalid username or password."}"#.to_vec(),
            ),
            ("text", "Entry not found – é".into()),
            ("empty", Vec::new()),
            ("zeros", vec![0; 512]),
            ("noise", vec![0x93, 0x2b, 0xff, 0x01]),
        ];
        let mut told = String::new();
        for (name, bytes) in cases {
            let fault = named(&bytes, bytes.len() as u64);
            let damaged = ["empty", "zeros", "noise"].contains(&name);
            assert_eq!(
                fault.cause() == FailureCause::ModelCorrupt,
                damaged,
                "{name}"
            );
            told.push_str(&format!("{name}: {fault}\n"));
        }
        insta::assert_snapshot!(told);
    }
}
