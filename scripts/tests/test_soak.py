"""Tests of the pure parts of scripts/soak: what is done and when, what is whole, who is ours."""

import itertools
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from soaking import database, plan, processes, summary  # noqa: E402

TABLES = """
CREATE TABLE trials (id TEXT PRIMARY KEY NOT NULL, state TEXT NOT NULL);
CREATE TABLE repeats (trial TEXT NOT NULL REFERENCES trials (id), number INTEGER NOT NULL, body TEXT NOT NULL,
                      PRIMARY KEY (trial, number));
INSERT INTO trials VALUES ('t', 'complete');
INSERT INTO repeats VALUES ('t', 1, '{"joules": 1}'), ('t', 2, '{"joules": 2}');
"""


def first(count, seed, here=plan.KINDS):
    return list(itertools.islice(plan.events(seed, here), count))


class Plans(unittest.TestCase):
    def test_a_seed_always_says_the_same(self):
        self.assertEqual(first(50, 7), first(50, 7))
        self.assertNotEqual(first(50, 7), first(50, 8))

    def test_every_kind_comes_and_numbers_count(self):
        events = first(300, 1)
        self.assertEqual({event.kind for event in events}, set(plan.KINDS))
        self.assertEqual([event.number for event in events], list(range(1, 301)))
        self.assertTrue(all(0 <= event.after_s <= plan.LATE_S and event.days for event in events))

    def test_what_is_not_here_changes_nothing_of_the_rest(self):
        here = [kind for kind in plan.KINDS if kind != plan.CLOCK]
        everywhere = [event for event in first(200, 3) if event.kind != plan.CLOCK]
        moments = [(event.kind, event.after_s) for event in first(len(everywhere), 3, here)]
        self.assertEqual(moments, [(event.kind, event.after_s) for event in everywhere])


class Databases(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = Path(self.folder.name)

    def made(self):
        db = sqlite3.connect(self.path / database.NAME)
        db.executescript(TABLES)
        return db

    def test_none_yet_is_whole_and_empty(self):
        looked = database.look(self.path)
        self.assertTrue(looked.whole)
        self.assertEqual(looked.repeats, {})

    def test_what_is_finished_is_found_and_what_is_lost_or_changed_is_named(self):
        db = self.made()
        before = database.look(self.path)
        self.assertEqual(sorted(before.repeats), [("t", 1), ("t", 2)])
        self.assertEqual(database.lost(before, before), [])
        db.execute("DELETE FROM repeats WHERE number = 1")
        db.execute("UPDATE repeats SET body = '{}' WHERE number = 2")
        db.commit()
        db.close()
        self.assertEqual(database.lost(before, database.look(self.path)), [("t", 1), ("t", 2)])

    def test_what_still_lies_in_the_log_counts(self):
        db = self.made()
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("INSERT INTO repeats VALUES ('t', 3, '{}')")
        db.commit()
        self.assertIn(("t", 3), database.look(self.path).repeats)
        db.close()

    def test_damage_is_seen(self):
        self.made().close()
        file = self.path / database.NAME
        file.write_bytes(file.read_bytes()[:100] + b"x" * 4000)
        self.assertFalse(database.look(self.path).whole)

    def test_a_repeat_without_its_trial_is_damage(self):
        db = self.made()
        db.execute("INSERT INTO repeats VALUES ('nowhere', 1, '{}')")
        db.commit()
        db.close()
        self.assertFalse(database.look(self.path).whole)


class Processes(unittest.TestCase):
    def test_only_what_carries_the_mark_is_ours(self):
        mark = f"test-{os.getpid()}"
        words = ["sleep", "60"]
        ours = subprocess.Popen(words, env={**os.environ, processes.MARK: mark})
        other = subprocess.Popen(words, env={**os.environ, processes.MARK: f"{mark}-other"})
        self.addCleanup(other.wait)
        self.addCleanup(other.kill)
        try:
            self.assertEqual(processes.marked(mark), {ours.pid: words})
            self.assertEqual(list(processes.until_gone(mark, patience_s=0.05)), [ours.pid])
        finally:
            processes.end_all(mark)
            ours.wait()
        self.assertEqual(processes.until_gone(mark), {})
        self.assertIsNone(other.poll())

    def test_engine_and_watchdog_are_told_apart(self):
        engine = ["/opt/bin/llama-server", "--model", "m", "--port", "1"]
        watchdog = ["/bin/sh", "-c", "script", "wattsmith-watchdog", *engine]
        self.assertTrue(processes.is_engine(engine) and not processes.is_watchdog(engine))
        self.assertTrue(processes.is_watchdog(watchdog) and not processes.is_engine(watchdog))
        self.assertFalse(processes.is_engine([]))


class Summaries(unittest.TestCase):
    def test_rounds_are_summed(self):
        came = {"left": [], "lost": [], "whole": True, "session_ended": False}
        rounds = [
            {**came, "kind": plan.COMMAND, "done": True},
            {**came, "kind": plan.DISK, "done": True, "session_ended": True},
            {**came, "kind": plan.ENGINE, "done": False},
            {**came, "kind": plan.ENGINE, "done": True, "left": ["llama-server"], "lost": [["t", 1]], "whole": False},
        ]
        about = {"seed": 1, "date": "2026-01-02", "seconds": 90.0, "repeats": 4, "not_here": {plan.CLOCK: "no library"}}
        summed = summary.summed(rounds, about)
        self.assertEqual((summed["rounds"], summed["kills"], summed["came_too_late"]), (4, 2, 1))
        self.assertEqual((summed["orphans"], summed["repeats_lost"], summed["damaged"]), (1, 1, 1))
        self.assertEqual(summed["sessions_ended"], 1)
        words = summary.words(summed)
        self.assertIn("4 rounds in 1.5 min, seed 1", words)
        self.assertIn("not here: the clock jumps: no library", words)

    def test_each_line_of_the_log_is_an_object_at_once(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "new" / "log.jsonl"
            log = summary.Log(path)
            log.tell("round", number=1)
            self.assertEqual(json.loads(path.read_text()), {"event": "round", "number": 1})
            log.file.close()


if __name__ == "__main__":
    unittest.main()
