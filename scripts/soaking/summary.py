"""The log, and what it comes to."""

import json
from collections import Counter


class Log:
    """A line of JSON for each thing that happened, on disk at once."""

    def __init__(self, path):
        path.parent.mkdir(parents=True, exist_ok=True)
        self.file = path.open("w", encoding="utf-8")

    def tell(self, event, **more):
        print(json.dumps({"event": event, **more}), file=self.file, flush=True)


def summed(rounds, about):
    """`rounds` as the log tells them; `about` is the run: seed, date, seconds, what is not here."""
    kinds = Counter(one["kind"] for one in rounds if one["done"])
    return {
        **about,
        "rounds": len(rounds),
        "kills": sum(count for kind, count in kinds.items() if kind.startswith("kill")),
        "by_kind": dict(sorted(kinds.items())),
        "came_too_late": sum(not one["done"] for one in rounds),
        "orphans": sum(len(one["left"]) for one in rounds),
        "repeats_lost": sum(len(one["lost"]) for one in rounds),
        "damaged": sum(not one["whole"] for one in rounds),
        "sessions_ended": sum(bool(one["session_ended"]) for one in rounds),
    }


def words(summary):
    kinds = ", ".join(f"{count} × {kind}" for kind, count in summary["by_kind"].items())
    lines = [
        f"{summary['rounds']} rounds in {summary['seconds'] / 60:.1f} min, seed {summary['seed']}: {kinds or 'nothing'}",
        f"orphans {summary['orphans']}, repeats lost {summary['repeats_lost']}, damaged {summary['damaged']}, "
        f"sessions that went on to their end {summary['sessions_ended']}, finished repeats {summary['repeats']}",
    ]
    lines += [f"not here: {kind}: {why}" for kind, why in summary["not_here"].items()]
    return "\n".join(lines)
