//! How much memory a token of context takes in the key-value cache, by a file's head.

use super::head::Head;

/// Numbers that the cache holds for each token, over all layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheShape {
    /// Of keys.
    pub keys: u64,
    /// Of values.
    pub values: u64,
    /// Numbers of one head's keys.
    pub key_length: u64,
    /// Of one head's values.
    pub value_length: u64,
}

/// Signs of models that keep something else than keys and values of every token in every layer, so that
/// a sum over layers would be too much: windows that slide, compressed caches, recurrent layers.
const OTHERWISE: [&str; 6] = [
    "attention.sliding_window",
    "attention.kv_lora_rank",
    "ssm.state_size",
    "ssm.conv_kernel",
    "wkv.head_size",
    "shortconv.l_cache",
];

/// Entries of the head that are read here, by their ends.
pub(super) const READ: [&str; 11] = [
    ".embedding_length",
    ".attention.head_count",
    ".attention.head_count_kv",
    ".attention.key_length",
    ".attention.value_length",
    ".attention.sliding_window",
    ".attention.kv_lora_rank",
    ".ssm.state_size",
    ".ssm.conv_kernel",
    ".wkv.head_size",
    ".shortconv.l_cache",
];

impl CacheShape {
    /// By what a head says; none where it does not say enough, or the model keeps something else.
    pub(super) fn of(head: &Head) -> Option<Self> {
        if OTHERWISE.iter().any(|name| head.has(&head.own(name))) {
            return None;
        }
        let number = |name: &str| head.number(&head.own(name)).filter(|number| *number > 0);
        let layers = number("block_count")?;
        let heads = number("attention.head_count")?;
        let kv_heads = match head.has(&head.own("attention.head_count_kv")) {
            // A list, one for each layer, is not summed here.
            true => number("attention.head_count_kv")?,
            false => heads,
        };
        let usual = number("embedding_length").map(|length| length / heads);
        let length = |name: &str| number(name).or(usual);
        let per_layer = |length: u64| layers.checked_mul(kv_heads)?.checked_mul(length);
        let (key_length, value_length) = (
            length("attention.key_length")?,
            length("attention.value_length")?,
        );
        Some(Self {
            keys: per_layer(key_length)?,
            values: per_layer(value_length)?,
            key_length,
            value_length,
        })
    }

    /// Bytes of one token, with keys and values of these types; none of a type that is not known.
    #[must_use]
    pub fn bytes_per_token(&self, keys: &str, values: &str) -> Option<u64> {
        let bytes = |numbers: u64, kind: &str| {
            let (of_block, block) = block(kind)?;
            Some(numbers.checked_mul(of_block)?.div_ceil(block))
        };
        bytes(self.keys, keys)?.checked_add(bytes(self.values, values)?)
    }
}

/// Bytes of a block of a type, and the numbers in it.
fn block(kind: &str) -> Option<(u64, u64)> {
    Some(match kind {
        "f32" => (4, 1),
        "f16" | "bf16" => (2, 1),
        "q8_0" => (34, 32),
        "q5_1" => (24, 32),
        "q5_0" => (22, 32),
        "q4_1" => (20, 32),
        "q4_0" | "iq4_nl" => (18, 32),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;
    use wattsmith_testkit::gguf::Gguf;

    fn shape(gguf: Gguf) -> Option<CacheShape> {
        let bytes = gguf.bytes();
        let head = super::super::head::read_head(Cursor::new(&bytes), bytes.len() as u64);
        CacheShape::of(&head.unwrap())
    }

    fn smol() -> Gguf {
        Gguf::model("llama")
            .number("llama.block_count", 30)
            .number("llama.attention.head_count", 9)
            .number("llama.attention.head_count_kv", 3)
            .number("llama.embedding_length", 576)
    }

    #[test]
    fn the_cache_of_smollm2_takes_23_kilobytes_a_token() {
        let shape = shape(smol()).unwrap();
        assert_eq!(
            shape,
            CacheShape {
                keys: 5760,
                values: 5760,
                key_length: 64,
                value_length: 64,
            }
        );
        assert_eq!(shape.bytes_per_token("f16", "f16"), Some(23_040));
        assert_eq!(shape.bytes_per_token("q8_0", "q4_0"), Some(6120 + 3240));
        assert_eq!(shape.bytes_per_token("f16", "q9"), None);
    }

    #[test]
    fn lengths_of_its_own_stand_above_the_usual_ones() {
        let own = smol().number("llama.attention.key_length", 128);
        let shape = shape(own).unwrap();
        assert_eq!((shape.keys, shape.values), (11_520, 5760));
    }

    #[test]
    fn what_is_kept_otherwise_or_not_said_is_not_known() {
        let list = 4_u32.to_le_bytes();
        let list = [&list[..], &1_u64.to_le_bytes(), &4_u32.to_le_bytes()].concat();
        for gguf in [
            Gguf::model("llama"),
            smol().number("llama.attention.sliding_window", 512),
            smol().number("llama.ssm.state_size", 16),
            Gguf::model("llama")
                .number("llama.block_count", 30)
                .number("llama.attention.head_count", 9)
                .entry("llama.attention.head_count_kv", 9, &list)
                .number("llama.embedding_length", 576),
        ] {
            assert_eq!(shape(gguf), None);
        }
    }
}
