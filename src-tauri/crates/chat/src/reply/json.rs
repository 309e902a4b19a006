//! JSON as LLMs write it: comments, single quotes, bare words, commas too many or too few, an end
//! that is missing. Strict JSON reads as what it says; keys keep their order, and double ones stay.

use std::ops::Range;

/// A value. `whole` is false where the text ended before it did.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Object {
        members: Vec<(String, Node)>,
        whole: bool,
    },
    Array {
        items: Vec<Node>,
        whole: bool,
    },
    /// In quotes, or bare words that are no literal.
    Text(String),
    /// As written.
    Number(String),
    Bool(bool),
    Null,
}

/// Why the objects found may not be all that there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    Broken,
    Cut,
    TooDeep,
    TooMany,
}

impl Fault {
    pub fn what(self) -> &'static str {
        match self {
            Self::Broken => "its JSON is broken",
            Self::Cut => "its JSON has no end",
            Self::TooDeep => "its JSON is nested too deeply",
            Self::TooMany => "it holds too many JSON objects",
        }
    }
}

/// What was found in a text.
pub(super) struct Found {
    pub objects: Vec<Node>,
    /// Where the objects stand in the text.
    pub spans: Vec<Range<usize>>,
    pub fault: Option<Fault>,
}

const MOST_DEPTH: usize = 24;
/// Braces that begin no object: set notation, code, templates.
const MOST_FALSE_STARTS: usize = 256;

