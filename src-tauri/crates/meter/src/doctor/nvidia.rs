//! NVIDIA boards that answer: what they leave out, and what disturbs their figures.

use super::facts::{Board, Facts, Health, listed};
use wattsmith_domain::{Finding, Severity, Source};

pub(super) fn findings(facts: &Facts) -> Vec<Finding> {
    let boards = facts.boards();
    let those = |which: &dyn Fn(&Board) -> bool| -> Vec<&Board> {
        boards.iter().filter(|board| which(board)).collect()
    };
    let good = |board: &Board| board.health == Health::Good;
    let told = !facts.surroundings.wsl;
    [
        lost(&those(&|board| board.health == Health::Lost)),
        reset(&those(&|board| board.health == Health::ResetRequired)),
        unsupported(
            facts,
            &those(&|board| good(board) && !board.counter && !board.power),
        ),
        averaged(facts),
        no_counter(
            facts,
            &those(&|board| good(board) && !board.counter && board.power),
        ),
        mig(&those(&|board| board.mig)),
        shared(&those(&|board| !board.processes.is_empty())),
        throttled(&those(&|board| !board.throttled.is_empty())),
        limited(&those(&|board| limit_moved(board))),
        asleep(&those(&|board| told && board.persistence == Some(false))),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn names(boards: &[&Board]) -> String {
    listed(boards.iter().map(|board| &board.name))
}

fn lost(boards: &[&Board]) -> Option<Finding> {
    let name = names(boards);
    (!boards.is_empty()).then(|| {
        Finding::new(
            Severity::Problem,
            "gpu-lost",
            format!("{name} has fallen off the bus"),
            "The driver lost the GPU while it ran; the kernel log holds an Xid number that tells \
             more (79 is the usual one). Supply cables, the slot, heat and unstable clocks are the \
             common causes.",
        )
        .command("Read the Xid:", "sudo dmesg | grep -i xid")
        .command("Restart the machine:", "sudo systemctl reboot")
        .advise(
            "If it comes back: take clock and voltage settings back, seat card and cables anew.",
        )
    })
}

fn reset(boards: &[&Board]) -> Option<Finding> {
    let name = names(boards);
    (!boards.is_empty()).then(|| {
        Finding::new(
            Severity::Problem,
            "gpu-reset-required",
            format!("{name} must be reset before it works again"),
            "An error left the GPU in a state that its driver cannot clear while it is in use.",
        )
        .command(
            "End every program that uses it, then reset it (GPU 0 as the example):",
            "sudo nvidia-smi --gpu-reset -i 0",
        )
        .command(
            "Where that is refused, restart the machine:",
            "sudo systemctl reboot",
        )
    })
}

fn unsupported(facts: &Facts, boards: &[&Board]) -> Option<Finding> {
    let name = names(boards);
    (!boards.is_empty()).then(|| {
        Finding::new(
            Severity::Problem,
            "nvidia-unsupported",
            format!("{name} does not tell its power"),
            "NVML knows the GPU, but neither its energy nor its power: many laptop GPUs and entry \
             cards have no meter on the board, or a firmware that hides it.",
        )
        .command(
            "See what the driver's own tool says:",
            "nvidia-smi -q -d POWER",
        )
        .advise(
            "On a laptop, unplug the charger: the battery then tells what the whole machine draws. \
             On a desktop, use a plug at the wall (Shelly, Tasmota) as an outside meter.",
        )
        .until_then(facts.fallback())
    })
}

/// From what the meter chose, since only it knows which field means what on which architecture.
fn averaged(facts: &Facts) -> Option<Finding> {
    let devices: Vec<&String> = facts
        .answering()
        .filter(|one| one.source == Source::NvmlAverage)
        .filter(|one| {
            !facts.answering().any(|other| {
                other.device == one.device
                    && matches!(other.source, Source::NvmlCounter | Source::NvmlInstant)
            })
        })
        .map(|one| &one.device)
        .collect();
    let name = listed(devices.iter());
    (!devices.is_empty()).then(|| {
        Finding::new(
            Severity::Note,
            "nvidia-averaged",
            format!("{name} tells its power only as an average"),
            "The driver smooths the power over about a second, so a window's edges are blurred and \
             the error is larger (up to ±13 % was seen). Windows of 60 s or more make up for most \
             of it.",
        )
        .advise(
            "Choose a longer workload and leave quick mode off. A newer driver may offer the \
             instant power.",
        )
    })
}

fn no_counter(facts: &Facts, boards: &[&Board]) -> Option<Finding> {
    let name = names(boards);
    let instant = facts.answers(Source::NvmlInstant);
    (!boards.is_empty() && instant).then(|| {
        Finding::new(
            Severity::Note,
            "nvidia-no-counter",
            format!("{name} has no energy counter"),
            "GPUs older than Volta, and some newer small ones, tell power only. It is sampled and \
             summed over the window, which can miss what happens between two updates.",
        )
        .advise("Nothing needs to be done; longer windows are better windows.")
        .until_then(facts.fallback())
    })
}

fn mig(boards: &[&Board]) -> Option<Finding> {
    let name = names(boards);
    (!boards.is_empty()).then(|| {
        Finding::new(
            Severity::Problem,
            "nvidia-mig",
            format!("{name} is split into instances (MIG)"),
            "Energy is metered for the whole board only. What the other instances do is in the \
             figure, and no part of it can be told apart.",
        )
        .advise("Measure while the other instances are idle, or end MIG for the time being.")
        .command(
            "End MIG (nothing may use the GPU; number 0 as the example):",
            "sudo nvidia-smi -i 0 -mig 0",
        )
    })
}

fn shared(boards: &[&Board]) -> Option<Finding> {
    let name = names(boards);
    let who = listed(boards.iter().flat_map(|board| &board.processes));
    (!boards.is_empty()).then(|| {
        Finding::new(
            Severity::Note,
            "gpu-shared",
            format!("Other programs use {name}"),
            format!(
                "These processes are on the GPU: {who}. Whatever they draw is in every figure. A \
                 desktop at rest adds a few watts; a second model server spoils the comparison."
            ),
        )
        .advise("Close what is not needed before measuring.")
        .command("See what each of them does:", "nvidia-smi pmon -c 1")
    })
}

fn throttled(boards: &[&Board]) -> Option<Finding> {
    let name = names(boards);
    let reasons = listed(boards.iter().flat_map(|board| &board.throttled));
    let hot = boards
        .iter()
        .filter_map(|board| board.temperature_c)
        .max()
        .map_or(String::new(), |degrees| format!(" It is at {degrees} °C."));
    (!boards.is_empty()).then(|| {
        Finding::new(
            Severity::Problem,
            "gpu-throttled",
            format!("{name} is slowed down at this moment"),
            format!(
                "The driver holds the clocks down: {reasons}.{hot} Figures taken now are those of \
                 a hot or starved GPU, and the next ones will differ."
            ),
        )
        .advise("Let it cool, clear fans and vents, and check its power cables; then look again.")
        .command(
            "Watch temperature and clocks:",
            "nvidia-smi -q -d PERFORMANCE,TEMPERATURE",
        )
    })
}

fn limit_moved(board: &Board) -> bool {
    match (board.limit, board.default_limit) {
        (Some(limit), Some(default)) => (limit.0 - default.0).abs() > 0.5,
        _ => false,
    }
}

fn limited(boards: &[&Board]) -> Option<Finding> {
    let name = names(boards);
    let first = boards.first()?;
    let (limit, default) = (first.limit?.0, first.default_limit?.0);
    Some(
        Finding::new(
            Severity::Note,
            "gpu-power-limit",
            format!("{name} has a power limit that is not its default"),
            format!(
                "The limit is {limit:.0} W, the default {default:.0} W. That is a fine way to save \
                 energy; only compare no figures across the change."
            ),
        )
        .command(
            "Back to the default (GPU 0 as the example):",
            format!("sudo nvidia-smi -i 0 -pl {default:.0}"),
        ),
    )
}

fn asleep(boards: &[&Board]) -> Option<Finding> {
    let name = names(boards);
    (!boards.is_empty()).then(|| {
        Finding::new(
            Severity::Note,
            "gpu-persistence-off",
            format!("Persistence mode is off on {name}"),
            "With no program on the GPU the driver unloads itself: the first reading takes a second \
             or more, and limits that were set are forgotten. Wattsmith keeps the driver open while \
             it runs.",
        )
        .command(
            "Keep the driver loaded for good:",
            "sudo systemctl enable --now nvidia-persistenced",
        )
        .command("Or until the next restart:", "sudo nvidia-smi -pm 1")
    })
}
