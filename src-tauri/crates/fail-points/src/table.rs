//! Every fail point, where it lies, and what has to come of an error there. `scripts/reliability` reads this
//! file, and docs/reliability.md shows it.

use Outcome::{
    AskedAgain, FileAsItWas, GoesOn, KeptAndTold, NotKept, NotSent, NothingStored,
    PutRightAtNextStart, StartedAgain, TakenBack, TrialFailed, Unanswered,
};

/// Where along a measured window or a turn a point lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// A session is stored.
    Session,
    /// The machine's load is looked at.
    QuietCheck,
    /// The measuring lock is taken.
    Lock,
    /// A trial or one of its windows begins.
    Begin,
    /// The engine is started.
    Launch,
    /// It is waited for.
    Ready,
    /// It says which settings it uses.
    ReadBack,
    /// A few requests before the window.
    WarmUp,
    /// The window opens.
    WindowOpened,
    /// The work is done.
    Drive,
    /// The window closes.
    WindowClosed,
    /// The engine is ended.
    EngineEnded,
    /// The joules are worked out.
    Joules,
    /// The repeat is stored.
    Store,
    /// Somebody is told.
    Event,
    /// The feedback on the trial is drafted.
    Feedback,
    /// A prompt is written.
    Prompt,
    /// What it could cost is looked at.
    Spending,
    /// The chat server is looked for.
    Connect,
    /// The prompt is sent.
    Ask,
    /// The reply comes.
    Hear,
    /// The reply is read.
    Parse,
    /// What may be chosen.
    Offer,
    /// Its reasons are held against the record.
    Claims,
    /// What becomes of a proposal, and numbers in the place of a reply.
    Decide,
    /// A file is written.
    File,
}

