//! One knob of a catalogue, checked as far as that goes without a machine, and what becomes of it on
//! one.

use super::About;
use super::fault::CatalogueFault;
use super::file::{FileParameter, Given, KindWord, MoreOptions, Told};
use super::limits::{core_masks, cores_in_words, masks_in_words, within};
use super::reading::Reading;
use super::versions::Version;
use super::words::{Bound, BoundedBy, EVERY_CORE, Levels, Options, When, Word, thread_counts};
use serde_spanned::Spanned;
use std::ops::Range;
use wattsmith_domain::{Kind, Machine, Parameter, Tell, Value};

/// One knob.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) name: String,
    kind: EntryKind,
    default: EntryDefault,
    /// Where there is no GPU, if that is another.
    default_without_gpu: Option<EntryDefault>,
    told: Tell,
    /// How builds that lack that are told, the newest first.
    formerly: Vec<Tell>,
    effect: String,
    danger: String,
    changes_output: bool,
    when: Option<When>,
    since: Option<Version>,
    until: Option<Version>,
    pub(crate) bounded_by: Option<BoundedBy>,
    pub(crate) read: Option<Reading>,
}

#[derive(Debug, Clone, PartialEq)]
enum EntryKind {
    Int {
        min: Int,
        max: Int,
        levels: IntLevels,
    },
    Float {
        min: f64,
        max: f64,
        levels: Vec<f64>,
    },
    Bool,
    Choice(Options, Option<MoreOptions>),
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Int {
    Fixed(i64),
    Word(Word),
}

impl Int {
    fn on(self, machine: &Machine) -> i64 {
        match self {
            Self::Fixed(number) => number,
            Self::Word(word) => word.on(machine),
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
enum IntLevels {
    List(Vec<Int>),
    ThreadCounts,
}

#[derive(Debug, Clone, PartialEq)]
enum EntryDefault {
    Value(Value),
    Word(Word),
    EveryCore,
}

impl Entry {
    /// The knob on this machine, with this model and this build; none where it is not to be had.
    pub(crate) fn parameter(&self, about: &About<'_>) -> Option<Parameter> {
        let machine = about.machine;
        if self.when.is_some_and(|when| !when.holds(about)) || !self.is_in(about.version) {
            return None;
        }
        let mut ways = std::iter::once(&self.told).chain(&self.formerly);
        let told = ways.find(|told| about.flags.is_none_or(|flags| flags.can_tell(told)))?;
        let kind = match &self.kind {
            EntryKind::Int { min, max, levels } => {
                let (min, max) = (min.on(machine), max.on(machine));
                let mut levels = match levels {
                    IntLevels::ThreadCounts => thread_counts(machine),
                    IntLevels::List(levels) => levels.iter().map(|one| one.on(machine)).collect(),
                };
                levels.retain(|level| (min..=max).contains(level));
                levels.dedup();
                Kind::Int { min, max, levels }
            }
            EntryKind::Float { min, max, levels } => Kind::Float {
                min: *min,
                max: *max,
                levels: levels.clone(),
            },
            EntryKind::Bool => Kind::Bool,
            EntryKind::Choice(options, more) => Kind::Choice {
                options: match options {
                    Options::CoreMasks => core_masks(machine)?,
                    Options::List(options) => {
                        let more = more.iter().filter(|more| more.when.holds(about));
                        let more = more.flat_map(|more| &more.options);
                        options.iter().chain(more).cloned().collect()
                    }
                },
            },
        };
        let mut parameter = Parameter {
            name: self.name.clone(),
            default: match self.default_on(machine) {
                EntryDefault::Value(value) => value.clone(),
                EntryDefault::Word(word) => Value::Int(word.on(machine)),
                EntryDefault::EveryCore => kind.levels().first()?.clone(),
            },
            kind,
            told: told.clone(),
            effect: self.effect.clone(),
            danger: self.danger.clone(),
            changes_output: self.changes_output,
        };
        match self.bounded_by {
            Some(BoundedBy::Cores) => parameter.danger.push_str(&cores_in_words(machine)),
            Some(BoundedBy::ModelContext) => within(&mut parameter, about.context_limit),
            None => {}
        }
        if matches!(self.kind, EntryKind::Choice(Options::CoreMasks, _)) {
            parameter.effect.push_str(&masks_in_words(machine));
        }
        Some(parameter)
    }

    fn default_on(&self, machine: &Machine) -> &EntryDefault {
        let without = self.default_without_gpu.as_ref();
        without
            .filter(|_| machine.gpus.is_empty())
            .unwrap_or(&self.default)
    }

    /// Whether this version has the knob; one that is not known has them all.
    fn is_in(&self, version: Option<&str>) -> bool {
        let Some(version) = version.and_then(Version::find) else {
            return true;
        };
        let early = self.since.as_ref().is_some_and(|since| version < *since);
        let late = self.until.as_ref().is_some_and(|until| version >= *until);
        !early && !late
    }

    /// Checks what a file says of a knob.
    pub(crate) fn read(text: &str, file: FileParameter) -> Result<Self, CatalogueFault> {
        let name = file.name.get_ref().clone();
        let fault = |place: Range<usize>, what: String| Err(CatalogueFault::at(text, place, what));
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_' || c == '.';
        if name.is_empty() || !name.chars().all(allowed) {
            return fault(
                file.name.span(),
                "a name is made of letters, digits, hyphens, underscores and points".into(),
            );
        }
        let number = matches!(file.kind.get_ref(), KindWord::Int | KindWord::Float);
        let out_of_place = [
            (file.min.as_ref().map(Spanned::span), number),
            (file.max.as_ref().map(Spanned::span), number),
            (file.levels.as_ref().map(Spanned::span), number),
            (
                file.options.as_ref().map(Spanned::span),
                *file.kind.get_ref() == KindWord::Choice,
            ),
            (
                file.more_options.as_ref().map(Spanned::span),
                *file.kind.get_ref() == KindWord::Choice,
            ),
        ];
        for (place, belongs) in out_of_place {
            if let Some(place) = place.filter(|_| !belongs) {
                return fault(place, format!("{name} is of a kind that has no such key"));
            }
        }
        let kind = match file.kind.get_ref() {
            KindWord::Bool => EntryKind::Bool,
            KindWord::Choice => match file.options.as_ref().map(Spanned::get_ref) {
                Some(options) if *options != Options::List(Vec::new()) => EntryKind::Choice(
                    options.clone(),
                    file.more_options
                        .as_ref()
                        .map(|more| more.get_ref().clone()),
                ),
                _ => {
                    return fault(
                        file.kind.span(),
                        format!("{name} needs options to choose from"),
                    );
                }
            },
            KindWord::Int | KindWord::Float => {
                let (Some(min), Some(max), Some(levels)) = (&file.min, &file.max, &file.levels)
                else {
                    return fault(
                        file.kind.span(),
                        format!("{name} needs min, max and levels"),
                    );
                };
                match file.kind.get_ref() {
                    KindWord::Int => int_kind(text, min, max, levels)?,
                    _ => float_kind(text, min, max, levels)?,
                }
            }
        };
        let default = default_of(text, &kind, &file.default)?;
        let without = file.default_without_gpu.as_ref();
        let without = without.map(|given| default_of(text, &kind, given));
        check_levels(text, &kind, file.levels.as_ref())?;
        let read = match &file.read {
            None => None,
            Some(read) => Some(
                Reading::of(read.get_ref())
                    .map_err(|what| CatalogueFault::at(text, read.span(), what))?,
            ),
        };
        let tell = |told: &Spanned<Told>| told_of(text, &kind, told);
        let formerly = file.formerly.iter().map(tell).collect::<Result<_, _>>()?;
        let told = tell(&file.told)?;
        if let Some(bound) = &file.bounded_by
            && !matches!(kind, EntryKind::Int { .. })
        {
            return fault(bound.span(), "only whole numbers are bounded so".into());
        }
        Ok(Self {
            kind,
            default,
            default_without_gpu: without.transpose()?,
            told,
            formerly,
            effect: file.effect,
            danger: file.danger.sentence(),
            changes_output: file.changes_output,
            when: file.when,
            since: Version::read(text, file.since.as_ref())?,
            until: Version::read(text, file.until.as_ref())?,
            bounded_by: file.bounded_by.map(Spanned::into_inner),
            read,
            name,
        })
    }
}

/// How a knob of this kind is told.
fn told_of(text: &str, kind: &EntryKind, told: &Spanned<Told>) -> Result<Tell, CatalogueFault> {
    let fault = |what: &str| Err(CatalogueFault::at(text, told.span(), what));
    Ok(match told.get_ref() {
        Told::Flag(flag) => Tell::Flag { flag: flag.clone() },
        Told::Optional(flag) => Tell::Optional { flag: flag.clone() },
        Told::Variable(variable) => Tell::Variable {
            variable: variable.clone(),
        },
        Told::Field(field) => Tell::Field {
            field: field.clone(),
        },
        Told::Product(product) => Tell::Product {
            flag: product.flag.clone(),
            factor: product.factor.clone(),
        },
        Told::Switch(_) if *kind != EntryKind::Bool => {
            return fault("a switch is for knobs of the kind bool");
        }
        Told::Switch(switch) => Tell::Switch {
            on: switch.on.clone(),
            off: switch.off.clone(),
        },
        Told::Words(words) => match kind {
            EntryKind::Choice(Options::List(options), _)
                if options.iter().all(|option| words.contains_key(option)) =>
            {
                Tell::Words {
                    words: words.clone(),
                }
            }
            _ => return fault("words are for a choice, one for each option"),
        },
    })
}

fn int(text: &str, bound: Bound, place: Range<usize>) -> Result<Int, CatalogueFault> {
    match bound {
        Bound::Int(number) => Ok(Int::Fixed(number)),
        Bound::Word(word) => Ok(Int::Word(word)),
        Bound::Float(_) => Err(CatalogueFault::at(
            text,
            place,
            "this has to be a whole number",
        )),
    }
}

fn float(text: &str, bound: Bound, place: Range<usize>) -> Result<f64, CatalogueFault> {
    match bound {
        Bound::Int(number) => Ok(number as f64),
        Bound::Float(number) => Ok(number),
        Bound::Word(_) => Err(CatalogueFault::at(text, place, "this has to be a number")),
    }
}

fn int_kind(
    text: &str,
    min: &Spanned<Bound>,
    max: &Spanned<Bound>,
    levels: &Spanned<Levels>,
) -> Result<EntryKind, CatalogueFault> {
    let (least, most) = (
        int(text, *min.get_ref(), min.span())?,
        int(text, *max.get_ref(), max.span())?,
    );
    if let (Int::Fixed(least), Int::Fixed(most)) = (least, most)
        && least > most
    {
        return Err(CatalogueFault::at(text, max.span(), "max is less than min"));
    }
    let levels = match levels.get_ref() {
        Levels::ThreadCounts => IntLevels::ThreadCounts,
        Levels::List(list) => {
            let read = |one: &Bound| int(text, *one, levels.span());
            IntLevels::List(list.iter().map(read).collect::<Result<_, _>>()?)
        }
    };
    Ok(EntryKind::Int {
        min: least,
        max: most,
        levels,
    })
}

fn float_kind(
    text: &str,
    min: &Spanned<Bound>,
    max: &Spanned<Bound>,
    levels: &Spanned<Levels>,
) -> Result<EntryKind, CatalogueFault> {
    let (least, most) = (
        float(text, *min.get_ref(), min.span())?,
        float(text, *max.get_ref(), max.span())?,
    );
    if least > most {
        return Err(CatalogueFault::at(text, max.span(), "max is less than min"));
    }
    let Levels::List(list) = levels.get_ref() else {
        return Err(CatalogueFault::at(
            text,
            levels.span(),
            "this has to be a list of numbers",
        ));
    };
    let read = |one: &Bound| float(text, *one, levels.span());
    Ok(EntryKind::Float {
        min: least,
        max: most,
        levels: list.iter().map(read).collect::<Result<_, _>>()?,
    })
}

/// Levels lie within the bounds as far as both are written down, and rise.
fn check_levels(
    text: &str,
    kind: &EntryKind,
    levels: Option<&Spanned<Levels>>,
) -> Result<(), CatalogueFault> {
    let Some(levels) = levels else { return Ok(()) };
    let fault = |what: &str| Err(CatalogueFault::at(text, levels.span(), what));
    let numbers: Vec<f64> = match kind {
        EntryKind::Float { levels, .. } => levels.clone(),
        EntryKind::Int {
            levels: IntLevels::List(levels),
            ..
        } => {
            let fixed = levels.iter().filter_map(|level| match level {
                Int::Fixed(number) => Some(*number as f64),
                Int::Word(_) => None,
            });
            fixed.collect()
        }
        _ => return Ok(()),
    };
    if numbers.is_empty() {
        return fault("at least one level is needed");
    }
    if numbers.windows(2).any(|pair| pair[0] >= pair[1]) {
        return fault("levels rise, each once");
    }
    let (least, most) = match kind {
        EntryKind::Float { min, max, .. } => (*min, *max),
        EntryKind::Int { min, max, .. } => (
            if let Int::Fixed(number) = min {
                *number as f64
            } else {
                f64::NEG_INFINITY
            },
            if let Int::Fixed(number) = max {
                *number as f64
            } else {
                f64::INFINITY
            },
        ),
        _ => return Ok(()),
    };
    match numbers.iter().all(|level| (least..=most).contains(level)) {
        true => Ok(()),
        false => fault("a level lies outside min and max"),
    }
}

fn default_of(
    text: &str,
    kind: &EntryKind,
    default: &Spanned<Given>,
) -> Result<EntryDefault, CatalogueFault> {
    let Given(value) = default.get_ref();
    let within = |number: i64, min: &Int, max: &Int| {
        let above = !matches!(min, Int::Fixed(min) if number < *min);
        above && !matches!(max, Int::Fixed(max) if number > *max)
    };
    let read = match (kind, value) {
        (EntryKind::Int { .. }, Value::Choice(word)) => Word::read(word).map(EntryDefault::Word),
        (EntryKind::Int { min, max, .. }, Value::Int(number)) if within(*number, min, max) => {
            Some(EntryDefault::Value(value.clone()))
        }
        (EntryKind::Float { min, max, .. }, Value::Int(_) | Value::Float(_)) => {
            let number = match value {
                Value::Int(number) => *number as f64,
                Value::Float(number) => *number,
                _ => f64::NAN,
            };
            (*min..=*max)
                .contains(&number)
                .then_some(EntryDefault::Value(Value::Float(number)))
        }
        (EntryKind::Bool, Value::Bool(_)) => Some(EntryDefault::Value(value.clone())),
        (EntryKind::Choice(Options::CoreMasks, _), Value::Choice(word)) => {
            (word == EVERY_CORE).then_some(EntryDefault::EveryCore)
        }
        (EntryKind::Choice(Options::List(options), _), Value::Choice(word))
            if options.contains(word) =>
        {
            Some(EntryDefault::Value(value.clone()))
        }
        _ => None,
    };
    read.ok_or_else(|| {
        CatalogueFault::at(
            text,
            default.span(),
            format!("{value} is no value of this knob"),
        )
    })
}
