//! Names and sizes of the types that tensors are stored as, and the labels that files give
//! themselves. The numbers are those of `ggml.h` (`ggml_type`) and `llama.h` (`llama_ftype`).

/// A tensor type: its name, the weights in one block, and the bytes of one block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TensorType {
    pub name: &'static str,
    pub block: u64,
    pub bytes: u64,
}

/// The tensor type of a number; none for numbers that are not known here.
pub(super) fn tensor_type(number: u32) -> Option<TensorType> {
    let (name, block, bytes) = match number {
        0 => ("F32", 1, 4),
        1 => ("F16", 1, 2),
        2 => ("Q4_0", 32, 18),
        3 => ("Q4_1", 32, 20),
        6 => ("Q5_0", 32, 22),
        7 => ("Q5_1", 32, 24),
        8 => ("Q8_0", 32, 34),
        9 => ("Q8_1", 32, 36),
        10 => ("Q2_K", 256, 84),
        11 => ("Q3_K", 256, 110),
        12 => ("Q4_K", 256, 144),
        13 => ("Q5_K", 256, 176),
        14 => ("Q6_K", 256, 210),
        15 => ("Q8_K", 256, 292),
        16 => ("IQ2_XXS", 256, 66),
        17 => ("IQ2_XS", 256, 74),
        18 => ("IQ3_XXS", 256, 98),
        19 => ("IQ1_S", 256, 50),
        20 => ("IQ4_NL", 32, 18),
        21 => ("IQ3_S", 256, 110),
        22 => ("IQ2_S", 256, 82),
        23 => ("IQ4_XS", 256, 136),
        24 => ("I8", 1, 1),
        25 => ("I16", 1, 2),
        26 => ("I32", 1, 4),
        27 => ("I64", 1, 8),
        28 => ("F64", 1, 8),
        29 => ("IQ1_M", 256, 56),
        30 => ("BF16", 1, 2),
        34 => ("TQ1_0", 256, 54),
        35 => ("TQ2_0", 256, 66),
        39 => ("MXFP4", 32, 17),
        40 => ("NVFP4", 64, 36),
        41 => ("Q1_0", 128, 18),
        42 => ("Q2_0", 64, 18),
        _ => return None,
    };
    Some(TensorType { name, block, bytes })
}

/// Types that llama.cpp read once and took out again, with what replaced them.
pub(super) fn removed_type(number: u32) -> Option<(&'static str, &'static str)> {
    Some(match number {
        4 => ("Q4_2", "Q4_0"),
        5 => ("Q4_3", "Q4_1"),
        31 => ("Q4_0_4_4", "Q4_0"),
        32 => ("Q4_0_4_8", "Q4_0"),
        33 => ("Q4_0_8_8", "Q4_0"),
        36..=38 => ("IQ4_NL_4_4", "IQ4_NL"),
        _ => return None,
    })
}

/// Set where a tool guessed the number from the tensors.
const GUESSED: u64 = 1024;

/// The label for `general.file_type`, as people write it; a number that is not known stays one.
pub(super) fn label(file_type: u64) -> String {
    let name = match file_type & !GUESSED {
        0 => "F32",
        1 => "F16",
        2 => "Q4_0",
        3 => "Q4_1",
        4 => "Q4_1 with F16",
        5 => "Q4_2",
        6 => "Q4_3",
        7 => "Q8_0",
        8 => "Q5_0",
        9 => "Q5_1",
        10 => "Q2_K",
        11 => "Q3_K_S",
        12 => "Q3_K_M",
        13 => "Q3_K_L",
        14 => "Q4_K_S",
        15 => "Q4_K_M",
        16 => "Q5_K_S",
        17 => "Q5_K_M",
        18 => "Q6_K",
        19 => "IQ2_XXS",
        20 => "IQ2_XS",
        21 => "Q2_K_S",
        22 => "IQ3_XS",
        23 => "IQ3_XXS",
        24 => "IQ1_S",
        25 => "IQ4_NL",
        26 => "IQ3_S",
        27 => "IQ3_M",
        28 => "IQ2_S",
        29 => "IQ2_M",
        30 => "IQ4_XS",
        31 => "IQ1_M",
        32 => "BF16",
        33 => "Q4_0_4_4",
        34 => "Q4_0_4_8",
        35 => "Q4_0_8_8",
        36 => "TQ1_0",
        37 => "TQ2_0",
        38 => "MXFP4",
        39 => "NVFP4",
        40 => "Q1_0",
        41 => "Q2_0",
        _ => return format!("type {file_type}"),
    };
    name.to_owned()
}

/// `SmolLM2-135M-Instruct-Q4_1` → `SmolLM2-135M-Instruct`.
pub(super) fn short_name(stem: &str, label: &str) -> String {
    let cut = stem.len().saturating_sub(label.len());
    match (stem.get(..cut), stem.get(cut..)) {
        (Some(front), Some(back)) if !label.is_empty() && back.eq_ignore_ascii_case(label) => {
            let front = front.trim_end_matches(['-', '.', '_']);
            if front.is_empty() { stem } else { front }.to_owned()
        }
        _ => stem.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_have_the_names_that_people_write() {
        for (number, name) in [
            (0, "F32"),
            (15, "Q4_K_M"),
            (30, "IQ4_XS"),
            (36, "TQ1_0"),
            (38, "MXFP4"),
            (39, "NVFP4"),
            (40, "Q1_0"),
            (41, "Q2_0"),
            (1024 + 15, "Q4_K_M"),
            (99, "type 99"),
            (u64::MAX, "type 18446744073709551615"),
        ] {
            assert_eq!(label(number), name);
        }
    }

    #[test]
    fn types_that_were_taken_out_have_no_size() {
        for number in 0..64 {
            let (known, removed) = (tensor_type(number), removed_type(number));
            assert!(known.is_none() || removed.is_none(), "{number}");
            if let Some(one) = known {
                let bits = one.bytes as f64 * 8.0 / one.block as f64;
                assert!((1.0..=64.0).contains(&bits), "{}: {bits}", one.name);
            }
        }
    }

    #[test]
    fn the_name_for_people_leaves_out_the_quantisation() {
        for (stem, label, name) in [
            (
                "SmolLM2-135M-Instruct-Q4_1",
                "Q4_1",
                "SmolLM2-135M-Instruct",
            ),
            (
                "SmolLM2-135M-Instruct.Q4_1",
                "Q4_1",
                "SmolLM2-135M-Instruct",
            ),
            (
                "qwen2.5-coder-1.5b-instruct-q4_k_m",
                "Q4_K_M",
                "qwen2.5-coder-1.5b-instruct",
            ),
            ("model", "", "model"),
            ("Q4_1", "Q4_1", "Q4_1"),
            ("é", "Q4_1", "é"),
        ] {
            assert_eq!(short_name(stem, label), name);
        }
    }
}
