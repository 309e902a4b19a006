"""summary.md: what came out, in tables that docs/validation-gpu.md takes as they are."""

import statistics

from .configurations import CONFIGURATIONS, PICTURE_CONFIGURATIONS, key
from .ledger import STAGES
from .sensors import NAMES

PHASES = {"idle": "left alone", "steady": "steady load", "bursty": "bursts of 0.3 s"}


def page(record, no_landscape):
    lines = ["# What only a GPU can show", ""]
    if record["rehearsal"]:
        lines = ["# REHEARSAL: what only a GPU can show", "", f"**{record['label']}**", ""]
    board = record["board"]
    lines += [
        f"Written by `scripts/gpu-session`, begun {record['began_at'][:16].replace('T', ' ')} UTC. "
        f"{board['name']}, driver {board['driver']}; {versions(record)}. "
        f"{record['machine']['cpu']}, {record['machine']['logical_cores']} cores. Power limit, clocks and "
        "modes were left as they were.",
        "",
    ]
    for name in STAGES:
        stage = record["stages"].get(name)
        if not stage:
            lines += [f"**{name}: not begun.**", ""]
            continue
        words = [stage["state"], stage.get("reason", ""), *stage.get("notes", [])]
        lines += [f"**{name}: {'; '.join(word for word in words if word)}.**", ""]
        lines += {"sensors": of_sensors, "tokens": of_tokens, "images": of_images}[name](stage)
    lines += [f"Warning: {text}." for text in record.get("warnings", [])]
    lines += [f"There is no landscape: {no_landscape}."] if no_landscape else []
    spent = sum(record.get("spent_s", []))
    lines += [f"Took {spent:.0f} s in {len(record.get('spent_s', []))} calls."] if spent else []
    return "\n".join(lines).rstrip() + "\n"


def versions(record):
    told = record.get("versions")
    if not told:
        return "versions not known yet"
    return f"PyTorch {told['torch']}, Transformers {told['transformers']}, Python {told['python']}"


def table(head, rows):
    if not rows:
        return []
    return [
        f"| {' | '.join(head)} |",
        f"|{'---|' * len(head)}",
        *(f"| {' | '.join(row)} |" for row in rows),
        "",
    ]


def figure(value, unit="", digits=4):
    """Significant digits; what was not measured is no zero."""
    if value is None:
        return "unavailable"
    text = f"{value:.{digits}g}"
    # Plain numbers up to a million: "1.234e+04" is for nobody.
    text = f"{value:.0f}" if "e" in text and abs(value) < 1e6 and abs(value) >= 1 else text
    return text + (f" {unit}" if unit else "")


def of_sensors(stage):
    phases = stage.get("phases", {})
    rows = []
    for name, words in PHASES.items():
        for value, seen in phases.get(name, {}).get("values", {}).items():
            cost = phases[name].get("cost", {}).get(value, {})
            unit = "J" if value == "counter" else "W"
            rows.append(
                [
                    words,
                    NAMES[value],
                    figure(seen["period_ms"], "ms"),
                    figure(seen["smallest_change"], unit),
                    figure(cost.get("median_us"), "µs"),
                    figure(cost.get("slowest_us"), "µs"),
                ]
            )
    lines = table(["board", "value", "changes every", "smallest change", "one call, median", "slowest"], rows)
    rows = []
    for name, words in PHASES.items():
        if name in phases:
            energy = phases[name]["energy"]
            seconds = energy["work_s"]
            mean = [
                None if energy.get(which) is None else energy[which] / seconds
                for which in ("counter_joules", "integral_joules", "beside_joules")
            ]
            rows.append([words, f"{seconds:.1f} s", *(figure(one, "W") for one in mean), percent(energy)])
    head = ["board", "for", "energy counter", "instant power, integrated", "averaged power", "integral off"]
    lines += table(head, rows)
    lines += [f"{name} does not answer: {why}." for name, why in stage.get("missing", {}).items()]
    return lines + ([""] if stage.get("missing") else [])


def percent(energy):
    off = energy.get("integral_off")
    return "unavailable" if off is None else f"{off * 100:+.2f} %"


def of_tokens(stage):
    lines = []
    if "model" in stage and "work" in stage:
        work, model = stage["work"], stage["model"]
        lines = [
            f"A Llama shape with {model['parameters'] / 1e9:.3g} billion random weights "
            f"({', '.join(f'{name} {value}' for name, value in model['shape'].items())}), through generate() of "
            f"Transformers without compiling, all configurations in one process. Work: {work['requests']} "
            f"requests of {work['prompt_tokens']} tokens in and {work['output_tokens']} out that arrive "
            "together; a window is whole rounds over them. J/token by the energy counter, tick to tick, where "
            "it answers; the integral of instant power beside it. The first window was discarded. In order of "
            "the list, the default first.",
            "",
        ]
    return lines + of_windows(stage, CONFIGURATIONS, "token")


def of_images(stage):
    lines = []
    if "sizes" in stage:
        sizes, model = stage["sizes"], stage["model"]
        lines = [
            f"A Stable Diffusion shape with random weights ({model['parameters'] / 1e6:.0f} million in its "
            f"network), {sizes['side']} × {sizes['side']}, {sizes['steps']} steps, guidance 7.5, "
            f"{model['dtype']}, diffusers {model['diffusers']}. Its pictures are noise.",
            "",
        ]
    return lines + of_windows(stage, PICTURE_CONFIGURATIONS, "image")


def of_windows(stage, configurations, unit):
    rows, off = [], []
    for configuration in configurations:
        own = [one for one in stage.get("windows", []) if one["configuration"] == configuration]
        failure = stage.get("failures", {}).get(key(configuration))
        if failure:
            rows.append([f"`{key(configuration)}`", f"failed: {failure['message'][:120]}", "", "", "", ""])
        if not own:
            continue
        off += [one["energy"]["integral_off"] for one in own if one["energy"].get("integral_off") is not None]
        integrals = [
            one["energy"]["integral_joules"] / one["units"]
            for one in own
            if one["energy"].get("integral_joules") is not None
        ]
        marks = "".join(f" (pass {one['pass']} not used: {one['spoiled']})" for one in own if one["spoiled"])
        rows.append(
            [
                f"`{key(configuration)}`",
                ", ".join(figure(one["joules_per_unit"]) for one in own) + marks,
                ", ".join(figure(one) for one in integrals) or "unavailable",
                ", ".join(figure(one["units"] / one["energy"]["work_s"]) for one in own),
                figure(statistics.median(one["first_s"][0] for one in own), "s", 3),
                ", ".join(f"{one['energy']['work_s']:.1f}" for one in own) + " s",
            ]
        )
    first = "first token, median" if unit == "token" else "picture, median"
    head = ["settings", f"J/{unit}", "by the integral", f"{unit}s/s", first, "windows"]
    lines = table(head, rows)
    if off:
        apart = sum(abs(one) > 0.05 for one in off)
        lines += [
            f"Integral against counter, over {len(off)} windows: median {statistics.median(off) * 100:+.2f} %, "
            f"from {min(off) * 100:+.2f} to {max(off) * 100:+.2f} %; more than 5 % apart in {apart}.",
            "",
        ]
    return lines
