"""Tests of the parts of scripts/gpu-session: budget, order, joules, files, the server's lines, the driver's
library. Neither torch nor a GPU is needed; the stand-in for NVML is read as a real board would be."""

import json
import os
import re
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

from fake_gpu import FakeClock, FakeModel  # noqa: E402
from gpu_session import configurations, energy, landscape, ledger  # noqa: E402
from gpu_session import nvml, pack, rehearsal, sensors, wheels  # noqa: E402
from gpu_session import server as served  # noqa: E402
from gpu_session.budget import FINISH_S, Budget, fitting_share  # noqa: E402
from gpu_session.clock import Clock  # noqa: E402
from gpu_session.faults import Missing, Stop  # noqa: E402
from gpu_session.plan import REAL  # noqa: E402


class Folder(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)


class TheBudget(unittest.TestCase):
    def test_what_fits_is_left_as_it_is_and_what_does_not_shrinks_alike(self):
        self.assertEqual(fitting_share(100.0, 80.0, 20.0), 1.0)
        self.assertEqual(fitting_share(60.0, 80.0, 20.0), 0.5)
        self.assertEqual(fitting_share(20.0, 80.0, 20.0), 0.0)

    def test_windows_get_shorter_as_time_runs_out_and_it_is_said(self):
        clock = FakeClock()
        budget = Budget(100.0 + FINISH_S, clock)
        self.assertEqual(budget.window_s("tokens", 10.0, 80.0, 20.0), 10.0)
        self.assertIsNone(budget.shortening("tokens"))
        clock.sleep(40.0)
        self.assertEqual(budget.window_s("tokens", 10.0, 80.0, 20.0), 5.0)
        self.assertIn("1 windows were shortened, the shortest to 50 %", budget.shortening("tokens"))
        self.assertIsNone(budget.shortening("images"))

    def test_short_of_time_the_first_go_on_and_one_that_would_show_nothing_is_left_out(self):
        clock = FakeClock()
        budget = Budget(100.0, clock)
        clock.sleep(95.0)
        self.assertEqual(budget.window_s("tokens", 10.0, 80.0, 0.0), 1.5)
        self.assertIsNone(budget.window_s("tokens", 10.0, 80.0, 0.0, around_s=1.0))
        clock.sleep(1.5)
        self.assertIsNone(budget.window_s("tokens", 10.0, 80.0, 0.0))

    def test_a_whole_session_is_planned_to_fit_its_six_minutes(self):
        sensors_s = REAL.idle_s + REAL.steady_s + REAL.bursty_s + 2 * REAL.watch_s + 2 * sensors.SETTLE_S
        windows = len(configurations.CONFIGURATIONS) * REAL.passes
        pictures = len(configurations.PICTURE_CONFIGURATIONS) * REAL.passes
        self.assertEqual((windows, pictures), (24, 8))
        whole = sensors_s + windows * REAL.window_s + pictures * REAL.picture_window_s
        whole += (windows + pictures) * REAL.around_s + 2 * REAL.load_s
        self.assertLessEqual(whole, REAL.budget_s - FINISH_S)
        self.assertGreaterEqual(REAL.window_s, 10.0)


class WhatIsTried(unittest.TestCase):
    def test_every_pass_has_an_order_of_its_own_and_the_same_again_on_resume(self):
        first, second = (configurations.order(12, number, 7) for number in (1, 2))
        self.assertEqual(sorted(first), list(range(12)))
        self.assertNotEqual(first, second)
        self.assertEqual(first, configurations.order(12, 1, 7))

    def test_configurations_are_twelve_different_ones_within_the_space_the_default_first(self):
        every = configurations.CONFIGURATIONS
        self.assertEqual(len({configurations.key(one) for one in every}), 12)
        self.assertEqual(every[0], configurations.DEFAULT)
        for one in every:
            for parameter in configurations.PARAMETERS:
                allowed = parameter.get("options") or parameter["levels"]
                self.assertIn(one[parameter["name"]], allowed)

    def test_the_model_leaves_most_of_the_board_free_also_in_float32(self):
        for gib in (16, 24, 40, 80, 141):
            shape = configurations.shape_for(gib * 2**30)
            self.assertLess(configurations.parameters_of(shape) * 4, gib * 2**30 * 0.3)

    def test_answers_are_as_long_as_the_board_is_fast(self):
        plan = replace(REAL, requests=32, rounds=4)
        length = configurations.output_tokens(0.005, plan, 10.0)
        self.assertGreaterEqual(4 * 32 * length * 0.005, 10.0)
        self.assertEqual(configurations.output_tokens(9.0, plan, 10.0), 4)


