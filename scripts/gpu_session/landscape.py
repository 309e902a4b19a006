"""landscape.json: the tokens' windows in the format that `wattsmith-cli landscape show` and studies
read (src-tauri/crates/search/src/landscape.rs), with the joules that the board's sensor gave."""

import hashlib
import json
import math

from .configurations import CONFIGURATIONS, DEFAULT, PARAMETERS, key
from .faults import Missing
from .machine import gpu_in_words

FORMAT = 1
ERRORS = {"nvml-counter": 0.05, "nvml-instant": 0.05, "nvml-average": 0.13}
SENSORS = {
    "counter": ("NVIDIA GPU energy counter", "nvml-counter", None),
    "instant": ("NVIDIA GPU power, instant", "nvml-instant", None),
    "average": ("NVIDIA GPU power, averaged", "nvml-average", 1000.0),
}


def digest(value):
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def short(value):
    """Six significant digits, as the format has them."""
    return float(f"{value:.5e}")


def build(record):
    """The landscape of a record; Missing where there is none yet, with the reason."""
    stage = record["stages"].get("tokens") or {}
    rehearsal = record["rehearsal"]
    windows = [one for one in stage.get("windows", []) if one["joules_per_unit"] is not None]
    source, windows = of_one_source(windows)
    used = [one for one in windows if not one["spoiled"] and one["joules_per_unit"] > 0.0]
    groups = grouped(used)
    if len(groups) < 2 or key(DEFAULT) not in groups:
        raise Missing("fewer than two configurations with the default among them have a usable window")
    noise = pooled(groups)
    if noise is None:
        raise Missing("no configuration was measured twice, so its noise is not known")
    board, model, work = record["board"], stage["model"], stage["work"]
    versions = record["versions"]
    size = f"{model['parameters'] / 1e9:.3g}"
    label = "REHEARSAL (stand-in sensor, tiny model) · " if rehearsal else ""
    return {
        "format": FORMAT,
        "name": f"{label}Llama shape with {size} billion random weights · Transformers, on {board['name']}",
        "synthetic": rehearsal,
        "recorded_at": record["began_at"],
        "recorded_by": record["recorded_by"],
        "engine": {
            "name": "transformers",
            "version": f"Transformers {versions['transformers']}, PyTorch {versions['torch']}",
            "path": "",
        },
        "model": {
            "name": f"Llama shape, {size} billion random weights",
            "path": "made at the start",
            # There is no file: this is the hash of what it is made from.
            "sha256": digest({"shape": model["shape"], "seed": record["seed"]}),
            "quantisation": "bfloat16",
            "bytes": model["bytes"],
            "random_weights": True,
        },
        "workload": {
            "name": "gpu-session",
            "hash": digest(
                {name: work[name] for name in ("requests", "prompt_tokens", "output_tokens", "seed")}
            ),
            "requests": work["requests"],
            "concurrency": work["requests"],
            "output_tokens": work["output_tokens"],
            "passes": 1,
            "seed": work["seed"],
            "unit": "output-token",
        },
        "machine": {**record["machine"], "gpus": [gpu_in_words(board)], "sensors": sensors(record)},
        "scope": "gpu-board",
        "source": "stand-in" if rehearsal else source,
        "measured": not rehearsal,
        "sensor_error": ERRORS[source],
        "quick": any(one["shortened"] for one in used) or rehearsal,
        "passes": max(one["pass"] for one in used),
        "seed": record["seed"],
        "constraints": {
            "min_tokens_per_second": None,
            "max_time_to_first_token_s": None,
            # Weights' types are among the settings, and with random weights no quality is lost.
            "quality_lock": False,
        },
        "space": {"parameters": PARAMETERS, "rules": []},
        "entries": entries(windows, stage["failures"]),
        "truth": [],
        "noise": noise,
    }


def of_one_source(windows):
    """The source of most windows; figures of another one are kept and not used with it."""
    if not windows:
        return None, []
    every = [one["energy"]["source"] for one in windows]
    source = max(sorted(set(every)), key=every.count)
    other = "its joules come from another sensor than the others'"
    return source, [
        one if one["energy"]["source"] == source else {**one, "spoiled": one["spoiled"] or other}
        for one in windows
    ]


def grouped(windows):
    groups = {}
    for one in windows:
        groups.setdefault(key(one["configuration"]), []).append(one)
    return groups


def pooled(groups):
    """Spread of ln J/unit of one window, with what the passes differ in taken out (randomised blocks)
    where each configuration has a window in each; None without a repeat."""
    logs = {
        (name, one["pass"]): math.log(one["joules_per_unit"])
        for name, windows in groups.items()
        for one in windows
    }
    passes = sorted({number for _, number in logs})
    means = {name: mean(value for (own, _), value in logs.items() if own == name) for name in groups}
    levels, lost = dict.fromkeys(passes, 0.0), 0
    if len(logs) == len(groups) * len(passes) and len(passes) > 1:
        centre = mean(logs.values())
        levels = {
            number: mean(value for (_, own), value in logs.items() if own == number) - centre
            for number in passes
        }
        lost = len(passes) - 1
    df = len(logs) - len(groups) - lost
    if df < 1:
        return None
    squares = sum((value - means[name] - levels[number]) ** 2 for (name, number), value in logs.items())
    return {"log_sd": math.sqrt(squares / df), "df": float(df)}


def mean(values):
    values = list(values)
    return sum(values) / len(values)


def entries(windows, failures):
    """In the order of the list, the default first; what was not reached is left out."""
    told = []
    for configuration in CONFIGURATIONS:
        own = key(configuration)
        entry = {"configuration": configuration}
        entry["windows"] = [
            window(one) for one in windows if key(one["configuration"]) == own and one["joules_per_unit"] > 0
        ]
        if own in failures:
            failure = failures[own]
            entry["failure"] = {"cause": failure["cause"], "message": failure["message"]}
        if entry["windows"] or own in failures:
            told.append(entry)
    return told


def window(one):
    seconds = one["energy"]["work_s"]
    told = {
        "pass": one["pass"],
        "started_at": one["started_at"],
        "joules_per_unit": short(one["joules_per_unit"]),
        "tokens_per_second": short(one["units"] / seconds),
        "first_token_p50_s": short(one["first_s"][0]),
        "first_token_p95_s": short(one["first_s"][1]),
        "window_s": short(seconds),
    }
    if one["spoiled"]:
        told["spoiled"] = one["spoiled"]
    return told


def sensors(record):
    """Every sensor that was looked for, with its period under load."""
    stage = record["stages"].get("sensors") or {}
    phases = stage.get("phases", {})
    values = (phases.get("steady") or phases.get("idle") or {}).get("values", {})
    board, told = record["board"], []
    for name, (words, source, averaging_ms) in SENSORS.items():
        report = {
            "name": words + (" (stand-in)" if record["rehearsal"] else ""),
            "device": f"GPU {board['index']}: {board['name']}",
            "source": source,
            "scope": "gpu-board",
            "error": ERRORS[source],
        }
        if name in values:
            report |= {
                "availability": "available",
                "period_ms": values[name]["period_ms"],
                "resolution": values[name]["smallest_change"],
                "averaging_ms": averaging_ms,
            }
        else:
            why = " ".join(text for text in stage.get("missing", {}).values()) or "it was not looked at"
            report |= {"availability": "unavailable", "reason": why, "remedy": ""}
        told.append(report)
    return told
