//! A model file as a session records it: which bytes it is, and what its weights are.

use serde::{Deserialize, Serialize};

/// A model's bits per weight may be above those of its main type by this factor before its label
/// is doubted: a few tensors are finer in every file.
const FINER: f64 = 1.3;

/// A model: one file, or a set of parts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Model {
    /// For people, such as `SmolLM2-135M-Instruct`.
    pub name: String,
    /// The file; of a set its first part.
    pub path: String,
    /// SHA-256 of the file, hex. Of a set: that of a list with a line `SHA256  NAME` for each part
    /// in order, as `sha256sum NAME-*.gguf | sha256sum` in its folder gives it.
    pub sha256: String,
    /// The label that the file gives itself, such as `Q4_1`; empty when it gives none.
    pub quantisation: String,
    /// Size of the file; of a set that of all parts.
    pub bytes: u64,
    /// The parts of a set in order; empty for a single file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<ModelPart>,
    /// What its tensors are stored as; older records do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<Weights>,
    /// The longest context that the model takes, tokens; none when it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context_limit: Option<u64>,
    /// Whether its weights are random, as those of a model made for tests: what it gives has no
    /// quality to lose.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub random_weights: bool,
    /// A small model that drafts for it, where the person named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft: Option<Box<Model>>,
}

/// One file of a set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelPart {
    /// The file's name.
    pub name: String,
    /// Its SHA-256, hex.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
}

/// What a model's weights are stored as, counted over all its tensors.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weights {
    /// Weights in all.
    pub count: u64,
    /// Bytes that they take.
    pub bytes: u64,
    /// By type, that with the most bytes first.
    pub types: Vec<WeightType>,
}

/// The weights of one type.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeightType {
    /// Such as `Q8_0`, or `type 99` where the number has no name here.
    pub name: String,
    /// Weights of this type.
    pub count: u64,
    /// Bytes that they take.
    pub bytes: u64,
}

impl Weights {
    /// Bits that one weight takes on average; none without weights.
    #[must_use]
    pub fn bits_per_weight(&self) -> Option<f64> {
        bits(self.bytes, self.count)
    }

    /// The type with the most bytes, and its share of them.
    #[must_use]
    pub fn main_type(&self) -> Option<(&WeightType, f64)> {
        let main = self.types.first()?;
        (self.bytes > 0).then(|| (main, main.bytes as f64 / self.bytes as f64))
    }

    /// Whether most of the bytes are of another kind than `label` says, or many are much finer.
    #[must_use]
    pub fn contradict(&self, label: &str) -> bool {
        let (Some((main, _)), Some(all)) = (self.main_type(), self.bits_per_weight()) else {
            return false;
        };
        let of_main = bits(main.bytes, main.count).unwrap_or(all);
        !label.is_empty() && (family(label) != family(&main.name) || all > of_main * FINER)
    }
}

impl Model {
    /// What the weights are, in words: the label and the bits per weight, and the main type where
    /// the label misleads.
    #[must_use]
    pub fn weights_in_words(&self) -> String {
        weights_in_words(&self.quantisation, self.weights.as_ref())
    }

    /// The label alone where it holds, else what the weights are in words.
    #[must_use]
    pub fn honest_label(&self) -> String {
        match &self.weights {
            Some(weights) if weights.contradict(&self.quantisation) => self.weights_in_words(),
            _ => self.quantisation.clone(),
        }
    }
}

/// A label and what the tensors really are, in words; empty when nothing is known.
#[must_use]
pub fn weights_in_words(label: &str, weights: Option<&Weights>) -> String {
    let Some(weights) = weights else {
        return label.to_owned();
    };
    let (Some(bits), Some((main, share))) = (weights.bits_per_weight(), weights.main_type()) else {
        return label.to_owned();
    };
    let share = format!("{:.0} % of bytes {}", share * 100.0, main.name);
    match label {
        "" => format!("{bits:.2} bits per weight, {share}"),
        label if weights.contradict(label) => {
            format!("{label} by its label; {bits:.2} bits per weight, {share}")
        }
        label => format!("{label}, {bits:.2} bits per weight"),
    }
}

