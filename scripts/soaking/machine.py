"""What this machine lets be done, and why not the rest."""

import glob
import shutil
from pathlib import Path

from . import plan

FAKETIME = (
    "/usr/lib/*/faketime/libfaketimeMT.so.1",
    "/usr/lib/faketime/libfaketimeMT.so.1",
    "/usr/lib64/faketime/libfaketimeMT.so.1",
)


def faketime():
    """The library that turns a program's clock; None where it is not installed."""
    found = [path for pattern in FAKETIME for path in sorted(glob.glob(pattern))]
    return Path(found[0]) if found else None


def not_here(app):
    """Why a kind cannot be done here, by kind."""
    missing = {}
    if not faketime():
        missing[plan.CLOCK] = "no libfaketime (apt-get install faketime)"
    if not shutil.which("prlimit"):
        missing[plan.DISK] = "no prlimit (util-linux)"
    if not shutil.which("Xvfb"):
        missing[plan.APP] = "no Xvfb"
    elif not app.is_file():
        missing[plan.APP] = f"no {app} (make build)"
    if not shutil.which("nvidia-smi"):
        missing[plan.GPU_HELPER] = "no NVIDIA GPU"
    else:
        missing[plan.GPU_HELPER] = "it needs an administrator's password, which nobody enters here"
    return missing
