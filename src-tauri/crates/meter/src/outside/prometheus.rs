//! An instant query to a Prometheus server, so that any exporter can be the meter: DCGM's, Kepler's,
//! one's own.
//!
//! The server gives the value of its last scrape, so it lags by up to one interval; and it may go on
//! giving it for minutes after an exporter died, where the exporter stamps its values itself or
//! another server passes them on. So each series that the query reads is asked for the time of its
//! value as well; `timestamp()` around the whole query would tell when it was asked.

mod answer;
mod promql;

use super::http::Http;
use super::refusal::MeterRefusal;
use super::{Reading, Value};
use answer::{Given, Series};
use promql::{MOST_SELECTORS, Query, Sum};
use std::collections::BTreeMap;
use std::time::Duration;
use wattsmith_domain::SensorFault;

/// A time before this (2001) is none that a server would tell.
const EARLIEST: f64 = 1e9;
/// Seconds by which clocks may differ.
const CLOCKS: f64 = 60.0;

/// One query, asked again and again.
pub(super) struct Asked {
    http: Http,
    url: String,
    query: String,
    /// What it reads, or why that cannot be told.
    read: Result<Query, String>,
    /// Its unit counts energy.
    counts: bool,
    /// The stretch that each value is the mean of, as the person said.
    averaging: Option<Duration>,
    /// Values older than this are none.
    stale: Duration,
}

/// How a query's values are to be taken.
pub(super) struct Terms {
    pub(super) counts: bool,
    pub(super) averaging: Option<Duration>,
    pub(super) stale: Duration,
}

impl Asked {
    pub(super) fn new(url: &str, query: &str, terms: Terms) -> Self {
        Self {
            http: Http::new(),
            url: format!("{}/api/v1/query", url.trim_end_matches('/')),
            query: query.to_owned(),
            read: Query::parse(query),
            counts: terms.counts,
            averaging: terms.averaging,
            stale: terms.stale,
        }
    }

    /// What `query` gives, at the server's `time` where one is named.
    fn ask(&self, query: &str, time: Option<f64>) -> Result<Given, MeterRefusal> {
        let time = time.map(|time| format!("{time:.3}"));
        let mut parameters = vec![("query", query)];
        parameters.extend(time.as_deref().map(|time| ("time", time)));
        // A query that is wrong comes back with status 400 and the reason as JSON.
        let answer = self.http.json(&self.url, &parameters, true)?;
        answer::given(&answer).map_err(MeterRefusal::unreadable)
    }

    /// The query's one number, and when it was asked by the server's clock.
    fn single(&self) -> Result<(f64, Option<f64>), MeterRefusal> {
        match self.ask(&self.query, None)? {
            Given::Number(number) => Ok((number, None)),
            Given::Series(series) => match series.as_slice() {
                [one] => Ok((one.value, (one.asked > EARLIEST).then_some(one.asked))),
                [] => Err(MeterRefusal::unreadable(
                    "the query gives nothing: the exporter is down, or the name is wrong",
                )),
                many => Err(self.several(many)),
            },
        }
    }

    fn several(&self, series: &[Series]) -> MeterRefusal {
        let query = &self.query;
        let count = series.len();
        let what = match (each(series), Series::differing(series)) {
            (Some((label, gpus)), labels) if gpus.len() < count => {
                let whose = match gpus.len() {
                    1 => format!("one GPU ({label} {})", gpus.keys().next().unwrap_or(&"")),
                    several => format!("{several} GPUs"),
                };
                let once = once(label, &gpus, query);
                format!(
                    "the query gives {count} series of {whose}, which differ in {}: each is the \
                     same board once more, and adding them would multiply it; ask {once}",
                    labels.join(", ")
                )
            }
            (Some((label, gpus)), _) => format!(
                "the query gives {count} series, one for each of {} GPUs: select one with \
                 {{{label}=\"…\"}}, or add the boards with {}",
                gpus.len(),
                once(label, &gpus, query)
            ),
            (None, labels) => format!(
                "the query gives {count} series, which differ in {}: select one with {{label=\"…\"}}; \
                 add them only if each is a part by itself and none is there twice",
                match labels.is_empty() {
                    true => "no label".to_owned(),
                    false => labels.join(", "),
                }
            ),
        };
        MeterRefusal::new(SensorFault::SeveralValues, what)
    }

    /// A query that looks back tells no power of the moment, and no energy so far.
    fn check_stretch(&self, query: &Query) -> Result<(), MeterRefusal> {
        let longest = query.looks_back.iter().max_by_key(|back| back.stretch);
        let Some(back) = longest else {
            return Ok(());
        };
        let seconds = back.stretch.as_secs_f64();
        let stated = self.averaging.is_some_and(|stated| stated >= back.stretch);
        if stated && !self.counts {
            return Ok(());
        }
        let instead = match back.counts {
            true => format!(
                "ask for the counter {} itself, with its unit (joules): Wattsmith takes the \
                 differences",
                back.series
            ),
            false => format!("ask for {} itself", back.series),
        };
        let what = match self.counts {
            true => format!(
                "{} tells what came together over {seconds:.0} s, which is no energy so far; {instead}",
                back.what
            ),
            false => format!(
                "{} tells the mean of the last {seconds:.0} s, so a window of 12 s would show mostly \
                 what came before it; {instead}. Where there is only the mean, say over how long it \
                 is taken (averaging, {seconds:.0} s or more): windows are then that long, too",
                back.what
            ),
        };
        Err(MeterRefusal::new(SensorFault::Averaged, what))
    }

