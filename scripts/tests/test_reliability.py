"""Tests of scripts/reliability: what it reads of the table, and that no figure is made up."""

import importlib.machinery
import importlib.util
import sys
import unittest
from pathlib import Path

SCRIPT = Path(__file__).resolve().parent.parent / "reliability"
sys.dont_write_bytecode = True
loader = importlib.machinery.SourceFileLoader("reliability", str(SCRIPT))
spec = importlib.util.spec_from_loader("reliability", loader)
reliability = importlib.util.module_from_spec(spec)
loader.exec_module(reliability)

SOURCE = """
pub enum Phase {
    /// The machine is looked at.
    Look,
}
pub enum Outcome {
    /// The trial failed with this cause,
    /// and it goes on.
    Failed(&'static str),
    /// Nothing is lost.
    GoesOn,
}
const POINTS: &[FailPoint] = &[
    at("a::b", Phase::Look, GoesOn),
    at(
        "c::d::e",
        Phase::Look,
        Failed("engine hung"),
    )
    .after(2),
];
    kill("a::b", 0, 1),
"""
SUMMARY = {
    "date": "2026-01-02", "seed": 5, "rounds": 3, "seconds": 7200.0, "kills": 2, "exit_code": 0, "by_kind": {"full disk": 1},
    "came_too_late": 0, "orphans": 0, "repeats_lost": 0, "damaged": 0, "repeats": 9, "sessions_ended": 1,
    "not_here": {"the clock jumps": "no library"},
}  # fmt: skip


class Reliability(unittest.TestCase):
    def test_every_row_is_read_however_it_is_laid_out(self):
        text = "\n".join(reliability.fail_points(SOURCE))
        self.assertIn("2 named places", text)
        self.assertIn("| `a::b` | the machine is looked at | Nothing is lost |", text)
        self.assertIn("| `c::d::e` | the machine is looked at | The trial failed with the cause *engine hung*, and it goes on |", text)

    def test_the_real_table_has_no_row_that_is_not_read(self):
        source = reliability.TABLE.read_text()
        rows = reliability.points(source)
        self.assertGreaterEqual(len(rows), 40)
        self.assertEqual(len(rows), source.split("pub const POINTS")[1].split("];")[0].count("Phase::"))

    def test_without_a_soak_no_figure_is_told(self):
        text = "\n".join(reliability.soaked(None))
        self.assertIn("Not run yet.", text)
        self.assertNotIn("|", text)

    def test_a_soak_is_told_with_date_seed_and_what_was_not_tried(self):
        text = "\n".join(reliability.soaked(SUMMARY))
        self.assertIn("On 2026-01-02, seed 5: 3 rounds in 2.00 h, 2 of them kills. It ran to its end", text)
        self.assertIn("Not tried there: the clock jumps (no library).", text)
        self.assertIn("It stopped at a violation", "\n".join(reliability.soaked({**SUMMARY, "exit_code": 1})))

    def test_what_is_written_by_hand_stays(self):
        page = reliability.placed("# By hand\n", reliability.generated(SOURCE, None, "2026-01-02"))
        page += "\nMore by hand.\n"
        again = reliability.placed(page, reliability.generated(SOURCE, SUMMARY, "2026-01-03"))
        self.assertTrue(again.startswith("# By hand\n"))
        self.assertTrue(again.endswith("\nMore by hand.\n"))
        self.assertIn("Written on 2026-01-03.", again)
        self.assertNotIn("2026-01-02.", again.replace("On 2026-01-02,", ""))


if __name__ == "__main__":
    unittest.main()
