"""What is done and when, by the seed alone, so that a violation can be seen again."""

import random
from dataclasses import asdict, dataclass

COMMAND, ENGINE, WATCHDOG, SUSPEND, DISK, CLOCK, APP, GPU_HELPER = (
    "kill the command",
    "kill the engine",
    "kill the watchdog",
    "suspend all",
    "full disk",
    "the clock jumps",
    "kill the app",
    "kill the GPU helper",
)
KINDS = (COMMAND, ENGINE, WATCHDOG, SUSPEND, DISK, CLOCK, APP, GPU_HELPER)

# How often each comes, relative to the others.
WEIGHTS = {COMMAND: 5, ENGINE: 3, WATCHDOG: 3, SUSPEND: 2, DISK: 2, CLOCK: 1, APP: 1, GPU_HELPER: 1}
# Those after which the command itself is gone.
DEADLY = (COMMAND, APP, GPU_HELPER)

# Seconds after the start, at the most: half the moments lie in the first of these, where the engine starts.
SOON_S, LATE_S = 1.2, 5.0
# Seconds for which all is suspended, at the most.
REST_S = 3.0
# Kilobytes that a full disk still takes, at the most.
ROOM_KB = 200
# Days by which the clock jumps, at the most, in either direction.
DAYS = 400


@dataclass(frozen=True)
class Event:
    """One time that something is disturbed."""

    number: int
    kind: str
    after_s: float
    rest_s: float
    room_kb: int
    days: int

    def told(self):
        return asdict(self)


def events(seed, here):
    """Endlessly, of the kinds that can be done here. What is not here changes nothing of the others: it is
    drawn all the same and passed over."""
    chance = random.Random(seed)
    weights = [WEIGHTS[kind] for kind in KINDS]
    number = 0
    while True:
        kind = chance.choices(KINDS, weights)[0]
        longest = SOON_S if chance.random() < 0.5 else LATE_S
        drawn = {
            "after_s": round(chance.uniform(0, longest), 3),
            "rest_s": round(chance.uniform(0.2, REST_S), 3),
            "room_kb": chance.randint(0, ROOM_KB),
            "days": chance.choice((-1, 1)) * chance.randint(1, DAYS),
        }
        if kind in here:
            number += 1
            yield Event(number=number, kind=kind, **drawn)