/// What comes of an error at a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Nothing is lost, and nobody has to do anything.
    GoesOn,
    /// The engine is started again on another port.
    StartedAgain,
    /// The trial failed with this cause, and the session goes on.
    TrialFailed(&'static str),
    /// The trial is taken back with this cause, its proposal is offered again, and nothing counts as tried.
    TakenBack(&'static str),
    /// The error is told; nothing is stored, and what was there stays.
    NothingStored,
    /// The error is told; what was measured is stored.
    KeptAndTold,
    /// The error is told; the trial stays marked as running, and the next start takes it back.
    PutRightAtNextStart,
    /// No prompt is sent; the session says why, and goes on by another way.
    NotSent,
    /// No reply is taken; the exchange says why, and the session goes on by another way.
    Unanswered,
    /// The chat model is told, and asked again.
    AskedAgain,
    /// The error is told; the prompt was sent, and its exchange is not stored.
    NotKept,
    /// The file is as it was, and nothing lies beside it.
    FileAsItWas,
}

/// One point.
#[derive(Debug, Clone, Copy)]
pub struct FailPoint {
    /// As it stands in the sources.
    pub name: &'static str,
    /// Where it lies.
    pub phase: Phase,
    /// What comes of an error there.
    pub outcome: Outcome,
    /// How often it is passed before, so that it fails inside the window and not while warming up.
    pub passes: u64,
}

const fn at(name: &'static str, phase: Phase, outcome: Outcome) -> FailPoint {
    FailPoint {
        name,
        phase,
        outcome,
        passes: 0,
    }
}

impl FailPoint {
    const fn after(self, passes: u64) -> Self {
        Self { passes, ..self }
    }
}

/// Every point, in the order in which a session comes by.
pub const POINTS: &[FailPoint] = &[
    at(
        "store::session::before_commit",
        Phase::Session,
        NothingStored,
    ),
    at("tuner::quiet::looked", Phase::QuietCheck, NothingStored),
    at("tuner::lock::asked", Phase::Lock, NothingStored),
    at("store::record::read", Phase::Begin, NothingStored),
    at("tuner::trial::begun", Phase::Begin, NothingStored),
    at("store::run::before_commit", Phase::Begin, NothingStored),
    at(
        "store::writer::committed",
        Phase::Begin,
        PutRightAtNextStart,
    ),
    at(
        "tuner::window::begun",
        Phase::Begin,
        TakenBack("could not be stored"),
    ),
    at(
        "engine::launch::files_checked",
        Phase::Launch,
        TakenBack("engine not found"),
    ),
    at("engine::launch::port_found", Phase::Launch, StartedAgain),
    at(
        "engine::launch::files_put",
        Phase::Launch,
        TakenBack("engine not found"),
    ),
    at(
        "engine::launch::log_made",
        Phase::Launch,
        TakenBack("engine not found"),
    ),
    at(
        "engine::launch::spawned",
        Phase::Launch,
        TakenBack("engine not found"),
    ),
    at("engine::record::written", Phase::Launch, GoesOn),
    at(
        "engine::ready::asked",
        Phase::Ready,
        TrialFailed("loading took too long"),
    ),
    at("engine::ready::answered", Phase::Ready, StartedAgain),
    at(
        "engine::ready::proved",
        Phase::Ready,
        TrialFailed("engine crashed"),
    ),
    at(
        "engine::launch::read_back",
        Phase::ReadBack,
        TrialFailed("out of memory"),
    ),
    at(
        "tuner::window::engine_launched",
        Phase::ReadBack,
        TakenBack("sensor lost"),
    ),
    at(
        "engine::warm_up::begun",
        Phase::WarmUp,
        TrialFailed("request failed"),
    ),
    at(
        "engine::warm_up::done",
        Phase::WarmUp,
        TrialFailed("engine crashed"),
    ),
    at(
        "tuner::window::opened",
        Phase::WindowOpened,
        TrialFailed("engine hung"),
    ),
    at(
        "engine::drive::begun",
        Phase::Drive,
        TrialFailed("wrong work done"),
    )
    .after(1),
    at(
        "engine::drive::sent",
        Phase::Drive,
        TrialFailed("request failed"),
    )
    .after(2),
    at(
        "engine::drive::piece_came",
        Phase::Drive,
        TrialFailed("out of memory"),
    )
    .after(10),
    at(
        "engine::drive::answered",
        Phase::Drive,
        TrialFailed("wrong work done"),
    )
    .after(3),
    at(
        "engine::drive::all_answered",
        Phase::Drive,
        TrialFailed("request failed"),
    )
    .after(1),
    at(
        "tuner::window::closed",
        Phase::WindowClosed,
        TrialFailed("engine crashed"),
    ),
    at(
        "tuner::window::engine_ended",
        Phase::EngineEnded,
        TakenBack("could not be stored"),
    ),
    at(
        "meter::window::joules",
        Phase::Joules,
        TakenBack("sensor lost"),
    ),
    at(
        "store::repeat::before_samples",
        Phase::Store,
        TakenBack("could not be stored"),
    ),
    at(
        "store::repeat::before_commit",
        Phase::Store,
        TakenBack("could not be stored"),
    ),
    at(
        "tuner::trial::repeat_stored",
        Phase::Store,
        TakenBack("cancelled"),
    ),
    at("tuner::trial::ended", Phase::Store, PutRightAtNextStart),
    at("tuner::event::sent", Phase::Event, GoesOn),
    at("tuner::feedback::drafted", Phase::Feedback, KeptAndTold),
    at(
        "store::feedback::before_commit",
        Phase::Feedback,
        KeptAndTold,
    ),
    at("tuner::turn::prompt_written", Phase::Prompt, NothingStored),
    at("tuner::spending::allowed", Phase::Spending, NotSent),
    at("tuner::connect::client_made", Phase::Connect, NotSent),
    at("tuner::turn::feedback_sent", Phase::Ask, NothingStored),
    at("chat::request::written", Phase::Ask, NotSent),
    at("chat::reply::piece_came", Phase::Hear, Unanswered),
    at("chat::reply::ended", Phase::Hear, Unanswered),
    at("tuner::turn::reply_heard", Phase::Hear, NotKept),
    at("chat::reply::parsed", Phase::Parse, AskedAgain),
    at("store::exchange::before_commit", Phase::Parse, NotKept),
    at("tuner::offer::allowed", Phase::Offer, AskedAgain),
    at("tuner::claims::held", Phase::Claims, GoesOn),
    at("tuner::turn::judged", Phase::Decide, NotKept),
    at("store::answer::before_commit", Phase::Decide, NotKept),
    at(
        "store::proposal::before_commit",
        Phase::Decide,
        NothingStored,
    ),
    at("tuner::decide::by_numbers", Phase::Decide, NothingStored),
    at("tuner::decide::dismissed", Phase::Decide, NothingStored),
    at("files::part::made", Phase::File, FileAsItWas),
    at("files::part::filled", Phase::File, FileAsItWas),
    at("files::part::synced", Phase::File, FileAsItWas),
];

/// A place at which `wattsmith-cli` is killed in the default's trial of two windows. Whatever the place, no
/// engine is left, the finished windows are there, and the same trial goes on.
#[derive(Debug, Clone, Copy)]
pub struct Kill {
    /// The point.
    pub name: &'static str,
    /// How often it is passed before.
    pub passes: u64,
    /// Windows of the trial that have to be there afterwards.
    pub windows: usize,
}

/// Where it is killed.
pub const KILLS: &[Kill] = &[
    kill("engine::launch::spawned", 0, 0),
    kill("store::repeat::before_commit", 0, 0),
    kill("tuner::trial::repeat_stored", 0, 1),
    kill("tuner::window::closed", 1, 1),
];

const fn kill(name: &'static str, passes: u64, windows: usize) -> Kill {
    Kill {
        name,
        passes,
        windows,
    }
}
