"""The archive to carry to a machine that has nothing of ours: these scripts at the places that they
have here, what a rehearsal there needs, and wheels. What may be carried is limited, and that is checked."""

import os
import tarfile
from pathlib import Path

from .faults import Stop

MOST_BYTES = 64 * 2**20
FOLDER = "wattsmith-gpu-session"
PARTS = (
    "scripts/gpu-session",
    "scripts/common.sh",
    "scripts/gpu_session/*.py",
    "src-tauri/crates/engine/src/diffusers/script/tiny.py",
    "src-tauri/crates/testkit/nvml/*.[ch]",
    "Cargo.toml",
    "LICENSE",
)


def parts(root, wheels=None):
    """(file, name in the archive) of everything that goes along."""
    found = []
    for pattern in PARTS:
        files = sorted(Path(root).glob(pattern))
        if not files:
            raise Stop(f"{pattern} is not in {root}; nothing was packed")
        found += [(file, f"{FOLDER}/{file.relative_to(root)}") for file in files]
    if wheels:
        files = sorted(Path(wheels).glob("*.whl"))
        if not files:
            raise Stop(f"{wheels} holds no wheel (*.whl); nothing was packed")
        found += [(file, f"{FOLDER}/wheels/{file.name}") for file in files]
    return found


def pack(root, target, wheels=None, most_bytes=MOST_BYTES):
    """Writes the archive; its size. One that is too large is not left behind."""
    target = Path(target)
    fresh = target.with_name(f".{target.name}.fresh")
    whole = parts(root, wheels)
    try:
        with tarfile.open(fresh, "w:gz") as archive:
            for file, name in whole:
                archive.add(file, name)
        size = fresh.stat().st_size
        # What is unpacked there counts as much as what is carried.
        unpacked = sum(file.stat().st_size for file, _ in whole)
        if max(size, unpacked) > most_bytes:
            raise Stop(
                f"the archive would have {size / 2**20:.1f} MiB ({unpacked / 2**20:.1f} unpacked); at most "
                f"{most_bytes / 2**20:.0f} can be carried. Leave wheels out that the machine has"
            )
        os.replace(fresh, target)
    finally:
        fresh.unlink(missing_ok=True)
    return size
