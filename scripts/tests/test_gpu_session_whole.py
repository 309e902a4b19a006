"""Tests of scripts/gpu-session from its first stage to its files, on a fake board and a fake server:
neither torch nor a GPU is needed."""

import json
import math
import shutil
import sys
import tempfile
import unittest
from dataclasses import replace
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parent.parent.parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "scripts"))
sys.path.insert(0, str(ROOT / "scripts/tests"))

from fake_gpu import FakeNvml, FakeServer  # noqa: E402
from gpu_session import configurations, energy, ledger, sensors  # noqa: E402
from gpu_session.budget import Budget  # noqa: E402
from gpu_session.clock import Clock  # noqa: E402
from gpu_session.faults import Failed, Stop  # noqa: E402
from gpu_session.plan import REHEARSAL  # noqa: E402
from gpu_session.session import Session  # noqa: E402

QUICK = replace(
    REHEARSAL, idle_s=0.02, steady_s=0.02, bursty_s=0.02, watch_s=0.02, calls=3,
    window_s=0.02, picture_window_s=0.01, around_s=0.01, load_s=0.01,
)  # fmt: skip


class Whole(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        for module, name, value in ((energy, "SAMPLE_EVERY_S", 0.002), (sensors, "SETTLE_S", 0.0)):
            patch = mock.patch.object(module, name, value)
            patch.start()
            self.addCleanup(patch.stop)

    def session(self, fake, plan=QUICK, rehearsal=False, board=None):
        self.told = []
        board = board or FakeNvml()
        start = lambda *_: fake  # noqa: E731
        return Session(ROOT, self.folder, plan, board, 0, start, Clock(), rehearsal, self.told.append)

    def read(self, name):
        return json.loads((self.folder / name).read_text())

    def test_every_window_is_there_and_the_landscape_has_its_form(self):
        fake = FakeServer()
        self.assertTrue(self.session(fake).run())
        self.assertTrue(fake.closed)
        record = self.read("results.json")
        states = {name: stage["state"] for name, stage in record["stages"].items()}
        self.assertEqual(states, {"sensors": "done", "tokens": "done", "images": "done"})
        windows = record["stages"]["tokens"]["windows"]
        self.assertEqual([one["pass"] for one in windows], [1] * 12 + [2] * 12)
        for one in windows:
            joules = one["energy"]["counter_joules"]
            self.assertAlmostEqual(joules / one["units"], one["joules_per_unit"])
        found = self.read("landscape.json")
        self.assertEqual((found["format"], found["measured"], found["synthetic"]), (1, True, False))
        self.assertEqual((found["source"], found["scope"]), ("nvml-counter", "gpu-board"))
        self.assertEqual(found["entries"][0]["configuration"], configurations.DEFAULT)
        self.assertEqual([len(one["windows"]) for one in found["entries"]], [2] * 12)
        self.assertEqual(found["noise"]["df"], 11.0)
        self.assertTrue(math.isfinite(found["noise"]["log_sd"]))
        self.assertNotIn("GPU-fake-1234", (self.folder / "results.json").read_text())
        page = (self.folder / "summary.md").read_text()
        self.assertNotIn("REHEARSAL", page)
        self.assertIn("`attention=sdpa batch=1 cache=dynamic dtype=bfloat16`", page)
        self.assertEqual(ledger.over_limits(self.folder), [])

    def test_a_stop_in_the_middle_loses_nothing_and_the_rest_is_measured_later(self):
        first = FakeServer(dies_at=8)  # the discarded window and seven more begin
        self.assertFalse(self.session(first).run())
        left = self.read("results.json")["stages"]
        self.assertEqual(len(left["tokens"]["windows"]), 6)
        self.assertIn("broke off", (self.folder / "summary.md").read_text())
        failed = left["tokens"]["failures"]
        self.assertEqual([one["cause"] for one in failed.values()], ["crash"])
        second = FakeServer()
        self.assertTrue(self.session(second).run())
        stages = self.read("results.json")["stages"]
        # The one that ended the server is not tried again, in neither pass.
        self.assertEqual(len(stages["tokens"]["windows"]), 22)
        self.assertEqual(stages["tokens"]["windows"][:6], left["tokens"]["windows"])
        self.assertEqual(stages["sensors"], left["sensors"])
        self.assertNotIn("burn", [do for do, _ in second.asked])
        third = FakeServer()
        self.assertTrue(self.session(third).run())
        self.assertEqual(third.asked, [])

    def test_what_is_interrupted_by_hand_is_kept_too(self):
        fake = FakeServer()
        fake.work = mock.Mock(side_effect=KeyboardInterrupt)
        with self.assertRaises(KeyboardInterrupt):
            self.session(fake).run()
        self.assertTrue(fake.closed)
        self.assertEqual(self.read("results.json")["stages"]["sensors"]["state"], "done")
        self.assertIn("There is no landscape", (self.folder / "summary.md").read_text())

    def test_settings_that_fail_or_are_not_what_is_used_are_failures_with_a_cause(self):
        of = lambda place: ("tokens", tuple(sorted(configurations.CONFIGURATIONS[place].items())))  # noqa: E731
        faults = {of(5): Failed("out-of-memory", "no room"), of(1): {"attention": "sdpa"}}
        self.session(FakeServer(faults)).run()
        entries = {
            configurations.key(one["configuration"]): one for one in self.read("landscape.json")["entries"]
        }
        failed = {one["failure"]["cause"] for one in entries.values() if "failure" in one}
        self.assertEqual(failed, {"out-of-memory", "wrong-work"})
        self.assertEqual(sum(len(one["windows"]) for one in entries.values()), 20)

    def test_no_diffusers_is_unavailable_with_the_remedy_and_never_a_zero(self):
        self.assertTrue(self.session(FakeServer(pictures=False)).run())
        stage = self.read("results.json")["stages"]["images"]
        self.assertEqual(stage["state"], "unavailable")
        self.assertIn("images: unavailable; diffusers cannot be", (self.folder / "summary.md").read_text())

    def test_a_short_budget_shortens_and_says_so(self):
        # As if there were never more than 2.5 s left, while 5 are wanted.
        with mock.patch.object(Budget, "left_s", lambda _: 2.5):
            self.session(FakeServer(), replace(QUICK, window_s=0.2)).run()
        stage = self.read("results.json")["stages"]["tokens"]
        self.assertTrue(any("shortened" in note for note in stage["notes"]))
        self.assertTrue(any(one["shortened"] for one in stage["windows"]))
        self.assertIn("shortened", (self.folder / "summary.md").read_text())

    def test_a_rehearsal_says_so_in_every_file_and_is_never_called_measured(self):
        self.session(FakeServer(), rehearsal=True).run()
        found = self.read("landscape.json")
        self.assertEqual((found["measured"], found["synthetic"], found["source"]), (False, True, "stand-in"))
        for name in ("results.json", "landscape.json", "summary.md"):
            self.assertIn("REHEARSAL", (self.folder / name).read_text(), name)
        self.assertTrue(all("REHEARSAL" in line for line in self.told))

    def test_a_board_that_is_shared_out_is_refused_and_left_as_it_is(self):
        board = FakeNvml()
        board.only.mig = True
        with self.assertRaisesRegex(Stop, "MIG"):
            self.session(FakeServer(), board=board)


if __name__ == "__main__":
    unittest.main()
