//! Which work a plan means: a shipped workload, in a size of the person's own where they say so.

use crate::error::TunerError;
use wattsmith_domain::{Arrivals, PictureTask, WorkUnit, Workload};
use wattsmith_engine::{
    Protocol, Server, of_prompts, picture_workload, picture_workloads, with_arrivals, workloads,
};

/// Requests that may be open together: each is a connection.
const MOST_AT_ONCE: u32 = 500;

/// A person's own size of a workload. What is left out stays as the workload has it. Work of one's
/// own size is taken as it is: where it does not fill a window, the figure carries a warning.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct WorkSize {
    /// Requests in a window, at least 1.
    pub requests: Option<u32>,
    /// Clients that send at the same time, at least 1.
    pub concurrency: Option<u32>,
    /// Tokens of each answer, at least 2.
    pub output_tokens: Option<u32>,
    /// When requests are sent.
    pub arrivals: Option<Arrivals>,
}

/// A person's own pictures. What is left out stays as the workload has it; steps and guidance are
/// settings of the server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PictureChoice {
    /// Prompts.
    pub prompts: Vec<String>,
    /// Seeds: a picture of every prompt for each.
    pub seeds: Vec<u32>,
    /// Width and height, pixels, multiples of 8.
    pub size: Option<(u32, u32)>,
    /// The server's name of a sampler.
    pub sampler: Option<String>,
}

impl WorkSize {
    /// The name of work in a size of its own.
    pub(crate) const NAME: &str = Workload::OF_OWN_SIZE;

    fn apply(self, named: Workload) -> Result<Workload, TunerError> {
        if self == Self::default() {
            return Ok(named);
        }
        self.check()?;
        let requests = self.requests.unwrap_or(named.requests);
        // Who says how many clients wait for answers wants some that do.
        let unsaid = match self.concurrency {
            Some(_) => Arrivals::Clients,
            None => named.arrivals,
        };
        let arrivals = self.arrivals.unwrap_or(unsaid);
        let concurrency = match arrivals {
            Arrivals::Clients => self.concurrency.unwrap_or(named.concurrency),
            Arrivals::All | Arrivals::Poisson { .. } if requests <= MOST_AT_ONCE => requests,
            Arrivals::All | Arrivals::Poisson { .. } => {
                return Err(TunerError::Invalid(format!(
                    "{requests} requests may all be open at once, and at most {MOST_AT_ONCE} are. Ask for \
                     fewer, or let clients send them."
                )));
            }
            Arrivals::Timestamps => {
                return Err(TunerError::Invalid(
                    "Only a file of work says when its requests arrive. Name one, or choose other arrivals: \
                     all, clients or poisson:RATE."
                        .to_owned(),
                ));
            }
        };
        let tokens = self.output_tokens.unwrap_or(named.output_tokens);
        let sized = of_prompts(Self::NAME, named.prompts, (requests, concurrency, tokens));
        Ok(with_arrivals(&sized, arrivals))
    }

    /// What no work can have, whatever it is.
    pub(crate) fn check(self) -> Result<(), TunerError> {
        let least = [
            (self.requests, 1),
            (self.concurrency, 1),
            (self.output_tokens, 2),
        ];
        let too_little = |(said, least): (Option<u32>, u32)| said.is_some_and(|said| said < least);
        if least.into_iter().any(too_little) {
            return Err(TunerError::Invalid(
                "A workload needs at least one request, one client and two tokens for each answer."
                    .to_owned(),
            ));
        }
        match (self.concurrency, self.arrivals) {
            (Some(_), Some(arrivals)) if !arrivals.is_clients() => {
                Err(TunerError::Invalid(format!(
                    "With the arrivals {arrivals} no clients wait for their answers, so a number of clients has \
                 no effect. Leave it out."
                )))
            }
            _ => Ok(()),
        }
    }
}

impl PictureChoice {
    fn apply(&self, named: Workload) -> Result<Workload, TunerError> {
        let Some(task) = named.pictures.as_ref().filter(|_| *self != Self::default()) else {
            return Ok(named);
        };
        let or = |own: &[String], other: &[String]| match own {
            [] => other.to_vec(),
            own => own.to_vec(),
        };
        let (width, height) = self.size.unwrap_or((task.width, task.height));
        let wrong = |side: u32| !(8..=8192).contains(&side) || !side.is_multiple_of(8);
        if wrong(width) || wrong(height) {
            return Err(TunerError::Invalid(format!(
                "Pictures of {width} × {height} cannot be made: each side is a multiple of 8 from 8 to \
                 8192."
            )));
        }
        let mut seeds = self.seeds.clone();
        if seeds.is_empty() {
            seeds.clone_from(&task.seeds);
        }
        let mut distinct = seeds.clone();
        distinct.sort_unstable();
        distinct.dedup();
        if distinct.len() < seeds.len() {
            return Err(TunerError::Invalid(
                "Each seed may be named once: the same one makes the same picture.".to_owned(),
            ));
        }
        let own = PictureTask {
            prompts: or(&self.prompts, &task.prompts),
            seeds,
            width,
            height,
            sampler: self.sampler.clone().unwrap_or_else(|| task.sampler.clone()),
            ..task.clone()
        };
        Ok(picture_workload(WorkSize::NAME, own))
    }
}

/// What the server does.
pub(crate) fn unit_of(server: &dyn Server) -> WorkUnit {
    match server.protocol() {
        Protocol::Images(_) => WorkUnit::Image,
        _ => WorkUnit::OutputToken,
    }
}

/// The work that is meant for this server by a name, a size and a choice of pictures. `usual` is the name
/// that stands where nobody said one.
pub(crate) fn work_of(
    server: &dyn Server,
    (name, usual): (&str, &str),
    quick: bool,
    size: WorkSize,
    pictures: &PictureChoice,
) -> Result<Workload, TunerError> {
    match unit_of(server) {
        WorkUnit::OutputToken if *pictures != PictureChoice::default() => {
            Err(TunerError::Invalid(format!(
                "{} makes no pictures: leave prompts, seeds and size of pictures out, or choose another \
                 engine.",
                server.name()
            )))
        }
        WorkUnit::OutputToken => size.apply(named(&workloads(), name, quick)?),
        WorkUnit::Image if size != WorkSize::default() => Err(TunerError::Invalid(
            "Work of pictures is sized by prompts, seeds and size, not by requests or tokens."
                .to_owned(),
        )),
        WorkUnit::Image => {
            let known = picture_workloads();
            let first = known.first().map_or(name, |one| one.name.as_str());
            let name = if name == usual { first } else { name };
            pictures.apply(named(&known, name, quick)?)
        }
    }
}

/// The workload called `name`; its short form in quick mode.
fn named(known: &[Workload], name: &str, quick: bool) -> Result<Workload, TunerError> {
    let wanted = [format!("{name}-quick"), name.to_owned()];
    let wanted = if quick { &wanted[..] } else { &wanted[1..] };
    wanted
        .iter()
        .find_map(|wanted| known.iter().find(|workload| workload.name == *wanted))
        .cloned()
        .ok_or_else(|| {
            let names: Vec<&str> = known.iter().map(|one| one.name.as_str()).collect();
            TunerError::Invalid(format!(
                "There is no workload called {name}; choose one of {}.",
                names.join(", ")
            ))
        })
}
