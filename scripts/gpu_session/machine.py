"""What the machine is, as landscapes have it. The board's UUID is nobody's business and left out."""

import hashlib
import os
import platform
import re
from pathlib import Path

from .faults import Missing

LEFT_OUT = "GPU-left-out"


def text_of(path):
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def system_of(release):
    found = re.search(r'^PRETTY_NAME="?([^"\n]*)', release, re.MULTILINE)
    return f"Linux ({found[1]})" if found else platform.system()


def cores_of(cpuinfo):
    """Physical cores where they can be told apart, else logical ones."""
    places = set()
    for block in cpuinfo.split("\n\n"):
        fields = dict(re.findall(r"^(.*?)\s*:\s*(.*)$", block, re.MULTILINE))
        if "core id" in fields:
            places.add((fields.get("physical id"), fields["core id"]))
    return len(places) or os.cpu_count() or 1


def machine(gpus):
    cpuinfo, memory = text_of("/proc/cpuinfo"), text_of("/proc/meminfo")
    name = re.search(r"^model name\s*:\s*(.*)$", cpuinfo, re.MULTILINE)
    size = re.search(r"^MemTotal:\s*(\d+) kB", memory, re.MULTILINE)
    return {
        "os": system_of(text_of("/etc/os-release")),
        "kernel": platform.release(),
        "cpu": name[1].strip() if name else platform.machine(),
        "physical_cores": cores_of(cpuinfo),
        "logical_cores": os.cpu_count() or 1,
        "memory_bytes": int(size[1]) * 1024 if size else 0,
        "gpus": gpus,
        "virtual_machine": "hypervisor unknown" if re.search(r"\bhypervisor\b", cpuinfo) else None,
    }


def board_facts(nvml, board):
    """(what it is, what it does now, its UUID); `identity` knows it again without telling its UUID."""
    uuid = board.uuid()
    facts = {
        "name": board.name(),
        "identity": hashlib.sha256(uuid.encode()).hexdigest()[:12],
        "driver": nvml.driver(),
        "index": board.index,
    }
    now = board.state()
    try:
        now["computing_processes"] = board.processes()
    except Missing as error:
        now["computing_processes_missing"] = str(error)
    return facts, now, uuid


def gpu_in_words(facts):
    return f"{facts['name']} ({LEFT_OUT}, driver {facts['driver']})"
