"""What is done, on disk: results.json, written whole under another name and moved into place after
every window, so that a stop in the middle loses nothing and the same command goes on from there."""

import json
import os
import tempfile
from pathlib import Path

from .faults import Stop

FORMAT = 1
RESULTS, LANDSCAPE, SUMMARY, LOG = "results.json", "landscape.json", "summary.md", "server.log"
# What comes back from a machine that is lent: so many files of so many bytes.
MOST_FILES = 8
MOST_BYTES = 16 * 2**20
STAGES = ("sensors", "tokens", "images")
# Must agree between the calls that fill one folder.
SAME = ("format", "rehearsal", "board", "seed")


def write(path, text):
    """All of it or nothing."""
    path = Path(path)
    handle, fresh = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(fresh, 0o644)
        os.replace(fresh, path)
    except BaseException:
        Path(fresh).unlink(missing_ok=True)
        raise


def compact(value):
    """JSON with one window a line: small enough to read, and a change shows where it is."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    lines = text.replace("},{", "},\n{")
    try:
        json.loads(lines)
    except ValueError:  # some text in it holds that very mark
        lines = text
    return lines + "\n"


class Ledger:
    def __init__(self, folder, facts):
        """`facts` say whose results these are; a folder with others is refused."""
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        for name in (RESULTS, LANDSCAPE, SUMMARY):
            for left in self.folder.glob(f".{name}.*"):
                left.unlink()  # a write that was killed
        self.path = self.folder / RESULTS
        self.record = {"format": FORMAT, **facts, "stages": {}}
        if self.path.exists():
            self.record = self.resumed(facts)

    def resumed(self, facts):
        found = read(self.path)
        for name in SAME:
            mine = FORMAT if name == "format" else facts.get(name)
            if found.get(name) != mine:
                raise Stop(
                    f"{self.path} holds another session ({name}: {found.get(name)!r}, now {mine!r}); "
                    "name another folder with --out, or remove that file"
                )
        found["calls"] = found.get("calls", 1) + 1
        return found

    def stage(self, name):
        return self.record["stages"].get(name)

    def begin(self, name, **known):
        """The stage as it was left, or a fresh one."""
        stage = self.record["stages"].setdefault(name, {"state": "begun", "notes": [], **known})
        self.save()
        return stage

    def end(self, name, state, reason=None):
        stage = self.record["stages"].setdefault(name, {"notes": []})
        stage["state"] = state
        if reason:
            stage["reason"] = reason
        else:
            stage.pop("reason", None)
        self.save()

    def note(self, name, text):
        stage = self.record["stages"][name]
        if text not in stage["notes"]:
            stage["notes"].append(text)

    def is_done(self, name):
        stage = self.stage(name)
        return bool(stage) and stage["state"] == "done"

    def save(self):
        write(self.path, compact(self.record))

    def put(self, name, text):
        """A file that follows from the record."""
        write(self.folder / name, text)

    def drop(self, name):
        (self.folder / name).unlink(missing_ok=True)


def read(path):
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Stop(f"{path} cannot be read: {error}") from None


def over_limits(folder):
    """What about the files of a folder would not come back; empty when all of it does."""
    files = sorted(path for path in Path(folder).iterdir() if path.is_file())
    told = []
    if len(files) > MOST_FILES:
        told.append(f"{len(files)} files, {MOST_FILES} come back")
    for path in files:
        size = path.stat().st_size
        if size > MOST_BYTES:
            told.append(f"{path.name} has {size / 2**20:.1f} MiB, {MOST_BYTES // 2**20} come back")
    return told
