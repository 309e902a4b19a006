"""Whether a database is whole, and which repeats are finished in it. It is copied first: looking changes
nothing of it."""

import hashlib
import shutil
import sqlite3
import tempfile
from dataclasses import dataclass
from pathlib import Path

NAME = "wattsmith.db"


@dataclass(frozen=True)
class Looked:
    """What is stored."""

    whole: bool
    said: str
    # Hash of each finished repeat, by trial and number.
    repeats: dict
    # States of trials by identity.
    trials: dict


def look(folder):
    """A database that is not there yet is whole and empty."""
    if not (folder / NAME).exists():
        return Looked(True, "ok", {}, {})
    with tempfile.TemporaryDirectory() as copied:
        for name in (NAME, f"{NAME}-wal"):
            if (folder / name).exists():
                shutil.copy2(folder / name, copied)
        return _look(Path(copied) / NAME)


def _look(path):
    db = sqlite3.connect(path)
    try:
        said = "; ".join(row[0] for row in db.execute("PRAGMA integrity_check(3)"))
        missing = db.execute("PRAGMA foreign_key_check").fetchall()
        if missing:
            said = f"{said}; rows without what they belong to: {missing[:3]}"
        if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'repeats'").fetchone():
            return Looked(said == "ok", said, {}, {})
        rows = db.execute("SELECT trial, number, body FROM repeats").fetchall()
        states = dict(db.execute("SELECT id, state FROM trials").fetchall())
    except sqlite3.DatabaseError as error:
        return Looked(False, str(error), {}, {})
    finally:
        db.close()
    repeats = {(trial, number): hashlib.sha256(body.encode()).hexdigest() for trial, number, body in rows}
    return Looked(said == "ok", said, repeats, states)


def lost(before, after):
    """Finished repeats that are gone or changed."""
    return sorted(key for key, digest in before.repeats.items() if after.repeats.get(key) != digest)
