"""One round: the session goes on, it is disturbed at a moment, and what is left is looked at."""

import json
import os
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from . import database, machine, plan, processes

# Exit codes of an end that is none of ours: complete, failed with a cause, interrupted.
ENDS = (0, 1, 130)
# After what does not end the command, it goes on for so long and is then interrupted.
GOES_ON_S = 1.5
# The longest wait for the next engine.
NEXT_S = 5.0
# The longest that a command may take to end when it is asked to.
ENDING_S = 60.0
# The longest that a session may take to its end when nobody disturbs it.
WHOLE_S = 600.0

NEW = (
    "tune --advisor sobol --budget 2 --repeats 2 --threshold 99% --auto --json --quick"
    " --parameters parallel,ubatch --keep-disturbed"
)
WORK = (
    "--set threads=1 --set threads-batch=1 --set parallel=2 --set context-per-slot=512 --set batch=512"
    " --concurrency 2 --requests 4 --output-tokens 4"
)


class Violation(Exception):
    """Something that must not be."""


@dataclass
class Came:
    """What came of a round."""

    number: int
    kind: str
    done: bool = False
    code: int | None = None
    whole: bool = True
    lost: list = field(default_factory=list)
    left: list = field(default_factory=list)
    repeats: int = 0
    session_ended: bool = False
    note: str = ""


