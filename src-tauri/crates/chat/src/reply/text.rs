//! The part of a reply that is the answer: without reasoning blocks, and of bounded length.

/// Bytes of a reply that are read; the answer stands at the end of a long one.
const MOST_BYTES: usize = 1 << 20;
/// How models mark their reasoning inside their text: what opens it, what closes it. In the words of
/// the models' own chat templates (docs/chat-servers.md), all in lower case.
const REASONING: [(&str, &str); 16] = [
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<reasoning>", "</reasoning>"),
    ("<reason>", "</reason>"),
    ("<|im_start|>think", "<|im_start|>answer"),
    ("<thought>", "</thought>"),
    ("<thoughts>", "</thoughts>"),
    ("<reflection>", "</reflection>"),
    ("<scratchpad>", "</scratchpad>"),
    ("<seed:think>", "</seed:think>"),
    ("[think]", "[/think]"),
    ("◁think▷", "◁/think▷"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("<|start_thinking|>", "<|end_thinking|>"),
    ("<unused94>", "<unused95>"),
    ("<|channel|>analysis", "<|channel|>final<|message|>"),
];
/// Marks at the end of an answer that a server should have kept to itself.
const ENDS: [&str; 5] = [
    "<|return|>",
    "<|end|>",
    "<|im_end|>",
    "<|eot_id|>",
    "<|end_of_text|>",
];

/// The text after the last reasoning block. A block that was never closed leaves nothing; one that
/// was opened by the chat template, and so is only closed here, is left out as well.
pub(super) fn answer(reply: &str) -> &str {
    let answer = last_bytes(reply);
    // ASCII lowercase keeps every byte position.
    let lower = answer.to_ascii_lowercase();
    let closed = REASONING
        .iter()
        .filter_map(|(_, close)| lower.rfind(close).map(|at| at + close.len()));
    let start = closed.max().unwrap_or(0);
    let opened = REASONING
        .iter()
        .filter_map(|(open, _)| lower[start..].find(open).map(|at| at + start));
    let end = opened.min().unwrap_or(answer.len());
    let mut answer = &answer[start..end];
    while let Some(before) = ENDS
        .iter()
        .find_map(|end| answer.trim_end().strip_suffix(end))
    {
        answer = before;
    }
    answer
}

/// The end of an overlong text, from the start of a line: half an object could look like a whole.
fn last_bytes(text: &str) -> &str {
    let Some(mut from) = text.len().checked_sub(MOST_BYTES).filter(|from| *from > 0) else {
        return text;
    };
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let tail = &text[from..];
    tail.find('\n').map_or("", |at| &tail[at + 1..])
}

/// A text of the LLM as it is stored and shown: one line, no control characters, bounded.
pub(super) fn sentence(text: &str, most: usize) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut line: String = words
        .join(" ")
        .chars()
        .filter(|letter| !letter.is_control())
        .take(most + 1)
        .collect();
    if line.chars().count() > most {
        line.pop();
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasoning_is_left_out_however_it_is_marked() {
        assert_eq!(answer("<think>a {</think>b"), "b");
        assert_eq!(answer("a</THINK>b"), "b");
        assert_eq!(answer("<think>a</think><thinking>b</thinking>c"), "c");
        assert_eq!(answer("b<think>never closed"), "b");
        assert_eq!(answer("<think>never closed"), "");
        assert_eq!(answer("no block"), "no block");
        for reply in [
            "[THINK]a {[/THINK]b",
            "◁think▷a◁/think▷b",
            "<|begin_of_thought|>a<|end_of_thought|>b",
            "<|START_THINKING|>a<|END_THINKING|>b",
            "<seed:think>a</seed:think>b",
            "<unused94>thought\na<unused95>b",
            "<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>final<|message|>b<|return|>",
            "b<|im_end|>",
            "b<|begin_of_thought|>never closed",
            "b[THINK]never <think> closed",
        ] {
            assert_eq!(answer(reply), "b", "{reply}");
        }
    }

    #[test]
    fn an_overlong_reply_is_read_from_a_line_near_its_end() {
        let long = format!("{}é\nlast", "x".repeat(MOST_BYTES));
        assert_eq!(answer(&long), "last");
        let one_line = "é".repeat(MOST_BYTES);
        assert_eq!(answer(&one_line), "");
    }
}
