//! What a query asks for: the series it reads, the stretches it averages over, and what it adds.

use promql_parser::parser::{
    self, AggregateExpr, Call, Expr, MatrixSelector, SubqueryExpr, VectorSelector,
};
use std::time::Duration;

/// Selectors in one query that are looked after; one with more is refused.
pub(super) const MOST_SELECTORS: usize = 16;

/// A query, taken apart.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Query {
    /// Every series that it reads, each once, as the newest value: `power{gpu="0"}`.
    pub(super) selectors: Vec<String>,
    /// What looks back over a stretch of time.
    pub(super) looks_back: Vec<Back>,
    /// What `sum` adds, and by which series it is made of.
    pub(super) sums: Vec<Sum>,
}

/// Something that tells no value of the moment.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Back {
    /// Such as `rate(power_joules_total[1m])`, or a recorded series' name.
    pub(super) what: String,
    /// How far it looks back.
    pub(super) stretch: Duration,
    /// The series itself.
    pub(super) series: String,
    /// Whether that series counts, so that its differences are what is wanted.
    pub(super) counts: bool,
}

/// What a `sum` adds.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sum {
    /// The expression between its brackets.
    pub(super) of: String,
    /// The selectors in it.
    pub(super) selectors: Vec<String>,
}

/// Functions whose result is how much a counter grew.
const OF_COUNTERS: [&str; 3] = ["rate", "irate", "increase"];
/// Functions over a stretch that give its newest value as it is.
const NEWEST: [&str; 1] = ["last_over_time"];
/// Words that recorded series end with where they are such: `instance:power:rate5m`.
const RECORDED: [&str; 7] = ["rate", "irate", "increase", "avg", "mean", "delta", "deriv"];

impl Query {
    /// # Errors
    /// It cannot be read here.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let expression = parser::parse(text)?;
        let mut query = Self::default();
        query.look(&expression);
        query.selectors.sort();
        query.selectors.dedup();
        Ok(query)
    }

    fn look(&mut self, expression: &Expr) {
        match expression {
            Expr::Aggregate(AggregateExpr {
                op, expr, param, ..
            }) => {
                if op.to_string() == "sum" {
                    let mut inner = Self::default();
                    inner.look(expr);
                    inner.selectors.sort();
                    inner.selectors.dedup();
                    self.sums.push(Sum {
                        of: expr.to_string(),
                        selectors: inner.selectors,
                    });
                }
                self.look(expr);
                if let Some(param) = param {
                    self.look(param);
                }
            }
            Expr::Unary(unary) => self.look(&unary.expr),
            Expr::Binary(binary) => {
                self.look(&binary.lhs);
                self.look(&binary.rhs);
            }
            Expr::Paren(paren) => self.look(&paren.expr),
            Expr::Subquery(subquery) => self.look(&subquery.expr),
            Expr::VectorSelector(selector) => self.read(selector),
            Expr::MatrixSelector(matrix) => self.read(&matrix.vs),
            Expr::Call(call) => self.call(call, expression),
            Expr::NumberLiteral(_) | Expr::StringLiteral(_) | Expr::Extension(_) => {}
        }
    }

    fn read(&mut self, selector: &VectorSelector) {
        let text = selector.to_string();
        if let Some(stretch) = recorded(selector.name.as_deref().unwrap_or_default()) {
            self.looks_back.push(Back {
                what: text.clone(),
                stretch,
                series: "the series that it is recorded from".to_owned(),
                counts: false,
            });
        }
        self.selectors.push(text);
    }

    fn call(&mut self, call: &Call, whole: &Expr) {
        for argument in &call.args.args {
            if !NEWEST.contains(&call.func.name)
                && let Some((stretch, series)) = stretch(argument)
            {
                self.looks_back.push(Back {
                    what: whole.to_string(),
                    stretch,
                    series,
                    counts: OF_COUNTERS.contains(&call.func.name),
                });
            }
            self.look(argument);
        }
    }
}

/// How far an argument that is a range looks back, and over what.
fn stretch(argument: &Expr) -> Option<(Duration, String)> {
    match argument {
        Expr::MatrixSelector(MatrixSelector { vs, range }) => Some((*range, vs.to_string())),
        Expr::Subquery(SubqueryExpr { expr, range, .. }) => Some((*range, expr.to_string())),
        Expr::Paren(paren) => stretch(&paren.expr),
        _ => None,
    }
}

/// The stretch that the name of a recorded series tells: 5 minutes for `instance:power:rate5m`.
fn recorded(name: &str) -> Option<Duration> {
    let last = name.rsplit_once(':')?.1;
    let digits = last.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit = &last[digits.len()..];
    let words = digits.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let count: u32 = digits[words.len()..].parse().ok()?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return None,
    };
    let words: Vec<&str> = words.split('_').filter(|word| !word.is_empty()).collect();
    let over_time = words.ends_with(&["over", "time"]);
    let named = words.last().is_some_and(|last| RECORDED.contains(last));
    (named || over_time).then(|| Duration::from_secs(1) * count.saturating_mul(seconds))
}

#[cfg(test)]
#[path = "promql_tests.rs"]
mod tests;
