//! What stands first in a session, what its steps take, and a trial's figures in words.

use super::{Number, VerdictKind};
use serde::{Deserialize, Serialize};
use specta::Type;

words! {
    /// What a bar of the answer stands for.
    BarKind {
        /// The default.
        Default,
        /// The settings that the answer is about.
        Best,
        /// The goal.
        Goal,
    }
}

views! {
    /// A bar of the answer.
    BarView {
        /// What.
        kind: BarKind,
        /// Name, such as "trial 4".
        name: String,
        /// Length in per cent of the default.
        #[specta(type = Number)]
        percent: f64,
        /// Lower end of its interval, per cent of the default.
        low: Option<f64>,
        /// Upper end.
        high: Option<f64>,
        /// Such as "0.228 ± 0.009 J/token".
        figure: String,
    }
    /// What a session has come to, first of all.
    AnswerView {
        /// In large letters: "−18.6 % energy per token", "−59.1 % seen".
        headline: String,
        /// How certain that is, in a few words.
        sure: String,
        /// What stands behind it, in whole sentences; may be empty.
        sentence: String,
        /// Its look.
        verdict: VerdictKind,
        /// Default, the settings that it is about, goal; those that are known.
        bars: Vec<BarView>,
        /// Such as "113 tokens/s"; empty where nothing is known.
        speed: String,
        /// Such as "default 92.9 tokens/s, +21.6 %".
        speed_note: String,
        /// How far all joules may be off, such as "± 50 %"; empty before the first window.
        systematic: String,
        /// When the search has paid for itself, a whole sentence; empty while that is not certain.
        paid_back: String,
        /// What the search has cost, such as "39.9 kJ".
        spent: String,
    }
    /// What the steps are going to take, such as "about 2 min, 1.5 kJ"; empty where nobody can say.
    CostsView {
        /// One window.
        window: String,
        /// A trial.
        trial: String,
        /// Fresh repeats.
        confirm: String,
        /// All trials that are left.
        rest: String,
    }
    /// A trial's figures in words; empty where there is none.
    TrialSaid {
        /// "0.228".
        mean: String,
        /// "0.228 ± 0.009".
        figure: String,
        /// "± 0.009", or that one window shows no error.
        error: String,
        /// "± 50 %".
        systematic: String,
        /// Against the default: "−18.6 %".
        change: String,
        /// "between 15.2 % and 21.4 % less".
        range: String,
        /// Net of the loaded idle.
        net: String,
        /// At both ends of the estimate.
        ends: String,
        /// "113 tokens/s".
        speed: String,
        /// "0.21 s".
        first_token: String,
        /// The same for 19 of 20 requests.
        first_token_late: String,
        /// "1.40 kJ".
        energy: String,
        /// What the advisor had expected: "0.242 J/token".
        predicted: String,
        /// What came against it: "6.1 % more than predicted".
        miss: String,
    }
}