    /// When each series that the query reads was measured, by selector.
    fn times(
        &self,
        query: &Query,
        time: Option<f64>,
    ) -> Result<Vec<(String, Vec<Series>)>, MeterRefusal> {
        if query.selectors.len() > MOST_SELECTORS {
            return Err(unknown(&format!(
                "it reads {} series, and {MOST_SELECTORS} are looked after at most",
                query.selectors.len()
            )));
        }
        let ask = |selector: &String| {
            let given = self
                .ask(&format!("timestamp({selector})"), time)
                .map_err(|refusal| unknown(&format!("timestamp({selector}): {refusal}")))?;
            match given {
                Given::Series(series) => Ok((selector.clone(), series)),
                Given::Number(_) => Err(unknown(&format!("timestamp({selector}) gives no series"))),
            }
        };
        query.selectors.iter().map(ask).collect()
    }

    /// A sum that counts one GPU more than once is no power.
    fn check_sums(
        &self,
        number: f64,
        query: &Query,
        times: &[(String, Vec<Series>)],
        time: Option<f64>,
    ) -> Result<(), MeterRefusal> {
        for sum in &query.sums {
            let inside = times
                .iter()
                .filter(|(selector, _)| sum.selectors.contains(selector));
            let repeats = inside
                .filter_map(|(_, series)| each(series))
                .find(|(_, gpus)| gpus.values().any(|found| found.len() > 1));
            let Some((label, gpus)) = repeats else {
                continue;
            };
            let Given::Series(added) = self.ask(&sum.of, time)? else {
                continue;
            };
            let once_each = each(&added)
                .is_some_and(|(_, found)| found.values().all(|series| series.len() == 1))
                && added.iter().all(|series| series.gpu().is_some());
            if !once_each {
                return Err(multiplied(number, sum, (label, &gpus), &added));
            }
        }
        Ok(())
    }

    /// The age of the oldest value that the query's number is made of.
    fn age(&self, times: &[(String, Vec<Series>)]) -> Result<Duration, MeterRefusal> {
        let mut oldest: Option<(f64, &str)> = None;
        for (selector, series) in times {
            for one in series {
                let age = one.asked - one.value;
                if one.value < EARLIEST || age < -CLOCKS {
                    return Err(unknown(&format!(
                        "timestamp({selector}) gives {}, which is no time",
                        one.value
                    )));
                }
                if oldest.is_none_or(|(most, _)| age > most) {
                    oldest = Some((age, selector));
                }
            }
        }
        let Some((age, selector)) = oldest else {
            return Err(unknown("no series is behind it that has a time"));
        };
        let most = self.stale.as_secs_f64();
        if age > most {
            return Err(MeterRefusal::new(
                SensorFault::Stale,
                format!(
                    "the newest value of {selector} is {age:.0} s old, more than the {most:.0} s \
                     that three of its periods take: its exporter is gone, or it is scraped less \
                     often than stated (period)"
                ),
            ));
        }
        Ok(Duration::from_secs_f64(age.max(0.0)))
    }
}

impl Reading for Asked {
    fn value(&self) -> Result<Value, MeterRefusal> {
        let (number, time) = self.single()?;
        let query = self.read.as_ref().map_err(|why| {
            unknown(&format!(
                "which series this query reads is not clear ({why})"
            ))
        })?;
        self.check_stretch(query)?;
        // All at the instant of the number itself, so that no scrape lies between them.
        let times = self.times(query, time)?;
        self.check_sums(number, query, &times, time)?;
        Ok(Value {
            age: Some(self.age(&times)?),
            ..Value::of_now(number)
        })
    }
}

/// GPUs by name, each with its values, and the label that names them; none where no label does.
type Gpus<'a> = BTreeMap<&'a str, Vec<f64>>;

fn each(series: &[Series]) -> Option<(&'static str, Gpus<'_>)> {
    let mut gpus = Gpus::new();
    let mut label = None;
    for one in series {
        let (named, gpu) = one.gpu()?;
        label = Some(named);
        gpus.entry(gpu).or_default().push(one.value);
    }
    Some((label?, gpus))
}

/// The query that counts each GPU once.
fn once(label: &str, gpus: &Gpus<'_>, of: &str) -> String {
    match gpus.len() {
        1 => format!("max by ({label}) ({of})"),
        _ => format!("sum(max by ({label}) ({of}))"),
    }
}

fn multiplied(
    number: f64,
    sum: &Sum,
    (label, gpus): (&str, &Gpus<'_>),
    added: &[Series],
) -> MeterRefusal {
    let all: f64 = added.iter().map(|series| series.value).sum();
    let single = each(added).map(|(_, found)| {
        let most = |values: Vec<f64>| values.into_iter().fold(f64::MIN, f64::max);
        found.into_values().map(most).sum::<f64>()
    });
    // Only where the number is that sum and no more.
    let instead = match single {
        Some(single) if (all / number - 1.0).abs() < 0.01 => {
            format!(": {number:.1} where each once makes {single:.1}")
        }
        _ => String::new(),
    };
    let most = gpus.values().map(Vec::len).max().unwrap_or_default();
    MeterRefusal::new(
        SensorFault::SeveralValues,
        format!(
            "sum({}) counts one GPU up to {most} times, because several series have the same {label} \
             ({}){instead}; ask {}",
            sum.of,
            gpus.keys().copied().collect::<Vec<_>>().join(", "),
            once(label, gpus, &sum.of)
        ),
    )
}

/// How old its values are cannot be told.
fn unknown(why: &str) -> MeterRefusal {
    MeterRefusal::new(
        SensorFault::AgeUnknown,
        format!(
            "how old its values are cannot be told, and a server may give one for minutes after its \
             exporter died: {why}"
        ),
    )
}