class Joules(unittest.TestCase):
    def test_power_is_integrated_by_the_trapezoid_and_held_at_the_ends(self):
        self.assertAlmostEqual(energy.integral([(0.0, 100.0), (2.0, 200.0)], 0.0, 2.0), 300.0)
        self.assertAlmostEqual(energy.integral([(1.0, 50.0)], 0.0, 4.0), 200.0)
        self.assertIsNone(energy.integral([], 0.0, 1.0))

    def test_what_the_board_drew_behind_the_work_is_taken_out(self):
        meter = energy.Meter(lambda: 0.0, None, None, dict, FakeClock())
        told = meter.by_counter(10.0, 12.0, (10.0, 1000.0), (12.1, 1410.0), (12.2, 1420.0))
        self.assertAlmostEqual(told["counter_joules"], 400.0)
        self.assertAlmostEqual(told["tail_watts"], 100.0)

    def test_a_counter_that_stands_still_leaves_the_integral_and_nothing_leaves_no_zero(self):
        def work():
            clock.sleep(0.5)
            return 0.0, 0.5, None

        clock = FakeClock()
        with mock.patch.object(energy.Sampler, "run", lambda _: None):
            stuck = energy.Meter(lambda: 7.0, lambda: 100.0, "nvml-instant", dict, clock)
            found, _ = stuck.window(work)
            self.assertEqual(found["energy"]["source"], "nvml-instant")
            self.assertEqual(energy.joules_of(found["energy"]), 50.0)
            self.assertIsNone(found["spoiled"])
            blind, _ = energy.Meter(lambda: 7.0, None, None, dict, clock).window(work)
        self.assertIsNone(energy.joules_of(blind["energy"]))
        self.assertIn("no sensor", blind["spoiled"])

    def test_heat_and_a_changed_limit_spoil_a_window_and_a_power_cap_does_not(self):
        good = {"counter_joules": 1.0}
        self.assertIsNone(energy.spoiled(good, [{"reasons": 0x4}]))
        self.assertIn("heat", energy.spoiled(good, [{"reasons": 0x20}]))
        self.assertIn("limit", energy.spoiled(good, [{"limit_watts": 700.0}, {"limit_watts": 600.0}]))


class TheLandscape(unittest.TestCase):
    def window(self, batch, number, joules, **more):
        configuration = {**configurations.DEFAULT, "batch": batch}
        told = {"configuration": configuration, "pass": number, "joules_per_unit": joules, "spoiled": None}
        return {**told, "energy": {"source": "nvml-counter"}, **more}

    def test_noise_is_pooled_with_the_level_of_each_pass_taken_out(self):
        # The second pass took 10 % more of everything: that is the machine's, and no noise.
        drifted = [self.window(b, n, b * 1.1**n) for b in (1, 4, 16) for n in (1, 2)]
        noise = landscape.pooled(landscape.grouped(drifted))
        self.assertAlmostEqual(noise["log_sd"], 0.0)
        self.assertEqual(noise["df"], 2.0)
        # With a window missing it stays in, as it cannot be told apart.
        self.assertGreater(landscape.pooled(landscape.grouped(drifted[:-1]))["log_sd"], 0.04)
        self.assertIsNone(landscape.pooled(landscape.grouped(drifted[:1])))

    def test_joules_of_two_sensors_are_never_mixed(self):
        other = self.window(4, 2, 1.0, energy={"source": "nvml-instant"})
        source, windows = landscape.of_one_source([self.window(1, 1, 1.0), self.window(4, 1, 1.0), other])
        self.assertEqual(source, "nvml-counter")
        self.assertEqual([bool(one["spoiled"]) for one in windows], [False, False, True])


class Files(Folder):
    FACTS = {"rehearsal": False, "board": {"name": "A"}, "seed": 1}

    def test_a_write_that_is_broken_off_leaves_the_file_as_it_was(self):
        path = self.folder / "results.json"
        ledger.write(path, "old")
        with (
            mock.patch.object(os, "replace", side_effect=KeyboardInterrupt),
            self.assertRaises(KeyboardInterrupt),
        ):
            ledger.write(path, "new")
        self.assertEqual(path.read_text(), "old")
        self.assertEqual(list(self.folder.iterdir()), [path])

    def test_what_a_killed_write_left_is_swept_and_the_record_goes_on(self):
        book = ledger.Ledger(self.folder, self.FACTS)
        book.begin("tokens", windows=[1])
        (self.folder / ".results.json.x1").write_text("half")
        again = ledger.Ledger(self.folder, self.FACTS)
        self.assertEqual(again.stage("tokens")["windows"], [1])
        self.assertEqual([path.name for path in self.folder.iterdir()], ["results.json"])

    def test_another_boards_results_are_not_added_to(self):
        ledger.Ledger(self.folder, self.FACTS).save()
        for changed in ({"board": {"name": "B"}}, {"rehearsal": True}, {"seed": 2}):
            with self.assertRaisesRegex(Stop, "another session"):
                ledger.Ledger(self.folder, {**self.FACTS, **changed})
        (self.folder / "results.json").write_text("{")
        with self.assertRaisesRegex(Stop, "cannot be read"):
            ledger.Ledger(self.folder, self.FACTS)

    def test_text_that_looks_like_the_end_of_a_window_stays_whole(self):
        for value in ([{"a": 1}, {"b": 2}], {"text": "},{"}):
            self.assertEqual(json.loads(ledger.compact(value)), value)

    def test_what_would_not_come_back_is_said(self):
        self.assertEqual(ledger.over_limits(self.folder), [])
        with mock.patch.object(ledger, "MOST_BYTES", 10):
            for number in range(9):
                (self.folder / f"{number}").write_text("x" * (11 if number == 3 else 1))
            told = ledger.over_limits(self.folder)
        self.assertIn("9 files", told[0])
        self.assertTrue(told[1].startswith("3 has"))

    def test_the_archive_holds_what_runs_and_is_refused_where_it_is_too_large(self):
        target = self.folder / "carry.tar.gz"
        self.assertLess(pack.pack(ROOT, target), pack.MOST_BYTES)
        names = [name for _, name in pack.parts(ROOT)]
        for part in ("scripts/gpu-session", "scripts/gpu_session/server.py", "Cargo.toml"):
            self.assertIn(f"{pack.FOLDER}/{part}", names)
        target.unlink()
        with self.assertRaisesRegex(Stop, "can be carried"):
            pack.pack(ROOT, target, most_bytes=1000)
        with self.assertRaisesRegex(Stop, "no wheel"):
            pack.pack(ROOT, target, wheels=self.folder)
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_a_wheel_stays_in_its_folder(self):
        import zipfile

        with zipfile.ZipFile(self.folder / "evil.whl", "w") as packed:
            packed.writestr("../out.py", "x")
        with self.assertRaisesRegex(Stop, "outside"):
            wheels.unpack(self.folder, self.folder / "into")


