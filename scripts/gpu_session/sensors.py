"""Stage 1: what the board's sensors are worth. A board left alone, under steady load and under bursts:
the energy counter against integrated power, how often each value changes, what a call of each costs.

The server imports its libraries during the first phase and touches the GPU only after it."""

import statistics
import time

from .faults import Missing

NAMES = {
    "counter": "energy counter",
    "instant": "instant power (field 186)",
    "average": "averaged power (field 185)",
    "usage": "nvmlDeviceGetPowerUsage",
}
# After the load began: clocks rise, and an average of one second forgets the idle before.
SETTLE_S = 1.5
WATCH_PAUSE_S = 0.002
BURST_S = 0.3


def calls_of(board):
    """The board's values that answer, and why the others do not."""
    asked = {
        "counter": board.joules,
        "instant": board.instant_watts,
        "average": board.average_watts,
        "usage": board.usage_watts,
    }
    there, missing = {}, {}
    for name, call in asked.items():
        try:
            call()
            there[name] = call
        except Missing as error:
            missing[name] = str(error)
    return there, missing


def watch(calls, seconds, clock):
    """How often each value changes and by how much at least, all read in turn."""
    last = {name: call() for name, call in calls.items()}
    changes = {name: [] for name in calls}
    steps = {name: [] for name in calls}
    until = clock.now() + seconds
    while clock.now() < until:
        for name, call in calls.items():
            try:
                value = call()
            except Missing:
                continue
            if value != last[name]:
                changes[name].append(clock.now())
                steps[name].append(abs(value - last[name]))
                last[name] = value
        clock.sleep(WATCH_PAUSE_S)
    told = {}
    for name, at in changes.items():
        gaps = [late - early for early, late in zip(at, at[1:], strict=False)]
        told[name] = {
            "changes": len(at),
            # Too few changes tell no period.
            "period_ms": statistics.median(gaps) * 1e3 if len(gaps) >= 2 else None,
            "smallest_change": min(steps[name]) if steps[name] else None,
        }
    return told


def cost(calls, times, timer=time.perf_counter_ns):
    """Microseconds that one call takes: median and the slowest."""
    told = {}
    for name, call in calls.items():
        took = []
        for _ in range(times):
            began = timer()
            try:
                call()
            except Missing:
                continue
            took.append((timer() - began) / 1e3)
        if took:
            told[name] = {"median_us": statistics.median(took), "slowest_us": max(took), "calls": len(took)}
    return told


def run(session, share):
    """All of it, each phase written down when it is done; `share` shortens them alike."""
    ledger, plan, clock = session.ledger, session.plan, session.clock
    stage = ledger.begin("sensors", phases={})
    there, missing = calls_of(session.board)
    stage["missing"] = {NAMES[name]: why for name, why in missing.items()}
    stage["share"] = share
    if share < 1.0:
        ledger.note("sensors", f"the time ran out: phases were shortened to {share * 100:.0f} %")
    watch_s = plan.watch_s * share
    phases = stage["phases"]

    def measured(name, seconds, looks):
        def left_alone():
            begin = clock.now()
            clock.sleep(seconds)
            return begin, clock.now(), None

        record, _ = session.meter.window(left_alone, there.get("average") or there.get("usage"))
        phases[name] = record
        if looks:
            record["values"] = watch(there, watch_s, clock)
            record["cost"] = cost(there, plan.calls)
        ledger.save()
        session.tell("sensors", f"{name}: {phase_in_words(record)}")

    if "values" not in phases.get("idle", {}):
        measured("idle", plan.idle_s * share, False)
        # Imports are over now: what a call costs is not what they leave of the processor.
        session.hello()
        phases["idle"]["values"] = watch(there, watch_s, clock)
        phases["idle"]["cost"] = cost(there, plan.calls)
        ledger.save()
    session.open()
    for name, seconds, off_s in (("steady", plan.steady_s, 0.0), ("bursty", plan.bursty_s, BURST_S)):
        if name in phases:
            continue
        looks = name == "steady"
        # A second more than is needed: the load must not end before the last look at it.
        extra = watch_s + plan.calls * 0.01 if looks else 0.0
        whole = SETTLE_S + seconds * share + extra + 1.0
        session.server.send("burn", seconds=whole, on_s=BURST_S, off_s=off_s)
        clock.sleep(SETTLE_S)
        measured(name, seconds * share, looks)
        phases[name]["load"] = session.server.receive(within_s=whole + 60.0)
        ledger.save()
    ledger.end("sensors", "done")


def phase_in_words(record):
    energy = record["energy"]
    counted, seconds = energy.get("counter_joules"), energy["work_s"]
    words = f"{counted / seconds:.1f} W by the counter" if counted is not None else "no counter"
    if energy.get("integral_joules") is not None:
        words += f", {energy['integral_joules'] / seconds:.1f} W integrated"
    return words
