//! A file's list of tensors: how many weights are stored as what, and whether the file holds all of
//! their bytes.

use super::bounded::Input;
use super::fault::Fault;
use super::head::printable;
use super::types::{removed_type, tensor_type};
use std::collections::BTreeMap;
use std::io::{Read, Seek};
use wattsmith_domain::{WeightType, Weights};

/// Dimensions that a tensor may have: engines take four.
const MOST_DIMENSIONS: u32 = 8;

/// What the tensors of a file, or of all files of a set, are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tensors {
    /// How many there are.
    pub count: u64,
    /// Weights and bytes by type.
    by_type: BTreeMap<String, (u64, u64)>,
    /// A type that engines no longer read, with what replaced it.
    pub removed: Option<(&'static str, &'static str)>,
    /// Whether one is a layer's (`blk.N.…`).
    pub has_layers: bool,
    /// Whether one is the first layer's.
    pub has_first_layer: bool,
    /// Whether one is an adapter's half.
    pub has_lora: bool,
    /// Whether one is of a model that makes images.
    pub has_image_parts: bool,
}

impl Tensors {
    /// Adds the tensors of another part.
    pub(super) fn add(&mut self, other: &Self) {
        self.count = self.count.saturating_add(other.count);
        for (name, (weights, bytes)) in &other.by_type {
            self.count_type(name, *weights, *bytes);
        }
        self.removed = self.removed.or(other.removed);
        self.has_layers |= other.has_layers;
        self.has_first_layer |= other.has_first_layer;
        self.has_lora |= other.has_lora;
        self.has_image_parts |= other.has_image_parts;
    }

    fn count_type(&mut self, name: &str, weights: u64, bytes: u64) {
        let sum = self.by_type.entry(name.to_owned()).or_default();
        *sum = (sum.0.saturating_add(weights), sum.1.saturating_add(bytes));
    }

    pub(super) fn weights(&self) -> Weights {
        let mut types: Vec<WeightType> = self
            .by_type
            .iter()
            .map(|(name, (count, bytes))| WeightType {
                name: name.clone(),
                count: *count,
                bytes: *bytes,
            })
            .collect();
        types.sort_by_key(|one| std::cmp::Reverse(one.bytes));
        let sum = |of: fn(&WeightType) -> u64| types.iter().map(of).fold(0, u64::saturating_add);
        Weights {
            count: sum(|one| one.count),
            bytes: sum(|one| one.bytes),
            types,
        }
    }

    fn notice(&mut self, name: &str) {
        self.has_layers |= name.starts_with("blk.");
        self.has_first_layer |= name.starts_with("blk.0.");
        self.has_lora |= name.ends_with(".lora_a") || name.ends_with(".lora_b");
        self.has_image_parts |= IMAGE_PARTS.iter().any(|part| name.starts_with(part));
    }
}

/// How the tensors of image models begin, which often say no architecture.
const IMAGE_PARTS: [&str; 6] = [
    "model.diffusion_model.",
    "first_stage_model.",
    "double_blocks.",
    "joint_blocks.",
    "cond_stage_model.",
    "transformer_blocks.",
];

/// A tensor whose size is not known here ends at the latest where the next one begins.
struct Open {
    name: String,
    weights: u64,
    offset: u64,
}

pub(super) fn read_tensors<S: Read + Seek>(
    input: &mut Input<S>,
    count: u64,
    alignment: u64,
    length: u64,
) -> Result<Tensors, Fault> {
    let mut tensors = Tensors {
        count,
        ..Tensors::default()
    };
    let mut last: Option<(String, u64)> = None;
    let mut starts = Vec::new();
    let mut open = Vec::new();
    for _ in 0..count {
        let name = input
            .text()?
            .ok_or(Fault::Nonsense("a tensor's name is too long"))?;
        let dimensions = input.u32()?;
        if dimensions > MOST_DIMENSIONS {
            return Err(Fault::Nonsense("a tensor has too many dimensions"));
        }
        let mut weights = 1_u64;
        let mut row = 1;
        for dimension in 0..dimensions {
            let size = input.u64()?;
            if dimension == 0 {
                row = size;
            }
            weights = weights
                .checked_mul(size)
                .ok_or(Fault::Nonsense("a tensor beyond reason"))?;
        }
        let number = input.u32()?;
        let offset = input.u64()?;
        tensors.notice(&name);
        tensors.removed = tensors.removed.or(removed_type(number));
        let end = match tensor_type(number) {
            Some(kind) => {
                if row % kind.block != 0 {
                    return Err(Fault::Nonsense("a tensor's rows are no whole blocks"));
                }
                let bytes = (weights / kind.block)
                    .checked_mul(kind.bytes)
                    .ok_or(Fault::Nonsense("a tensor beyond reason"))?;
                tensors.count_type(kind.name, weights, bytes);
                offset.checked_add(bytes)
            }
            None => {
                open.push(Open {
                    name: format!("type {number}"),
                    weights,
                    offset,
                });
                offset.checked_add(1)
            }
        };
        let end = end.ok_or(Fault::Nonsense("a tensor beyond reason"))?;
        starts.push(offset);
        if last.as_ref().is_none_or(|(_, furthest)| end > *furthest) {
            last = Some((name, end));
        }
    }
    if let Some((tensor, end)) = last {
        let begin = input.position().next_multiple_of(alignment);
        let end = begin
            .checked_add(end)
            .ok_or(Fault::Nonsense("a tensor beyond reason"))?;
        if end > length {
            return Err(Fault::EndsInData {
                length,
                tensor: printable(&tensor),
                end,
            });
        }
        starts.push(length - begin);
    }
    starts.sort_unstable();
    for one in open {
        let after = starts.partition_point(|start| *start <= one.offset);
        let end = starts.get(after).copied().unwrap_or(one.offset);
        tensors.count_type(&one.name, one.weights, end - one.offset);
    }
    Ok(tensors)
}
