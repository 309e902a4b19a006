//! How much work: the size of a window, wherever one is asked for.

use clap::Args;
use wattsmith_tuner::WorkSize;
use wattsmith_tuner::domain::Arrivals;

/// Another size of the work; what is left out stays as the workload has it.
#[derive(Args, Debug, Clone, Copy)]
pub(crate) struct SizeArgs {
    /// When requests are sent: clients (each waits for its answer), all (at once), poisson:RATE (requests
    /// per second, the same instants in every trial) or timestamps (of the file)
    #[arg(long, value_name = "HOW")]
    arrivals: Option<Arrivals>,
    /// Requests in a window, for a workload of another size; of a file the first ones
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    requests: Option<u32>,
    /// Clients that send at the same time, likewise
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=64))]
    concurrency: Option<u32>,
    /// Tokens of each answer, likewise
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..))]
    output_tokens: Option<u32>,
}

impl SizeArgs {
    pub(crate) fn size(self) -> WorkSize {
        WorkSize {
            requests: self.requests,
            concurrency: self.concurrency,
            output_tokens: self.output_tokens,
            arrivals: self.arrivals,
        }
    }
}
