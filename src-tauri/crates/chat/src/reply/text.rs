//! The part of a reply that is the answer: without reasoning blocks, and of bounded length.

/// Bytes of a reply that are read; the answer stands at the end of a long one.
const MOST_BYTES: usize = 1 << 20;
const REASONING: [&str; 4] = ["think", "thinking", "reasoning", "thought"];

/// The text after the last reasoning block. A block that was never closed leaves nothing; one that
/// was opened by the chat template, and so is only closed here, is left out as well.
pub(super) fn answer(reply: &str) -> &str {
    let mut answer = last_bytes(reply);
    // ASCII lowercase keeps every byte position.
    let lower = answer.to_ascii_lowercase();
    let mut start = 0;
    let mut open_from = None;
    for name in REASONING {
        let close = format!("</{name}>");
        if let Some(at) = lower.rfind(&close) {
            start = start.max(at + close.len());
        }
    }
    for name in REASONING {
        let open = format!("<{name}>");
        if let Some(at) = lower.rfind(&open)
            && at >= start
        {
            open_from = Some(open_from.map_or(at, |before: usize| before.min(at)));
        }
    }
    answer = &answer[start..open_from.unwrap_or(answer.len())];
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
    }

    #[test]
    fn an_overlong_reply_is_read_from_a_line_near_its_end() {
        let long = format!("{}é\nlast", "x".repeat(MOST_BYTES));
        assert_eq!(answer(&long), "last");
        let one_line = "é".repeat(MOST_BYTES);
        assert_eq!(answer(&one_line), "");
    }
}
