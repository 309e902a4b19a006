"""One session: board, budget, ledger and the one server, handed through the stages in their order."""

import re
from pathlib import Path

from . import images, sensors, summary, tokens
from .budget import Budget
from .energy import Meter
from .faults import Failed, Gone, Missing, Stop
from .landscape import build
from .ledger import LANDSCAPE, LOG, STAGES, SUMMARY, Ledger, compact
from .machine import board_facts, machine
from .rehearsal import LABEL

# A log that was written in circles is cut to its end.
MOST_LOG_BYTES = 2**20


def recorded_by(root):
    """Wattsmith's version, as landscapes name it."""
    try:
        text = (Path(root) / "Cargo.toml").read_text(encoding="utf-8")
    except OSError:
        text = ""
    found = re.search(r'^version = "([^"]+)"', text, re.MULTILINE)
    return f"{found[1] if found else 'of unknown version'} (scripts/gpu-session)"


class Session:
    """`start` starts the server: given the UUID of the board (None: the only one) and the log."""

    def __init__(self, root, out, plan, nvml, index, start, clock, rehearsal=False, say=print):
        self.plan, self.clock, self.rehearsal, self.say = plan, clock, rehearsal, say
        self.budget = Budget(plan.budget_s, clock)
        self.board = nvml.board(index)
        facts, now, self.uuid = board_facts(nvml, self.board)
        # Where there is one board only, whatever lets a process see it is left as it is.
        self.named = self.uuid if nvml.count() > 1 else None
        if self.board.shared_out():
            raise Stop(
                f"GPU {index} is shared out (MIG): its energy is not that of one instance, so nothing can be "
                "measured on it. Take another board; this one's mode was left as it is"
            )
        self.meter = meter_of(self.board, clock)
        label = {"label": LABEL} if rehearsal else {}
        self.ledger = Ledger(out, {**label, "rehearsal": rehearsal, "board": facts, "seed": plan.seed})
        record = self.ledger.record
        record.setdefault("began_at", clock.utc())
        record.setdefault("recorded_by", recorded_by(root))
        record.setdefault("machine", machine([]))
        record.setdefault("board_states", []).append({"at": clock.utc(), **now})
        self.start, self.server = start, None
        self.greeted, self.opened = False, None

    def tell(self, stage, text):
        mark = "REHEARSAL " if self.rehearsal else ""
        self.say(f"{mark}[{self.budget.spent_s():5.0f} s] {stage}: {text}")

    def warn(self, text):
        self.ledger.record.setdefault("warnings", []).append(text)
        self.tell("warning", text)

    def hello(self):
        """Waits until the server has imported everything."""
        if self.greeted:
            return
        self.ledger.record["versions"] = self.server.ask("hello", within_s=180.0)
        self.greeted = True

    def open(self):
        """The server's device, which has to be the board that is measured."""
        if self.opened is None:
            self.hello()
            self.opened = self.server.ask("open", within_s=120.0)
            theirs = self.opened.get("uuid", "")
            if theirs and theirs not in self.uuid:
                self.warn(f"PyTorch says that it computes on another board than GPU {self.board.index}")
            self.ledger.record["device"] = {
                name: value for name, value in self.opened.items() if name != "uuid"
            }
        return self.opened

    def run(self):
        """All stages that are not done; whether every one of them came to its end."""
        record = self.ledger.record
        record["budget_s"] = self.plan.budget_s
        if others := record["board_states"][-1].get("computing_processes"):
            self.warn(
                f"{others} other processes computed on the board when a call began; figures hold theirs"
            )
        whole = True
        try:
            if not all(map(self.ledger.is_done, STAGES)):
                self.server = self.start(self.named, self.ledger.folder / LOG)
            for name in STAGES:
                whole = self.stage(name) and whole
        except Gone as error:
            whole = False
            self.warn(f"the session broke off: {error}")
        finally:
            if self.server:
                self.server.close()
            cut(self.ledger.folder / LOG)
            record.setdefault("spent_s", []).append(self.budget.spent_s())
            self.ledger.save()
            self.derive()
        return whole

    def stage(self, name):
        if self.ledger.is_done(name):
            self.tell(name, "done before")
            return True
        try:
            if name == "sensors":
                self.sensors()
            elif name == "tokens":
                tokens.run(self, images.wants(self))
            else:
                images.run(self)
        except (Failed, Missing) as error:
            self.ledger.end(name, "failed", str(error))
            self.tell(name, f"failed: {error}")
        self.derive()
        return self.ledger.stage(name)["state"] in ("done", "unavailable")

    def sensors(self):
        """The stages behind it say what they want, and all shrink alike."""
        plan = self.plan
        count = len(tokens.CONFIGURATIONS) * plan.passes
        image_s, image_around_s = images.wants(self)
        own_s = plan.idle_s + plan.steady_s + plan.bursty_s + 2 * plan.watch_s
        share = self.budget.window_s(
            "sensors",
            1.0,
            own_s + count * plan.window_s + image_s,
            count * plan.around_s + image_around_s + 2 * plan.load_s,
        )
        if share is None:
            raise Missing(f"a budget of {plan.budget_s:.0f} s is too short to measure anything")
        sensors.run(self, share)

    def derive(self):
        """The files that follow from the record."""
        derive(self.ledger)


def derive(ledger):
    """landscape.json and summary.md of what there is."""
    try:
        ledger.put(LANDSCAPE, compact(build(ledger.record)))
        why = None
    except (Missing, KeyError) as error:
        ledger.drop(LANDSCAPE)
        why = str(error) if isinstance(error, Missing) else f"the record has no {error} yet"
    ledger.put(SUMMARY, summary.page(ledger.record, why))


def meter_of(board, clock):
    """The best sensors that answer; none at all is an error, never a zero."""
    there, missing = sensors.calls_of(board)
    gauge, source = there.get("instant"), "nvml-instant"
    if not gauge:
        gauge = there.get("usage")
        source = "nvml-average" if gauge and board.usage_is_average() else "nvml-instant"
    if "counter" not in there and not gauge:
        raise Stop(f"GPU {board.index} tells neither energy nor power: {'; '.join(missing.values())}")
    return Meter(there.get("counter"), gauge, source if gauge else None, board.state, clock)


def cut(log):
    """Keeps the end of a log that is too long to be carried."""
    if log.exists() and log.stat().st_size > MOST_LOG_BYTES:
        log.write_bytes(b"(cut)\n" + log.read_bytes()[-MOST_LOG_BYTES // 2 :])
