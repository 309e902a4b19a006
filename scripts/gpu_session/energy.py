"""Joules of one window: from the energy counter, tick to tick, and beside it from power, integrated.

The counter changes ten times a second. A window begins right after one of its ticks, and after its end
the next two are awaited: the first closes the window, and what the board drew between them is what it
drew between the window's end and the first, which is taken out. Power is sampled meanwhile by a thread
of its own; a power field costs some microseconds, the counter milliseconds, so that one is read at the
edges alone."""

import threading

from .faults import Missing
from .nvml import SPOILING_REASONS

SAMPLE_EVERY_S = 0.02
STATE_EVERY_S = 1.0
# A counter that does not change for so long is frozen.
TICK_TIMEOUT_S = 2.0
# Between two looks at the counter while a tick is awaited; a look itself takes about 3 ms.
TICK_PAUSE_S = 0.002
# Beyond this counter and integral contradict each other, and the window is marked.
DISAGREEMENT = 0.05
# Samples of a window that are kept in the record.
SAMPLES_KEPT = 200


def integral(points, begin, end):
    """Joules between two instants by the trapezoid over (seconds, watts), held level beyond the
    first and the last; None without a point."""
    if not points or end <= begin:
        return None
    inner = [point for point in points if begin < point[0] < end]
    whole = [(begin, value_at(points, begin)), *inner, (end, value_at(points, end))]
    pairs = zip(whole, whole[1:], strict=False)
    return sum((late - early) * (one + other) / 2 for (early, one), (late, other) in pairs)


def value_at(points, instant):
    before = [point for point in points if point[0] <= instant]
    after = [point for point in points if point[0] > instant]
    if not before or not after:
        return (before[-1] if before else after[0])[1]
    (early, one), (late, other) = before[-1], after[0]
    return one + (other - one) * (instant - early) / (late - early)


def thinned(points, most=SAMPLES_KEPT):
    step = max(1, -(-len(points) // most))
    return [[round(at, 3), round(watts, 3)] for at, watts in points[::step]]


class Sampler:
    """Power and the board's state in a thread of its own, until it is closed."""

    def __init__(self, gauge, state, clock, beside=None):
        self.gauges, self.state, self.clock = (gauge, beside), state, clock
        self.points, self.beside, self.states = [], [], []
        self.failures = 0
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def __enter__(self):
        self.look(True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()

    def run(self):
        last_state = self.clock.now()
        while not self.ended.is_set():
            self.clock.sleep(SAMPLE_EVERY_S)
            due = self.clock.now() - last_state >= STATE_EVERY_S
            self.look(due)
            if due:
                last_state = self.clock.now()

    def look(self, with_state):
        for gauge, points in zip(self.gauges, (self.points, self.beside), strict=True):
            if gauge:
                self.read(gauge, points)
        if with_state:
            self.states.append(self.state())

    def read(self, gauge, points):
        began = self.clock.now()
        try:
            watts = gauge()
        except Missing:
            self.failures += 1
            return
        at = (began + self.clock.now()) / 2
        # A value that is shown again was not measured again; one a second keeps the line.
        if not points or watts != points[-1][1] or at - points[-1][0] >= 1.0:
            points.append((at, watts))


class Meter:
    """Windows on one board. `counter`, `gauge` and `state` are calls; the first two may be None."""

    def __init__(self, counter, gauge, gauge_source, state, clock):
        self.counter, self.gauge, self.gauge_source = counter, gauge, gauge_source
        self.state, self.clock = state, clock

    def source(self):
        return "nvml-counter" if self.counter else self.gauge_source

    def tick(self):
        """Waits for the counter's next change: when, and the joules then. None where it stands."""
        if not self.counter:
            return None
        try:
            before, until = self.counter(), self.clock.now() + TICK_TIMEOUT_S
            while self.clock.now() < until:
                self.clock.sleep(TICK_PAUSE_S)
                joules = self.counter()
                if joules != before:
                    return self.clock.now(), joules
        except Missing:
            pass  # said by the window, which has no counter then
        return None

    def window(self, work, beside=None):
        """Runs `work`, which returns (begin, end, anything), and gives its joules with the rest.
        `beside` is another power to hold against them."""
        with Sampler(self.gauge, self.state, self.clock, beside) as sampler:
            head = self.tick()
            begin, end, result = work()
            close, after = (self.tick(), self.tick()) if head else (None, None)
            if not head and self.gauge:
                self.clock.sleep(0.2)  # the power of the last moments is shown a little later
        energy = {"work_s": end - begin, **self.by_counter(begin, end, head, close, after)}
        energy["source"] = self.source() if energy["counter_joules"] is not None else self.gauge_source
        joules = integral(sampler.points, begin, end)
        energy["integral_joules"] = joules
        energy["integral_source"] = self.gauge_source if joules is not None else None
        energy["sampler_failures"] = sampler.failures
        if beside:
            energy["beside_joules"] = integral(sampler.beside, begin, end)
        counted = energy["counter_joules"]
        if counted and joules is not None:
            energy["integral_off"] = joules / counted - 1.0
            energy["disagrees"] = abs(energy["integral_off"]) > DISAGREEMENT
        return {
            "energy": energy,
            "state": summary_of(sampler.states),
            "spoiled": spoiled(energy, sampler.states),
            "watts": thinned([(at - begin, watts) for at, watts in sampler.points]),
        }, result

    def by_counter(self, begin, end, head, close, after):
        if not self.counter:
            return {"counter_joules": None, "counter_missing": "the board has no energy counter"}
        if not (head and close and after):
            return {"counter_joules": None, "counter_missing": "the counter stood still or failed"}
        ticks = close[1] - head[1]
        # A tick that was noticed late would make it anything; behind the work it is never above the work.
        seen = (after[1] - close[1]) / (after[0] - close[0])
        tail_watts = min(seen, ticks / (close[0] - head[0]))
        tail_s = close[0] - end
        return {
            "counter_joules": ticks - tail_watts * tail_s,
            "counter_ticks_joules": ticks,
            "counter_s": close[0] - head[0],
            "head_s": begin - head[0],
            "tail_s": tail_s,
            "tail_watts": tail_watts,
        }


def joules_of(energy):
    """The window's figure: the counter's, else the integral's; None where neither is there."""
    counted = energy.get("counter_joules")
    return counted if counted is not None else energy.get("integral_joules")


def summary_of(states):
    """Least and greatest of what was seen, and all reasons together."""
    told = {}
    for name in ("celsius", "sm_mhz", "memory_mhz", "p_state", "limit_watts"):
        values = [state[name] for state in states if name in state]
        if values:
            told[name] = [min(values), max(values)]
    reasons = [state["reasons"] for state in states if "reasons" in state]
    if reasons:
        told["reasons"] = 0
        for one in reasons:
            told["reasons"] |= one
    return told


def spoiled(energy, states):
    """Why a window's figure must not be used; None where it may be."""
    seen = summary_of(states)
    words = [text for bit, text in SPOILING_REASONS.items() if seen.get("reasons", 0) & bit]
    limits = seen.get("limit_watts")
    if limits and limits[0] != limits[1]:
        words.append("the power limit changed meanwhile")
    joules = joules_of(energy)
    if joules is None:
        words.append("no sensor gave its joules")
    elif joules <= 0.0:
        words.append(f"the sensor gave {joules:.3f} J, which cannot be")
    return "; ".join(words) or None