class Soak:
    """A data folder that is disturbed."""

    def __init__(self, cli, app, model, folder, mark):
        self.cli, self.app, self.model, self.mark = cli, app, model, mark
        self.folder = folder
        self.data = folder / "data"
        self.before = database.Looked(True, "ok", {}, {})
        self.over = True  # no session that could go on yet

    def environment(self):
        own = {
            processes.MARK: self.mark,
            "WATTSMITH_LOCK": str(self.folder / "lock"),
            "WATTSMITH_BUSY": "measure",
            "WATTSMITH_BUSY_LIMIT": "never",
            "WATTSMITH_DATA_DIR": str(self.data),
        }
        return {**os.environ, **own}

    def command(self):
        """A new session, or the one that is not over."""
        start = [str(self.cli), "--data-dir", str(self.data)]
        if not self.over:
            return [*start, "tune", "--session", "latest", "--auto", "--json"]
        words = NEW.split()
        return [*start, *words, "--model", str(self.model), *WORK.split()]

    def start(self, command, more=None):
        errors = (self.folder / "errors.txt").open("wb")
        out = (self.folder / "out.jsonl").open("wb")
        with errors, out:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=errors,
                env={**self.environment(), **(more or {})},
                start_new_session=True,
            )

    def said(self):
        """The last object that the command wrote, and the end of what it said in words."""
        lines = (self.folder / "out.jsonl").read_text(errors="replace").splitlines()
        try:
            last = json.loads(lines[-1]) if lines else {}
        except ValueError:
            last = {}  # killed in the middle of a line
        return last, (self.folder / "errors.txt").read_text(errors="replace")[-500:]

    def round(self, event):
        """Raises a violation, with what came so far in its second argument."""
        came = Came(event.number, event.kind)
        if event.kind == plan.APP:
            self.disturb_app(event, came)
        else:
            self.disturb(event, came)
        self.look(came)
        return came

    def disturb(self, event, came):
        command, more = self.command(), {}
        if event.kind == plan.DISK:
            # The log of the database begins anew with each start, so that a limit near its size would never be met.
            command = ["prlimit", f"--fsize={1000 * event.room_kb}", *command]
        if event.kind == plan.CLOCK:
            jump = self.folder / "clock"
            jump.write_text("+0d\n")
            more = {
                "LD_PRELOAD": str(machine.faketime()),
                "FAKETIME_TIMESTAMP_FILE": str(jump),
                "FAKETIME_NO_CACHE": "1",
                "DONT_FAKE_MONOTONIC": "1",
            }
        process = self.start(command, more)
        try:
            process.wait(event.after_s)
            # The limit holds from the start.
            came.done = event.kind == plan.DISK
            came.note = "it ended before"
        except subprocess.TimeoutExpired:
            came.done = self.act(event, process)
        if process.poll() is None:
            self.end(event, process)
        came.code = process.returncode
        killed = event.kind == plan.COMMAND and came.done
        if came.code not in ((-signal.SIGKILL,) if killed else ENDS):
            raise Violation(f"the command ended with {came.code}: {self.said()[1]}", came)

    def act(self, event, process):
        """Does it. Whether there was somebody to whom it could be done."""
        own = processes.marked(self.mark)
        if event.kind == plan.COMMAND:
            return processes.send(process.pid, signal.SIGKILL)
        if event.kind in (plan.ENGINE, plan.WATCHDOG):
            return self.kill_one(processes.is_engine if event.kind == plan.ENGINE else processes.is_watchdog, process)
        if event.kind == plan.SUSPEND:
            for pid in own:
                processes.send(pid, signal.SIGSTOP)
            time.sleep(event.rest_s)
            for pid in own:
                processes.send(pid, signal.SIGCONT)
            return True
        if event.kind == plan.CLOCK:
            (self.folder / "clock").write_text(f"{event.days:+d}d\n")
        return True

    def kill_one(self, wanted, process):
        """Between two windows there is none: the next one is waited for."""
        until = time.monotonic() + NEXT_S
        while process.poll() is None and time.monotonic() < until:
            # The watchdog's own child runs under the same words, and has the greater number.
            pids = sorted(pid for pid, words in processes.marked(self.mark).items() if wanted(words))
            if pids:
                return processes.send(pids[0], signal.SIGKILL)
            time.sleep(0.02)
        return False

    def end(self, event, process):
        """Lets it go on for a moment, then asks it to end."""
        if event.kind in plan.DEADLY:
            patience = ENDING_S
        else:
            patience = 3 * GOES_ON_S if event.kind == plan.DISK else GOES_ON_S
        try:
            process.wait(patience)
            return
        except subprocess.TimeoutExpired:
            processes.send(process.pid, signal.SIGINT)
        try:
            process.wait(ENDING_S)
        except subprocess.TimeoutExpired:
            raise Violation("the command does not end when it is asked to", None) from None

    def disturb_app(self, event, came):
        number = 90 + os.getpid() % 400
        display = self.start(["Xvfb", f":{number}", "-screen", "0", "1440x900x24", "-nolisten", "tcp"])
        try:
            app = self.start([str(self.app)], {"DISPLAY": f":{number}", "XDG_RUNTIME_DIR": str(self.folder)})
            try:
                app.wait(1.0 + event.after_s)
                came.note = f"it ended by itself with {app.returncode}"
            except subprocess.TimeoutExpired:
                came.done = processes.send(app.pid, signal.SIGKILL)
                app.wait(ENDING_S)
        finally:
            processes.send(display.pid, signal.SIGTERM)
            display.wait(ENDING_S)

    def look(self, came):
        """What must be after each round."""
        left = processes.until_gone(self.mark)
        came.left = [" ".join(words)[:200] for words in left.values()]
        if left:
            raise Violation(f"somebody is left running: {came.left}", came)
        after = database.look(self.data)
        came.whole, came.repeats = after.whole, len(after.repeats)
        if not after.whole:
            raise Violation(f"the database is damaged: {after.said}", came)
        came.lost = [list(key) for key in database.lost(self.before, after)]
        if came.lost:
            raise Violation(f"finished repeats are lost or changed: {came.lost}", came)
        self.before = after
        if after.trials:
            record = self.is_used(came)
            self.over = bool(record["session"].get("ending"))
            came.session_ended = self.over and came.kind != plan.APP

    def is_used(self, came):
        """The record that the command itself gives, which has every finished repeat of its session."""
        record = self.record(came)
        told = {(trial["id"], number) for trial in record["trials"] for number in range(1, 1 + len(trial["repeats"]))}
        own = {trial["id"] for trial in record["trials"]}
        missing = sorted(key for key in self.before.repeats if key[0] in own and key not in told)
        if missing:
            raise Violation(f"the record lacks repeats that are stored: {missing}", came)
        return record

    def record(self, came):
        path = Path(self.folder / "record.json")
        words = [str(self.cli), "--data-dir", str(self.data), "report", "latest", "--format", "json", "--out", str(path)]
        done = subprocess.run(words, env=self.environment(), capture_output=True, text=True, timeout=ENDING_S, check=False)
        if done.returncode != 0:
            raise Violation(f"the record cannot be read: {done.stderr[-500:]}", came)
        return json.loads(path.read_text())["record"]

    def finish(self, number):
        """Nobody disturbs it any more: the session goes on to its end."""
        came = Came(number, "nothing")
        if self.over:
            return None
        process = self.start(self.command())
        try:
            came.code = process.wait(WHOLE_S)
        except subprocess.TimeoutExpired:
            raise Violation(f"the session does not come to its end within {WHOLE_S:.0f} s", came) from None
        self.look(came)
        if not came.session_ended:
            raise Violation(f"the session did not go on to its end (exit {came.code}): {self.said()}", came)
        return came