class TheServer(unittest.TestCase):
    def answers(self, model, *lines):
        engine = mock.Mock(COMMANDS=("hello",), models={"tokens": model})
        engine.hello.return_value = {"torch": "fake"}
        told = []
        with mock.patch.object(sys, "stderr"):
            served.serve(
                engine, [json.dumps(line) for line in lines], lambda line: told.append(json.loads(line))
            )
        return told

    def test_work_is_whole_rounds_counted_exactly(self):
        work = {"do": "work", "of": "tokens", "seconds": 0.0, "stop_at": 1e12}
        (told,) = self.answers(FakeModel(), work)
        ok = told["ok"]
        self.assertEqual((ok["rounds"], ok["units"], ok["requests"]), (1, 20, 4))
        self.assertGreaterEqual(ok["end"], ok["begin"])

    def test_faults_are_told_by_cause_and_the_server_goes_on(self):
        prepare = {"do": "prepare", "of": "tokens", "configuration": {}}
        late = {"do": "work", "of": "tokens", "seconds": 1.0, "stop_at": 0.0}
        told = self.answers(
            FakeModel(RuntimeError("CUDA out of memory")), prepare, late, {"do": "odd"}, {"do": "hello"}
        )
        self.assertEqual(
            [one["error"]["kind"] for one in told[:3]], ["out-of-memory", "out-of-time", "unknown-flag"]
        )
        self.assertEqual(told[3], {"ok": {"torch": "fake"}})

    def test_percentiles_are_by_nearest_rank(self):
        values = list(range(1, 21))
        self.assertEqual((served.nearest(values, 0.5), served.nearest(values, 0.95)), (10, 19))
        self.assertEqual(served.nearest([3.0], 0.95), 3.0)


class TheDriver(Folder):
    def test_only_functions_that_read_are_ever_called(self):
        text = "".join(path.read_text() for path in (ROOT / "scripts/gpu_session").glob("*.py"))
        called = set(re.findall(r"nvml[A-Z]\w+", text))
        reads = re.compile(r"nvml(Init_v2|ErrorString|ClocksEventReasons|(System|Device)Get\w+)$")
        self.assertEqual([name for name in called if not reads.match(name)], [])

    def test_no_library_is_missing_with_words(self):
        with self.assertRaisesRegex(Missing, "could not be loaded"):
            nvml.Nvml(str(self.folder / "libnvidia-ml.so.1"))

    @unittest.skipUnless(shutil.which("cc"), "needs a C compiler")
    def test_the_stand_in_is_read_through_the_same_calls(self):
        found = nvml.Nvml(str(rehearsal.library(ROOT, self.folder)))
        board = found.board(0)
        self.assertEqual(
            (board.name(), found.driver(), board.shared_out()), ("Stand-in GPU", "0.0 (stand-in)", False)
        )
        there, missing = sensors.calls_of(board)
        self.assertEqual((sorted(there), missing), (["average", "counter", "instant", "usage"], {}))
        self.assertTrue(100 < board.instant_watts() < 300)
        self.assertEqual(board.state()["limit_watts"], 700.0)
        with self.assertRaisesRegex(Missing, "there is no GPU 3"):
            found.board(3)
        meter = energy.Meter(board.joules, board.instant_watts, "nvml-instant", board.state, Clock())
        at, joules = meter.tick()
        later, more = meter.tick()
        self.assertGreater(later, at)
        self.assertGreater(more, joules)


if __name__ == "__main__":
    unittest.main()