/// Every outermost object in a text, at most `most`.
pub(super) fn objects(text: &str, most: usize) -> Found {
    let mut objects = Vec::new();
    let mut spans = Vec::new();
    let mut from = 0;
    let mut false_starts = 0;
    let fault = loop {
        let Some(at) = text[from..].find('{').map(|at| from + at) else {
            break None;
        };
        let mut reader = Reader {
            text,
            at,
            cut: false,
        };
        match reader.object(0) {
            Ok(object) => {
                objects.push(object);
                spans.push(at..reader.at);
                from = reader.at;
                if reader.cut {
                    break Some(Fault::Cut);
                }
                if objects.len() > most {
                    break Some(Fault::TooMany);
                }
            }
            Err(Fault::Broken) if text[at..reader.at].contains(':') => break Some(Fault::Broken),
            Err(Fault::Broken) => {
                false_starts += 1;
                if false_starts > MOST_FALSE_STARTS {
                    break Some(Fault::Broken);
                }
                from = at + 1;
            }
            Err(fault) => break Some(fault),
        }
    };
    Found {
        objects,
        spans,
        fault,
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// Whether the text ended inside the value being read.
    cut: bool,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn skip(&mut self, letter: char) -> bool {
        let here = self.peek() == Some(letter);
        if here {
            self.at += letter.len_utf8();
        }
        here
    }

    /// Passes over white space and comments.
    fn space(&mut self) {
        loop {
            let rest = &self.text[self.at..];
            let trimmed = rest.trim_start();
            self.at += rest.len() - trimmed.len();
            let end = if trimmed.starts_with("//") || trimmed.starts_with('#') {
                trimmed.find('\n')
            } else if trimmed.starts_with("/*") {
                trimmed.find("*/").map(|end| end + 2)
            } else {
                return;
            };
            self.at += end.unwrap_or(trimmed.len());
        }
    }

    fn value(&mut self, depth: usize) -> Result<Node, Fault> {
        match self.peek() {
            Some('{') => self.object(depth),
            Some('[') => self.array(depth),
            Some(quote @ ('"' | '\'' | '“')) => self.quoted(quote, false).map(Node::Text),
            _ => self.bare(),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Node, Fault> {
        if depth >= MOST_DEPTH {
            return Err(Fault::TooDeep);
        }
        self.skip('{');
        let mut members = Vec::new();
        loop {
            self.space();
            while self.skip(',') {
                self.space();
            }
            if self.skip('}') {
                return Ok(Node::Object {
                    members,
                    whole: true,
                });
            }
            let Some(key) = self.key()? else { break };
            self.space();
            if !(self.skip(':') || self.skip('=')) {
                if self.peek().is_none() {
                    break;
                }
                return Err(Fault::Broken);
            }
            self.space();
            if self.peek().is_none() {
                break;
            }
            let value = self.value(depth + 1)?;
            // A scalar that the text ended in may be another one; a container says so itself.
            if !self.cut || matches!(value, Node::Object { .. } | Node::Array { .. }) {
                members.push((key, value));
            }
            if self.cut {
                break;
            }
        }
        self.cut = true;
        Ok(Node::Object {
            members,
            whole: false,
        })
    }

    fn array(&mut self, depth: usize) -> Result<Node, Fault> {
        if depth >= MOST_DEPTH {
            return Err(Fault::TooDeep);
        }
        self.skip('[');
        let mut items = Vec::new();
        loop {
            self.space();
            while self.skip(',') {
                self.space();
            }
            if self.skip(']') {
                return Ok(Node::Array { items, whole: true });
            }
            if self.peek().is_none() {
                break;
            }
            let item = self.value(depth + 1)?;
            items.push(item);
            if self.cut {
                break;
            }
        }
        self.cut = true;
        Ok(Node::Array {
            items,
            whole: false,
        })
    }

    /// None at the end of the text.
    fn key(&mut self) -> Result<Option<String>, Fault> {
        match self.peek() {
            None => Ok(None),
            Some(quote @ ('"' | '\'' | '“')) => self.quoted(quote, true).map(Some),
            Some(_) => {
                let rest = &self.text[self.at..];
                let part = |letter: char| letter.is_alphanumeric() || "_-. ".contains(letter);
                let end = rest.find(|letter| !part(letter)).unwrap_or(rest.len());
                let key = rest[..end].trim();
                self.at += end;
                if key.is_empty() {
                    return Err(Fault::Broken);
                }
                Ok(Some(key.to_owned()))
            }
        }
    }

    /// A quote ends a value only where a value can end, so that apostrophes and quotes that should
    /// have been escaped stay inside; a key ends at the first.
    fn quoted(&mut self, quote: char, is_key: bool) -> Result<String, Fault> {
        let end = if quote == '“' { '”' } else { quote };
        self.skip(quote);
        let mut content = String::new();
        while let Some(letter) = self.peek() {
            self.at += letter.len_utf8();
            if letter == '\\' {
                self.escape(&mut content);
            } else if letter == end && (is_key || self.may_end_here()) {
                return Ok(content);
            } else {
                content.push(letter);
            }
        }
        self.cut = true;
        Ok(content)
    }

    fn may_end_here(&self) -> bool {
        let rest = &self.text[self.at..];
        match rest.trim_start().chars().next() {
            None | Some(',' | '}' | ']' | ':' | '=') => true,
            // A comma forgotten at the end of a line, or a comment.
            Some('/' | '#') => true,
            Some(_) => {
                let gap = &rest[..rest.len() - rest.trim_start().len()];
                gap.contains('\n')
            }
        }
    }

    fn escape(&mut self, content: &mut String) {
        let Some(letter) = self.peek() else { return };
        self.at += letter.len_utf8();
        match letter {
            'n' => content.push('\n'),
            't' => content.push('\t'),
            'r' | 'b' | 'f' => content.push(' '),
            'u' => {
                let digits = self.text.get(self.at..self.at + 4);
                let code = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
                if let Some(code) = code {
                    self.at += 4;
                    // Halves of a pair are rare here, and only ever part of prose.
                    content.push(char::from_u32(code).unwrap_or('\u{fffd}'));
                }
            }
            other => content.push(other),
        }
    }

    /// Everything up to a delimiter: a number, a literal or plain words.
    fn bare(&mut self) -> Result<Node, Fault> {
        let rest = &self.text[self.at..];
        let end = rest.find([',', '}', ']', '\n', '{', '[', '"']);
        self.cut = end.is_none();
        let mut word = &rest[..end.unwrap_or(rest.len())];
        self.at += word.len();
        if let Some(comment) = word.find("//").or_else(|| word.find('#')) {
            word = &word[..comment];
        }
        let word = word.trim();
        let is_number = word
            .starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first))
            && word.parse::<f64>().is_ok_and(f64::is_finite);
        Ok(match word {
            "" => return Err(Fault::Broken),
            "true" | "True" => Node::Bool(true),
            "false" | "False" => Node::Bool(false),
            "null" | "None" => Node::Null,
            number if is_number => Node::Number(number.to_owned()),
            words => Node::Text(words.to_owned()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Node {
        let found = objects(text, 9);
        assert_eq!(found.objects.len(), 1, "{text}");
        found.objects[0].clone()
    }

    #[test]
    fn loose_json_reads_like_strict_json() {
        let strict = one(r#"{"a": 4, "b": "it's", "c": [true, null], "d": {"e": -0.5}}"#);
        for loose in [
            r#"{'a': 4, 'b': 'it's', 'c': [True, None,], 'd': {'e': -0.5,},}"#,
            "{a: 4, // four\n b: \"it's\"\n c: [true, null], /* x */ d: {e: -0.5}}",
            r#"so: {“a”: 4, “b”: “it's”, “c”: [true null], "d" = {"e": -0.5}} done"#
                .replace("true null", "true, null")
                .as_str(),
        ] {
            assert_eq!(one(loose), strict, "{loose}");
        }
    }

    #[test]
    fn an_object_that_was_cut_says_so_and_drops_its_last_scalar() {
        let Node::Object { members, whole } = one(r#"{"a": {"b": 1}, "c": 5"#) else {
            panic!("no object")
        };
        assert!(!whole);
        assert_eq!(members.len(), 1);
        let Node::Object { members, .. } = one(r#"{"a": {"b": 1, "c": 2"#) else {
            panic!("no object")
        };
        assert!(matches!(members[0].1, Node::Object { whole: false, .. }));
    }

    #[test]
    fn faults_are_told_apart() {
        let fault = |text: &str| objects(text, 2).fault;
        assert_eq!(fault("{curly} and {braces}"), None);
        assert_eq!(fault(r#"{"a": 1, "b" 2}"#), Some(Fault::Broken));
        assert_eq!(fault(&r#"{"a":"#.repeat(99)), Some(Fault::TooDeep));
        assert_eq!(fault("{a:1} {a:2} {a:3}"), Some(Fault::TooMany));
        assert_eq!(fault(&"{".repeat(5000)), Some(Fault::Broken));
    }
}
