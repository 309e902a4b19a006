#!/usr/bin/env python3
"""Checks this bundle without Wattsmith: every hash, then the joules of every window from its samples.
Ends with 0 where all that can be checked is right, with 1 where something is not, and with 2 where no
window could be checked. README.txt says how joules are reckoned.
"""
import bisect, csv, functools, hashlib, json, math, sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
MOST = 0.001  # as a fraction of what the record says


def wrong_files():
    """Files that are not what SHA256SUMS says, are missing, or are not named there."""
    told = dict(reversed(line.split("  ", 1)) for line in (HERE / "SHA256SUMS").read_text().splitlines())
    there = {path.relative_to(HERE).as_posix() for path in HERE.rglob("*") if path.is_file()} - {"SHA256SUMS"}
    wrong = {name for name in there & set(told)
             if hashlib.sha256((HERE / name).read_bytes()).hexdigest() != told[name]}
    return sorted(wrong | (there ^ set(told)))


def value_at(points, when):
    after = bisect.bisect_left(points, (when, -math.inf))
    if after < len(points) and points[after][0] == when:
        return points[after][1]
    if not 0 < after < len(points):
        raise ValueError("its samples do not cover the window")
    (t0, v0), (t1, v1) = points[after - 1], points[after]
    return v0 + (v1 - v0) * (when - t0) / (t1 - t0)


def by_power(points, end, how):
    begin, end, (last, held) = how["lag"], end + how["lag"], points[-1]
    if last <= begin:
        return (end - begin) * held
    until = min(end, last)
    inside = [point for point in points if begin < point[0] < until]
    line = [(begin, value_at(points, begin))] + inside + [(until, value_at(points, until))]
    area = sum((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in zip(line, line[1:]))
    return area + (end - until) * held


def by_averages(points, end, how):
    def mean(when):
        told = when + how["update"] / 2
        return points[-1][1] if points[-1][0] < told else value_at(points, told)
    tiles = math.floor(end / how["stretch"])
    over = how["stretch"] - (end - tiles * how["stretch"])
    return how["stretch"] * sum(mean(end - i * how["stretch"]) for i in range(tiles + 1)) - over * mean(0.0)


def by_cpu_time(points, end, _how):
    since = [-math.inf] + [at for at, _ in points]
    return sum(watts * max(0.0, min(at, end) - max(before, 0.0)) for before, (at, watts) in zip(since, points))


def by_counter(points, end, how):
    update = how["update"]
    if update is None:  # one that was seen to hold its value ticks at any moment in between
        inside = [joules for at, joules in points if 0.0 <= at <= end]
        update = math.inf if any(a == b for a, b in zip(inside, inside[1:])) else 0.0
    first = points[0][0] - (update if update < math.inf else 0.0)
    ticks, before = [], (first, None)  # when, variance of that, joules
    for at, joules in points:
        if joules != before[1]:
            early = max(at - update, before[0])
            ticks.append(((early + at) / 2, (at - early) ** 2 / 12, joules))
        before = (at, joules)
    return energy_at(ticks, end) - energy_at(ticks, 0.0)


def power(a, b):
    watts = (b[2] - a[2]) / (b[0] - a[0])
    return watts, watts * math.sqrt(a[1] + b[1]) / (b[0] - a[0])


def energy_at(ticks, at):
    here = bisect.bisect_right(ticks, (at, math.inf, math.inf))
    left, right = ticks[:here], ticks[here:]
    if not left or not right:
        if len(left) > 1:  # no later tick: power goes on as it was
            return left[-1][2] + power(left[-2], left[-1])[0] * (at - left[-1][0])
        return (left or right)[-1 if left else 0][2]
    a, b = left[-1], right[0]
    mean, part = power(a, b)[0], at - a[0]
    straight = a[2] + mean * part
    if len(left) < 2 or len(right) < 2:
        return straight
    (first, doubt1), (second, doubt2) = power(left[-2], a), power(b, right[1])
    if (first - mean) * (mean - second) <= 0 or abs(first - second) <= 3 * math.hypot(doubt1, doubt2):
        return straight
    change = (b[0] - a[0]) * (mean - second) / (first - second)  # power took a step between the two
    return a[2] + first * min(part, change) + second * max(part - change, 0.0)


WAYS = {"counter": ("joules", by_counter), "power": ("watts", by_power),
        "averages": ("watts", by_averages), "cpu-time": ("watts", by_cpu_time)}


def joules_of(window):
    begin, end = window["marks_ns"]["from"], window["marks_ns"]["to"]
    points = {}
    with open(HERE / window["samples"], newline="") as rows:
        for row in csv.DictReader(rows):
            place = (int(row["device"]), row["quantity"])
            points.setdefault(place, []).append(((int(row["at_ns"]) - begin) / 1e9, float(row["value"])))
    total, end = 0.0, (end - begin) / 1e9
    for device in window["devices"]:
        quantity, reckon = WAYS[device["reckoning"]["by"]]
        own = points[device["number"], quantity]
        if own[-1][0] < end or (own[0][0] > 0 and reckon is not by_cpu_time):
            raise ValueError("its samples do not cover the window")
        total += reckon(own, end, device["reckoning"])
    return total


def main():
    wrong = wrong_files()
    for name in wrong:
        print(f"{name}: not the file that SHA256SUMS names")
    record = json.loads((HERE / "session.json").read_text())["record"]
    checked = unchecked = 0
    print(f"{'window':32} {'J, samples':>12} {'J, record':>12} {'J/unit':>10} {'apart':>9}")
    paths = sorted((HERE / "windows").glob("*.json"), key=lambda one: [word.zfill(9) for word in one.stem.split("-")])
    for path in paths:
        window = json.loads(path.read_text())
        repeat = functools.reduce(lambda tree, step: tree[step], window["record_at"], record)
        recorded, units = repeat["energy"]["gross"], repeat["units"]
        if window["no_samples_kept"]:
            unchecked += 1
            print(f"{window['window']:32} {'-':>12} {recorded:12.4f} {'-':>10} {'-':>9}  no samples kept: "
                  + window["no_samples_kept"])
            continue
        try:
            joules, why = joules_of(window), ""
        except (ValueError, KeyError, IndexError, ZeroDivisionError, OSError) as cause:
            joules, why = math.nan, f"  cannot be worked out: {cause!r}"
        checked += 1
        apart = abs(joules / units / window["recorded"]["joules_per_unit"] - 1)
        right = max(apart, abs(joules / recorded - 1)) <= MOST and window["units"] == units
        if not right:
            wrong.append(window["window"])
        print(f"{window['window']:32} {joules:12.4f} {recorded:12.4f} {joules / units:10.5f} {apart:9.4%}"
              + ("" if right else why or "  differs"))
    print(f"Windows checked: {checked}. Wrong: {len(wrong)}. Without samples, not checked: {unchecked}.")
    sys.exit(1 if wrong else 0 if checked else 2)


if __name__ == "__main__":
    main()
