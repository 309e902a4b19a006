//! From a template and a context to a prompt: strict about names, careful with foreign text.

use crate::context::{HISTORY_ROWS, PromptContext};
use crate::tokens::tokens_about;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Error, UndefinedBehavior, Value};

/// Steps that a template may take: ample for a prompt, and an end to loops that have none.
const FUEL: u64 = 500_000;
/// Characters that stay of the person's feedback, and of every other text.
const FEEDBACK_CHARS: usize = 4_000;
const TEXT_CHARS: usize = 600;

/// Why a template cannot be read, stored or rendered.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// No such template.
    #[error("there is no template called {name}; there are {}", known.join(" and "))]
    NotFound {
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
    /// The text is no template.
    #[error("line {line}: {what}; correct it there, or restore the built-in template")]
    Syntax {
        /// From 1.
        line: usize,
        /// What is wrong.
        what: String,
    },
    /// The template asks for something that a prompt does not know.
    #[error("line {line}: there is no {name} here; {hint}")]
    UnknownPlaceholder {
        /// From 1.
        line: usize,
        /// As the template writes it.
        name: String,
        /// What to do.
        hint: String,
    },
    /// It is longer than a template may be.
    #[error("the template has {bytes} bytes; {most} are allowed, shorten it")]
    TooLong {
        /// Its size.
        bytes: usize,
        /// The limit.
        most: usize,
    },
    /// Its file cannot be read or written.
    #[error("the template file {path} cannot be used: {source}; check that the folder is writable")]
    File {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Renders a template so that the prompt has at most about `most_tokens` tokens, as
/// [`tokens_about`] counts: rows of the history are left out, down to three, until it fits. What
/// still does not fit is given as it is; the server then refuses it or cuts it.
///
/// # Errors
/// As [`render`].
pub fn render_within(
    template: &str,
    context: &PromptContext,
    most_tokens: u64,
) -> Result<String, TemplateError> {
    let mut rows = HISTORY_ROWS.min(context.history.len());
    loop {
        let mut shorter = context.clone();
        shorter.condense(rows);
        let prompt = render(template, &shorter)?;
        if tokens_about(&prompt) <= most_tokens || rows <= 3 {
            return Ok(prompt);
        }
        rows = rows * 3 / 4;
    }
}

/// Renders a template. The history is condensed to [`HISTORY_ROWS`], and foreign text is cleaned:
/// control characters go, marks that a chat format or a code fence gives a meaning are broken up,
/// and only the person's feedback keeps its lines (the templates quote them).
///
/// # Errors
/// [`TemplateError::Syntax`] or [`TemplateError::UnknownPlaceholder`], with the line.
pub fn render(template: &str, context: &PromptContext) -> Result<String, TemplateError> {
    let environment = environment();
    let compiled = environment
        .template_from_str(template)
        .map_err(|error| explain(&error, template))?;
    compiled
        .render(values(context))
        .map(|prompt| tidy(&prompt))
        .map_err(|error| explain(&error, template))
}

/// The environment in which every template runs.
pub(crate) fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    // Without it an error names no place in the text.
    environment.set_debug(true);
    // Lines that hold only a block leave no line behind. Only foreign delimiters can be refused.
    let mut syntax = SyntaxConfig::builder();
    if let Ok(syntax) = syntax.trim_blocks(true).lstrip_blocks(true).build() {
        environment.set_syntax(syntax);
    }
    environment.set_fuel(Some(FUEL));
    environment.add_filter("sig", significant);
    environment.add_filter("quoted", |text: String| {
        format!("\"{}\"", text.replace('"', "'"))
    });
    environment.add_filter("quote", |text: String| {
        text.lines()
            .map(|line| format!("> {line}"))
            .collect::<Vec<_>>()
            .join("\n")
    });
    environment
}

/// The cleaned context, as the template sees it.
pub(crate) fn values(context: &PromptContext) -> Value {
    let mut context = context.clone();
    context.condense(HISTORY_ROWS);
    let said = context
        .feedback
        .as_ref()
        .map(|said| clean(&said.text, FEEDBACK_CHARS, true));
    let question = clean(&context.question, FEEDBACK_CHARS, true);
    // Everything in a context can be serialised; a failure would leave a template without names,
    // which strict rendering reports.
    let mut tree = serde_json::to_value(&context).unwrap_or_default();
    clean_tree(&mut tree);
    if let (Some(said), Some(feedback)) = (said, tree.get_mut("feedback")) {
        feedback["text"] = said.into();
    }
    tree["question"] = question.into();
    Value::from(Serde(&tree))
}

fn clean_tree(tree: &mut serde_json::Value) {
    match tree {
        serde_json::Value::String(text) => *text = clean(text, TEXT_CHARS, false),
        serde_json::Value::Array(items) => items.iter_mut().for_each(clean_tree),
        serde_json::Value::Object(fields) => fields.values_mut().for_each(clean_tree),
        _ => {}
    }
}

fn clean(text: &str, most: usize, lines: bool) -> String {
    let mut cleaned = String::with_capacity(text.len().min(most));
    for (count, letter) in text.chars().enumerate() {
        if count == most {
            cleaned.push('…');
            break;
        }
        match letter {
            '\n' if lines => cleaned.push('\n'),
            '\n' | '\t' => cleaned.push(' '),
            // Directions and invisible marks: what the person sees must be what the LLM reads.
            '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
            | '\u{feff}' => {}
            letter if letter.is_control() => {}
            letter => cleaned.push(letter),
        }
    }
    cleaned
        .replace("```", "'''")
        .replace("<|", "< |")
        .replace("|>", "| >")
        .replace("</s>", "< /s>")
        .trim()
        .to_owned()
}

/// A number with so many significant digits, without an exponent: 0.2283 → `0.228`.
fn significant(number: f64, digits: Option<u32>) -> String {
    let digits = i32::try_from(digits.unwrap_or(3)).unwrap_or(3);
    if number == 0.0 || !number.is_finite() {
        return number.to_string();
    }
    let magnitude = number.abs().log10().floor() as i32;
    let decimals = usize::try_from((digits - 1 - magnitude).clamp(0, 12)).unwrap_or(0);
    format!("{number:.decimals$}")
}

/// No more than one empty line in a row, none at the ends but the last line break.
fn tidy(prompt: &str) -> String {
    let mut tidied = String::with_capacity(prompt.len());
    let mut empty = 0;
    for line in prompt.trim().lines() {
        let line = line.trim_end();
        empty = if line.is_empty() { empty + 1 } else { 0 };
        if empty < 2 {
            tidied.push_str(line);
            tidied.push('\n');
        }
    }
    tidied
}

/// The error of the template engine, with the line and the name at fault.
pub(crate) fn explain(error: &Error, template: &str) -> TemplateError {
    let line = error.line().unwrap_or(1);
    let at_fault = error
        .range()
        .and_then(|range| template.get(range))
        .map(str::trim)
        .filter(|text| !text.is_empty());
    if error.kind() == minijinja::ErrorKind::UndefinedError {
        return TemplateError::UnknownPlaceholder {
            line,
            name: at_fault.unwrap_or("such name").to_owned(),
            hint: "correct the name, or where it is not always there write {% if … %} around it"
                .to_owned(),
        };
    }
    let what = match (error.kind(), error.detail()) {
        (minijinja::ErrorKind::OutOfFuel, _) => "it has no end, or a very late one".to_owned(),
        (_, Some(detail)) => detail.to_owned(),
        (kind, None) => kind.to_string(),
    };
    TemplateError::Syntax { line, what }
}
