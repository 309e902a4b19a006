"""Packages that were carried along as wheels: unpacked into a folder that the server may look in,
behind what is installed. Nothing is installed and no index is asked."""

import zipfile
from pathlib import Path

from .faults import Stop

PATHS_VARIABLE = "WATTSMITH_GPU_PATHS"


def unpack(folder, into):
    """The wheels of `folder`, each name once; the names that were found."""
    wheels = sorted(Path(folder).glob("*.whl"))
    if not wheels:
        raise Stop(f"{folder} holds no wheel (*.whl)")
    target = Path(into).resolve()
    for wheel in wheels:
        try:
            with zipfile.ZipFile(wheel) as packed:
                for name in packed.namelist():
                    if not (target / name).resolve().is_relative_to(target):
                        raise Stop(f"{wheel.name} wants to write outside its folder: {name}")
                packed.extractall(target)
        except zipfile.BadZipFile:
            raise Stop(f"{wheel} is no wheel: it cannot be unpacked") from None
    return [wheel.name for wheel in wheels]
