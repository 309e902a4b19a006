"""Called by scripts/soak, which see for what it does; `--help` shows the words."""

import argparse
import json
import os
import sys
import tempfile
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from . import machine, plan, processes, summary
from .rounds import Soak, Violation

ROOT = Path(__file__).resolve().parent.parent.parent
MODEL = "models/SmolLM2-135M-Instruct-Q4_1.gguf"
INTERRUPTED = 130


def arguments(words):
    parser = argparse.ArgumentParser(
        prog="scripts/soak",
        description="Disturbs a tuning session again and again, and looks whether anything is lost.",
        allow_abbrev=False,
    )
    parser.add_argument("--minutes", type=float, required=True, help="so long at most")
    parser.add_argument("--seed", type=int, required=True, help="says what is done and when")
    parser.add_argument("--kills", type=int, help="so many rounds at most")
    parser.add_argument("--cli", type=Path, default=ROOT / "target/release/wattsmith-cli", help="the program")
    parser.add_argument("--app", type=Path, default=ROOT / "target/release/wattsmith", help="the window's program")
    parser.add_argument("--model", type=Path, help="the small model, where setup put it elsewhere")
    parser.add_argument("--out", type=Path, default=ROOT / "target/soak", help="folder of log and summary")
    asked = parser.parse_args(words)
    if asked.minutes <= 0 or (asked.kills is not None and asked.kills < 1):
        parser.error("--minutes and --kills are above 0")
    return asked


def model_of(asked):
    if asked.model:
        return asked.model
    share = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "wattsmith/assets"
    return Path(os.environ.get("WATTSMITH_ASSETS") or share) / MODEL


def main(words):
    asked = arguments(words)
    model = model_of(asked)
    for file, how in ((asked.cli, "make build"), (model, "make setup, or --model")):
        if not file.is_file():
            print(f"scripts/soak: {file} is not there ({how}).", file=sys.stderr)
            return 2
    missing = machine.not_here(asked.app)
    for kind, why in missing.items():
        print(f"not here: {kind}: {why}")
    here = [kind for kind in plan.KINDS if kind not in missing]
    log = summary.Log(asked.out / "log.jsonl")
    mark = f"{os.getpid()}-{asked.seed}"
    about = {"seed": asked.seed, "date": datetime.now(UTC).strftime("%Y-%m-%d"), "not_here": missing}
    log.tell("start", **about, minutes=asked.minutes, most=asked.kills)
    rounds, begun, code = [], time.monotonic(), 0
    with tempfile.TemporaryDirectory(prefix="wattsmith-soak-") as folder:
        soak = Soak(asked.cli.resolve(), asked.app.resolve(), model.resolve(), Path(folder), mark)
        event = None
        try:
            for event in plan.events(asked.seed, here):
                if time.monotonic() - begun > 60 * asked.minutes or (asked.kills and event.number > asked.kills):
                    break
                came = soak.round(event)
                rounds.append(asdict(came))
                log.tell("round", **{**event.told(), **asdict(came)})
                print(f"{event.number}: {event.kind} after {event.after_s:.1f} s: exit {came.code}, {came.repeats} repeats")
            last = soak.finish(len(rounds) + 1)
            if last:
                rounds.append(asdict(last))
                log.tell("round", **asdict(last))
        except Violation as violation:
            code = 1
            what, came = violation.args
            if came:
                rounds.append(asdict(came))
            number = event.number if event else 0
            again = f"scripts/soak --minutes {asked.minutes:g} --seed {asked.seed} --kills {number}"
            log.tell("violation", number=number, what=what, again=again, came=asdict(came) if came else None)
            print(f"\nscripts/soak: VIOLATION in round {number}: {what}\nTo see it again: {again}", file=sys.stderr)
        except KeyboardInterrupt:
            code = INTERRUPTED
        finally:
            processes.end_all(mark)
        finished = len(soak.before.repeats)
    whole = summary.summed(rounds, {**about, "seconds": time.monotonic() - begun, "repeats": finished, "exit_code": code})
    (asked.out / "summary.json").write_text(json.dumps(whole, indent=2) + "\n")
    log.tell("end", **whole)
    print(summary.words(whole))
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
