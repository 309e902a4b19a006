//! Who uses a device besides the engine. Pids come from the driver; whose they are is told by `/proc`.

use crate::conditions::User;
use crate::cpu::parent;
use crate::files::Root;
use std::collections::BTreeMap;
use wattsmith_domain::MonotonicNs;

/// What draws the screen is on the board at all times, costs what idle costs, and cannot be ended:
/// it is told, but not warned about.
const DESKTOP: [&str; 18] = [
    "Xorg",
    "Xwayland",
    "X",
    "gnome-shell",
    "gdm-x-session",
    "mutter",
    "kwin_x11",
    "kwin_wayland",
    "plasmashell",
    "xfwm4",
    "cinnamon",
    "marco",
    "sway",
    "Hyprland",
    "weston",
    "labwc",
    "niri",
    "cosmic-comp",
];

/// Between two looks nobody knows; who was there at the one before or after counts as there, seconds.
const SLACK_S: f64 = 1.0;

/// Every process that was seen on a device.
#[derive(Debug, Clone)]
pub(crate) struct Company {
    root: Root,
    engine: Option<u32>,
    met: BTreeMap<u32, Met>,
}

#[derive(Debug, Clone)]
struct Met {
    whose: Whose,
    name: String,
    first: MonotonicNs,
    last: MonotonicNs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    /// The engine or a process that it started.
    Engine,
    /// Wattsmith's own, such as its window.
    Own,
    Desktop,
    Stranger,
    /// The driver's pid is none of ours: it is outside of this container, or has just ended.
    Hidden,
}

impl Company {
    pub(crate) fn of(root: Root, engine: Option<u32>) -> Self {
        Self {
            root,
            engine,
            met: BTreeMap::new(),
        }
    }

    /// These use the device at this moment.
    pub(crate) fn meet(&mut self, at: MonotonicNs, users: &[User]) {
        for user in users {
            if let Some(met) = self.met.get_mut(&user.pid) {
                met.last = at;
                continue;
            }
            let (whose, name) = self.whose(*user);
            let met = Met {
                whose,
                name,
                first: at,
                last: at,
            };
            self.met.insert(user.pid, met);
        }
    }

    fn whose(&self, user: User) -> (Whose, String) {
        let comm = self.root.text(&format!("proc/{}/comm", user.pid));
        let Some(name) = comm else {
            return (
                Whose::Hidden,
                "a process outside of this container".to_owned(),
            );
        };
        let own = std::process::id();
        let mut ancestor = Some(user.pid);
        let mut ours = false;
        // A tree this deep is a loop of pids that were reused while they were read.
        for _ in 0..64 {
            let Some(pid) = ancestor else { break };
            if Some(pid) == self.engine {
                return (Whose::Engine, name);
            }
            ours |= pid == own;
            ancestor = parent(&self.root, pid);
        }
        let whose = if ours {
            Whose::Own
        } else if !user.computes && DESKTOP.contains(&name.as_str()) {
            Whose::Desktop
        } else {
            Whose::Stranger
        };
        (whose, name)
    }

    /// All but the engine, such as `python3 (pid 4711)`.
    pub(crate) fn others(&self, from: MonotonicNs, to: MonotonicNs) -> Vec<String> {
        self.named(from, to, |whose| whose != Whose::Engine)
    }

    /// Those whose work spoils the figure.
    pub(crate) fn strangers(&self, from: MonotonicNs, to: MonotonicNs) -> Vec<String> {
        self.named(from, to, |whose| {
            matches!(whose, Whose::Stranger | Whose::Hidden)
        })
    }

    fn named(
        &self,
        from: MonotonicNs,
        to: MonotonicNs,
        which: impl Fn(Whose) -> bool,
    ) -> Vec<String> {
        let there: Vec<(&u32, &Met)> = self
            .met
            .iter()
            .filter(|(_, met)| {
                from.since(met.last).0 <= SLACK_S && met.first.since(to).0 <= SLACK_S
            })
            .collect();
        let count = |whose| there.iter().filter(|(_, met)| met.whose == whose).count();
        // In a container the driver tells the host's pids. A single one that is not known here,
        // where the engine itself is not seen, is the engine.
        let hidden_engine = count(Whose::Engine) == 0 && count(Whose::Hidden) == 1;
        there
            .iter()
            .filter(|(_, met)| which(met.whose) && !(hidden_engine && met.whose == Whose::Hidden))
            .map(|(pid, met)| format!("{} (pid {pid})", met.name))
            .collect()
    }
}
