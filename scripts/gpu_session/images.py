"""Stage 3: joules per image of a Stable Diffusion with random weights; unavailable, with its reason,
where diffusers is neither installed nor carried along."""

from .configurations import PICTURE_CONFIGURATIONS, PICTURES, TINY_PICTURES
from .faults import Failed
from .windows import Sweep


def wants(session):
    """(seconds of windows, seconds around them) that the stage would like."""
    plan, stage = session.plan, session.ledger.stage("images")
    if stage and stage["state"] == "done":
        return 0.0, 0.0
    count = len(PICTURE_CONFIGURATIONS) * plan.passes
    return count * plan.picture_window_s, count * plan.around_s + plan.load_s


def run(session):
    ledger, plan = session.ledger, session.plan
    stage = ledger.begin("images")
    sweep = Sweep(session, "images", PICTURE_CONFIGURATIONS, plan.passes, plan.picture_window_s, (0.0, 0.0))
    if not sweep.open():
        return ledger.end("images", "done")
    if session.budget.left_s() < plan.load_s:
        return ledger.end("images", "short", "the time ran out before it began; the same command goes on")
    session.open()
    sizes = TINY_PICTURES if session.rehearsal else PICTURES
    try:
        facts = session.server.ask("pictures", sizes=sizes, seed=plan.seed, within_s=180.0)
    except Failed as error:
        session.tell("images", f"unavailable: {error}")
        return ledger.end("images", "unavailable", str(error))
    stage["model"], stage["sizes"] = facts, sizes
    # The first pictures of a process are never used.
    session.server.ask("prepare", of="images", configuration=PICTURE_CONFIGURATIONS[0])
    sweep.run()
    return None