fn bits(bytes: u64, count: u64) -> Option<f64> {
    (count > 0).then(|| bytes as f64 * 8.0 / count as f64)
}

/// `Q4_K_M` → `Q4`, `IQ3_XXS` → `IQ3`: what a type's variants have in common.
fn family(name: &str) -> &str {
    name.split(['_', ' ']).next().unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weights(types: &[(&str, u64, u64)]) -> Weights {
        Weights {
            count: types.iter().map(|one| one.1).sum(),
            bytes: types.iter().map(|one| one.2).sum(),
            types: types
                .iter()
                .map(|(name, count, bytes)| WeightType {
                    name: (*name).to_owned(),
                    count: *count,
                    bytes: *bytes,
                })
                .collect(),
        }
    }

    #[test]
    fn a_label_that_the_tensors_contradict_is_called_a_label() {
        // 270 million weights whose rows do not divide into blocks of 256: most became Q8_0.
        let odd = weights(&[
            ("Q8_0", 171_000_000, 181_687_500),
            ("Q5_0", 80_000_000, 55_000_000),
            ("Q4_K", 19_000_000, 10_687_500),
        ]);
        assert_eq!(
            weights_in_words("Q4_K_M", Some(&odd)),
            "Q4_K_M by its label; 7.33 bits per weight, 73 % of bytes Q8_0"
        );
        // Half of the weights left at 16 bits (made).
        let half = weights(&[("F16", 1000, 2000), ("Q8_0", 1000, 1062)]);
        assert_eq!(
            weights_in_words("Q8_0", Some(&half)),
            "Q8_0 by its label; 12.25 bits per weight, 65 % of bytes F16"
        );
        // As many as its own, but the rest is four times as fine (made).
        let mixed = weights(&[("Q4_K", 3200, 1800), ("F16", 800, 1600)]);
        assert!(mixed.contradict("Q4_K_M"));
    }

    #[test]
    fn a_label_that_holds_stands_with_its_bits() {
        // Sizes of Llama 3 8B in these types, rounded.
        let usual = weights(&[
            ("Q4_K", 6_000_000_000, 3_375_000_000),
            ("Q6_K", 2_000_000_000, 1_640_625_000),
        ]);
        assert_eq!(
            weights_in_words("Q4_K_M", Some(&usual)),
            "Q4_K_M, 5.02 bits per weight"
        );
        for (label, main) in [
            ("IQ3_M", "IQ3_S"),
            ("IQ2_S", "IQ2_XS"),
            ("Q2_K_S", "Q2_K"),
            ("MXFP4 MoE", "MXFP4"),
            ("BF16", "BF16"),
        ] {
            assert!(!weights(&[(main, 256, 100)]).contradict(label), "{label}");
        }
    }

    #[test]
    fn what_is_not_known_is_not_said() {
        assert_eq!(weights_in_words("Q4_1", None), "Q4_1");
        assert_eq!(weights_in_words("", Some(&weights(&[]))), "");
        assert_eq!(
            weights_in_words("", Some(&weights(&[("type 99", 64, 32)]))),
            "4.00 bits per weight, 100 % of bytes type 99"
        );
    }

    #[test]
    fn a_label_stands_alone_only_where_it_holds() {
        let of = |label: &str, kind| Model {
            quantisation: label.to_owned(),
            weights: Some(weights(&[(kind, 32, 34)])),
            ..Model::default()
        };
        assert_eq!(of("Q8_0", "Q8_0").honest_label(), "Q8_0");
        assert_eq!(
            of("Q4_K_M", "Q8_0").honest_label(),
            "Q4_K_M by its label; 8.50 bits per weight, 100 % of bytes Q8_0"
        );
        assert_eq!(Model::default().honest_label(), "");
    }

    #[test]
    fn a_record_from_before_has_no_parts_and_no_weights() {
        let old = r#"{"name":"a","path":"/a.gguf","sha256":"00","quantisation":"Q4_1","bytes":7}"#;
        let model: Model = serde_json::from_str(old).unwrap();
        assert_eq!(model.parts, []);
        assert_eq!(model.weights_in_words(), "Q4_1");
        assert_eq!(serde_json::to_string(&model).unwrap(), old);
    }
}
