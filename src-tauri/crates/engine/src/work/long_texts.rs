//! Long prompts: texts of some 1,600 words, put together from sentences of our own by a fixed seed, with a
//! question at the end that asks for all of the text.

use super::arrivals::Chance;
use serde::Deserialize;

/// Words of a text, at least.
const WORDS: usize = 1550;
/// Sentences of a paragraph.
const PARAGRAPH: usize = 6;
/// What the first text begins from; the others follow.
const SEED: u64 = 20_260;

/// What texts are made of.
#[derive(Deserialize)]
struct Parts {
    frames: Vec<String>,
    days: Vec<String>,
    months: Vec<String>,
    numbers: Vec<String>,
    texts: Vec<Text>,
}

/// What is a text's own.
#[derive(Deserialize)]
struct Text {
    title: String,
    people: Vec<String>,
    places: Vec<String>,
    things: Vec<String>,
    question: String,
}

/// The prompts, the same wherever and whenever they are made.
pub(super) fn long_prompts() -> Vec<String> {
    // The file is part of the program and parsed by a test.
    let parts: Option<Parts> =
        serde_json::from_str(include_str!("../../data/long-texts.json")).ok();
    let Some(parts) = parts else {
        return Vec::new();
    };
    let texts = (SEED..).zip(&parts.texts);
    texts
        .map(|(seed, text)| prompt(&parts, text, seed))
        .collect()
}

fn prompt(parts: &Parts, text: &Text, seed: u64) -> String {
    let mut chance = Chance(seed);
    let mut prompt = format!("{}\n\n", text.title);
    let mut words = 0;
    let mut sentences = 0;
    let mut order: Vec<usize> = Vec::new();
    while words < WORDS && !parts.frames.is_empty() {
        if order.is_empty() {
            order = shuffled(parts.frames.len(), &mut chance);
        }
        let frame = order.pop().unwrap_or_default();
        let sentence = filled(&parts.frames[frame], parts, text, &mut chance);
        words += sentence.split_whitespace().count();
        prompt.push_str(&sentence);
        sentences += 1;
        prompt.push_str(match sentences % PARAGRAPH {
            0 => "\n\n",
            _ => " ",
        });
    }
    format!("{}\n\n{}", prompt.trim_end(), text.question)
}

/// A sentence with something in each of its gaps, and a capital letter in front.
fn filled(frame: &str, parts: &Parts, text: &Text, chance: &mut Chance) -> String {
    let mut sentence = String::new();
    let mut rest = frame;
    while let Some((before, behind)) = rest.split_once('{') {
        let (gap, behind) = behind.split_once('}').unwrap_or((behind, ""));
        sentence.push_str(before);
        let of: &[String] = match gap {
            "day" => &parts.days,
            "month" => &parts.months,
            "number" => &parts.numbers,
            "person" => &text.people,
            "place" => &text.places,
            _ => &text.things,
        };
        sentence.push_str(of.get(chance.below(of.len())).map_or("", String::as_str));
        rest = behind;
    }
    sentence.push_str(rest);
    let mut letters = sentence.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => sentence,
    }
}

fn shuffled(count: usize, chance: &mut Chance) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    for at in (1..count).rev() {
        order.swap(at, chance.below(at + 1));
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_long_and_each_is_its_own() {
        let prompts = long_prompts();
        assert_eq!(prompts.len(), 8);
        for prompt in &prompts {
            let words = prompt.split_whitespace().count();
            assert!((1500..2000).contains(&words), "{words}");
            assert!(!prompt.contains(['{', '}']), "{prompt}");
        }
        let begin = prompts[0].chars().take(700).collect::<String>();
        insta::assert_snapshot!(begin);
        assert_eq!(prompts, long_prompts());
    }
}
