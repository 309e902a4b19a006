"""Our own processes: started with a mark that all they start inherits, found by it, signalled by number."""

import os
import signal
import time
from pathlib import Path

MARK = "WATTSMITH_SOAK"
PATIENCE_S = 20.0


def marked(mark, proc=Path("/proc")):
    """The running processes that carry the mark, without zombies, and what each runs."""
    wanted = f"{MARK}={mark}".encode()
    found = {}
    for folder in proc.glob("[0-9]*"):
        try:
            if wanted not in (folder / "environ").read_bytes().split(b"\0"):
                continue
            os.readlink(folder / "exe")  # a zombie has none
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        found[int(folder.name)] = [word.decode(errors="replace") for word in words if word]
    found.pop(os.getpid(), None)
    return found


def is_engine(words):
    return bool(words) and Path(words[0]).name == "llama-server" and "--port" in words


def is_watchdog(words):
    return "wattsmith-watchdog" in words


def send(pid, number):
    """Whether it was there."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def until_gone(mark, patience_s=PATIENCE_S):
    """Waits until nobody carries the mark; whoever is left."""
    until = time.monotonic() + patience_s
    while True:
        left = marked(mark)
        if not left or time.monotonic() > until:
            return left
        time.sleep(0.02)


def end_all(mark):
    """At the end of a run, also of one that was broken off."""
    for pid in marked(mark):
        send(pid, signal.SIGKILL)
