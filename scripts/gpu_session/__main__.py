"""Called by scripts/gpu-session, which see for what it does; `--help` shows the words."""

import argparse
import os
import signal
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from . import ledger as ledgers
from . import pack, rehearsal, wheels
from .client import Server
from .clock import Clock
from .faults import Missing, Stop
from .nvml import LIBRARY_VARIABLE, Nvml
from .plan import REAL, REHEARSAL
from .session import Session, derive

ROOT = Path(__file__).resolve().parent.parent.parent
TINY_FOLDER = ROOT / "src-tauri/crates/engine/src/diffusers/script"
INTERRUPTED = 130


def arguments(words):
    parser = argparse.ArgumentParser(
        prog="scripts/gpu-session",
        description="Measures in a few minutes what only an NVIDIA GPU can show.",
        allow_abbrev=False,
    )
    parser.add_argument("--out", type=Path, help="folder of the results ($OUT, else target/gpu-session)")
    parser.add_argument("--budget-s", type=float, help=f"seconds in all ({REAL.budget_s:.0f})")
    parser.add_argument("--gpu", type=int, help="number of the board, as nvidia-smi counts (0)")
    parser.add_argument("--wheels", type=Path, help="folder with wheels of diffusers and what it needs")
    parser.add_argument("--seed", type=int, help="of weights, prompts and the order of windows")
    does = parser.add_mutually_exclusive_group()
    does.add_argument("--rehearse", action="store_true", help="all of it on the CPU with a stand-in sensor")
    does.add_argument("--pack", type=Path, metavar="FILE", help="write the archive to carry, and stop")
    does.add_argument("--derive", action="store_true", help="landscape and summary anew from results.json")
    asked = parser.parse_args(words)
    if asked.budget_s is not None and not 20 <= asked.budget_s <= 3600:
        parser.error("argument --budget-s: from 20 to 3600")
    return asked


def folder_of(asked):
    if asked.out:
        return asked.out
    named = os.environ.get("OUT")
    return Path(named) if named else ROOT / "target" / ("gpu-rehearsal" if asked.rehearse else "gpu-session")


def wheels_of(asked):
    """What was named, else what came along in the archive."""
    carried = ROOT / "wheels"
    return asked.wheels or (carried if any(carried.glob("*.whl")) else None)


def board_index(asked, nvml):
    """The board that was named, else the first one that this process may use."""
    if asked.gpu is not None or asked.rehearse:
        return asked.gpu or 0
    first = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")[0].strip()
    if first.isdigit():
        return int(first)
    for index in range(nvml.count()):
        if first and nvml.board(index).uuid().startswith(first):
            return index
    return 0


def starter(asked, scratch):
    """How the server is started for a board."""
    folder = wheels_of(asked)
    paths = [TINY_FOLDER]
    if folder:
        wheels.unpack(folder, scratch)
        paths.append(scratch)
    environment = {wheels.PATHS_VARIABLE: os.pathsep.join(map(str, paths))}

    def start(uuid, log):
        if asked.rehearse:
            with open(log, "a", encoding="utf-8") as file:
                file.write(f"{rehearsal.LABEL}\n")
            place = {"WATTSMITH_GPU_DEVICE": "cpu", "CUDA_VISIBLE_DEVICES": ""}
        else:
            place = {"WATTSMITH_GPU_DEVICE": "cuda"} | ({"CUDA_VISIBLE_DEVICES": uuid} if uuid else {})
        return Server({**environment, **place}, log, ROOT / "scripts")

    return start


def plan_of(asked):
    plan = REHEARSAL if asked.rehearse else REAL
    changed = {"budget_s": asked.budget_s, "seed": asked.seed}
    return replace(plan, **{name: value for name, value in changed.items() if value is not None})


def measure(asked, scratch):
    out = folder_of(asked)
    library = None
    if asked.rehearse and not os.environ.get(LIBRARY_VARIABLE):
        library = str(rehearsal.library(ROOT, scratch))
    try:
        nvml = Nvml(library)
        index = board_index(asked, nvml)
        start = starter(asked, Path(scratch) / "wheels")
        session = Session(ROOT, out, plan_of(asked), nvml, index, start, Clock(), asked.rehearse, told)
    except Missing as error:
        raise Stop(f"{error}. Nothing was measured; --rehearse shows all of it without a GPU") from None
    whole = session.run()
    limits = ledgers.over_limits(out)
    for text in limits:
        told(f"over the limits: {text}")
    told(f"Written: {out}" + ("" if whole else " (not all of it; the same command goes on from there)"))
    return 0 if whole and not limits else 1


def interrupted(*_):
    raise KeyboardInterrupt


def told(text):
    print(text, flush=True)


def main(words):
    asked = arguments(words)
    # Ended from outside is like Ctrl-C: what is done is on disk, and the server goes.
    signal.signal(signal.SIGTERM, interrupted)
    try:
        if asked.pack:
            size = pack.pack(ROOT, asked.pack, asked.wheels)
            told(f"Packed: {asked.pack}, {size / 2**20:.2f} MiB")
            return 0
        if asked.derive:
            found = ledgers.read(folder_of(asked) / ledgers.RESULTS)
            facts = {name: found.get(name) for name in (*ledgers.SAME, "label") if name in found}
            derive(ledgers.Ledger(folder_of(asked), facts))
            return 0
        with tempfile.TemporaryDirectory(prefix="wattsmith-gpu-") as scratch:
            return measure(asked, scratch)
    except Stop as error:
        print(f"\nwattsmith: {error}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. What is done is kept; the same command goes on.", file=sys.stderr)
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
