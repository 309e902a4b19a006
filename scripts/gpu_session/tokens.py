"""Stage 2: joules per token of a language model with random weights, 12 configurations in one server
process, each window whole rounds over the same requests."""

from .configurations import CONFIGURATIONS, DEFAULT, TINY, output_tokens, parameters_of, shape_for
from .windows import Sweep

# Tokens of the requests that tell how fast the board is.
TRIAL_TOKENS = 16
# The discarded first window: long enough for clocks and heat to rise.
DISCARDED_SHARE = 0.2


def run(session, later):
    ledger, plan = session.ledger, session.plan
    stage = ledger.begin("tokens")
    if not Sweep(session, "tokens", CONFIGURATIONS, plan.passes, plan.window_s, later).open():
        return ledger.end("tokens", "done")
    opened = session.open()
    shape = TINY if session.rehearsal else shape_for(opened["memory_bytes"])
    facts = session.server.ask("language", shape=shape, seed=plan.seed, within_s=180.0)
    stage["model"] = {"shape": shape, **facts}
    stage["expected_parameters"] = parameters_of(shape)
    billions = facts["parameters"] / 1e9
    session.tell("tokens", f"the model has {billions:.3g} billion weights, made in {facts['load_s']:.1f} s")
    size(session, stage)
    # The first window of a process is never used: kernels are chosen and memory is laid out in it.
    sweep = Sweep(session, "tokens", CONFIGURATIONS, plan.passes, plan.window_s, later)
    discarded = sweep.window(0, DEFAULT, plan.window_s * DISCARDED_SHARE)
    stage.setdefault("discarded", []).append(discarded)
    ledger.save()
    sweep.run()
    return None


def size(session, stage):
    """How long answers are: told by the board once, and kept when the session goes on."""
    plan = session.plan
    asked = {"requests": plan.requests, "prompt_tokens": plan.prompt_tokens, "seed": plan.seed}
    if "work" not in stage:
        session.server.ask("plan", output_tokens=TRIAL_TOKENS, **asked)
        # The first batch lays things out; the second one tells.
        for _ in range(2):
            took = session.server.ask("prepare", of="tokens", configuration=DEFAULT)["batch_s"]
        length = output_tokens(took / TRIAL_TOKENS, plan, plan.window_s)
        stage["work"] = {**asked, "output_tokens": length, "trial_batch_s": took}
    work = stage["work"]
    session.server.ask("plan", output_tokens=work["output_tokens"], **asked)
    session.tell(
        "tokens",
        f"{work['requests']} requests of {work['prompt_tokens']} tokens in and {work['output_tokens']} out",
    )
    session.ledger.save()
