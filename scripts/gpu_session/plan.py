"""What is measured for how long: the plan of a real session and of a rehearsal.

A real session of 360 s: about 50 s of sensors and loading, 24 windows of
10 s with 0.7 s around each, 8 of 1.5 s for pictures."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    budget_s: float
    # Sensors: a board left alone, under steady load, under bursts; then values watched, calls timed.
    idle_s: float
    steady_s: float
    bursty_s: float
    watch_s: float
    calls: int
    # Tokens.
    window_s: float
    passes: int
    requests: int
    prompt_tokens: int
    # Rounds over all requests that the slowest default should make in a window.
    rounds: int
    # Pictures.
    picture_window_s: float
    # What a window costs besides itself: settings, warm-up, both edges.
    around_s: float
    load_s: float
    seed: int = 20260


REAL = Plan(
    budget_s=360.0, idle_s=14.0, steady_s=13.0, bursty_s=8.0, watch_s=2.5, calls=100,
    window_s=10.0, passes=2, requests=32, prompt_tokens=64, rounds=4,
    picture_window_s=1.5, around_s=0.8, load_s=6.0,
)  # fmt: skip
REHEARSAL = Plan(
    budget_s=115.0, idle_s=3.0, steady_s=2.0, bursty_s=2.0, watch_s=0.5, calls=20,
    window_s=1.0, passes=2, requests=32, prompt_tokens=16, rounds=2,
    picture_window_s=0.5, around_s=0.8, load_s=8.0,
)  # fmt: skip
