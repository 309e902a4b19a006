"""A rehearsal on a machine without a GPU: the stand-in for NVML that the crates' tests use, built by
the system's C compiler, plays a board; the model is tiny and runs on the CPU. Nothing of it is a
measurement, and every file says so."""

import subprocess
from pathlib import Path

from .faults import Stop

LABEL = (
    "REHEARSAL: the sensor is a stand-in that plays a script, the model is tiny and runs on the CPU. "
    "No figure here was measured."
)
SOURCES = "src-tauri/crates/testkit/nvml"
# Joules that rise and fall whatever the computer does; its words are at the top of nvml/script.c.
SCRIPT = """driver 0.0 (stand-in)
name 0 Stand-in GPU
uuid 0 GPU-stand-in
arch 0 hopper
power 0 lines repeat 0:120 1700:280 3400:120
counter 0 ticks 100
instant 0 update 100 noise 1 7
average 0 update 100 window 1000
limits 0 200 700 700
"""


def library(root, folder):
    """Builds the stand-in in `folder`; where it is."""
    sources = sorted((Path(root) / SOURCES).glob("*.c"))
    if not sources:
        raise Stop(f"the stand-in's sources are not in {Path(root) / SOURCES}")
    target = Path(folder) / "libnvidia-ml.so.1"
    flags = ["-std=gnu11", "-O2", "-fvisibility=hidden", "-shared", "-fPIC", "-o", str(target)]
    command = ["cc", *flags, *map(str, sources), "-lm", "-lpthread", "-ldl"]
    try:
        built = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise Stop("there is no C compiler for the stand-in: sudo apt-get install gcc libc6-dev") from None
    if built.returncode:
        raise Stop(f"cc refused the stand-in: {built.stderr.strip()}")
    target.with_name(target.name + ".script").write_text(SCRIPT, encoding="utf-8")
    return target
