"""What is printed: a line for each run, and the figures of all of them."""

from __future__ import annotations

import os
import statistics
from collections import Counter
from collections.abc import Sequence

from tests.chaos.rounds import Run
from tests.chaos.violations import KINDS


def line(run: Run, together: Sequence[int], *, is_verbose: bool = False) -> str:
    """What happened in a run; for a violated one everything that is known, and how to play it again."""
    plan, evidence = run.plan, run.evidence
    asked = " ".join(f"{one.operation}={one.outcome}" for one in evidence.attempts)
    own = [struck for struck in run.strikes if struck.seed == plan.seed]
    struck = ", ".join(f"{one} +{one.at - run.began_at:.1f}s" for one in own)
    others = f" (and {len(run.strikes) - len(own)} of its neighbours)" if len(run.strikes) > len(own) else ""
    verdict = "OK" if not run.violations else "VIOLATED"
    how = "chat" if plan.by_chat else "desk"
    text = (
        f"{plan.seed} {verdict} {run.ended_at - run.began_at:.0f}s {how} {evidence.reservation_id} "
        f"{plan.nodes}×{plan.provider} {asked} | {struck}{others}"
    )
    if not run.violations and not is_verbose:
        return text
    return "\n".join(
        [
            text,
            *(f"    {violation}" for violation in run.violations),
            f"    struck: {', '.join(f'{one} +{one.at - run.began_at:.1f}s ({one.seed})' for one in run.strikes)}",
            *(f"    {one.operation}: {one.outcome} {one.said}" for one in evidence.attempts if one.said),
            f"    notices: {[(told.kind, told.id, told.created_at.isoformat()) for told in evidence.notices]}",
            f'    again: make chaos ARGS="--seed {together[0]} --runs {len(together)} --together {len(together)}"',
        ]
    )


def summary(runs: Sequence[Run], seconds: float) -> dict[str, object]:
    """The figures of all runs."""
    violations = Counter(violation.kind for run in runs for violation in run.violations)
    own = [struck for run in runs for struck in run.strikes if struck.seed == run.plan.seed]
    strikes = Counter(str(struck.strike) for struck in own)
    repeated = sum(len(run.evidence.notices) - len({told.id for told in run.evidence.notices}) for run in runs)
    took = sorted(run.ended_at - run.began_at for run in runs)
    return {
        "runs": len(runs),
        "runs_with_a_kill": sum(bool(run.kills) for run in runs),
        "failed_seeds": [run.plan.seed for run in runs if run.violations],
        "violations": sum(violations.values()),
        **{kind: violations[kind] for kind in KINDS},
        "repeated_deliveries": repeated,
        "operations": Counter(one.operation.kind for run in runs for one in run.evidence.attempts),
        "outcomes": Counter(one.outcome for run in runs for one in run.evidence.attempts),
        "notices": Counter(told.kind for run in runs for told in run.evidence.notices),
        "notices_checked_in_the_cloud": sum(len(run.evidence.sightings) for run in runs),
        "strikes": dict(sorted(strikes.items())),
        "kills": sum(struck.strike.kind == "kill" for struck in own),
        "machines_promised": sum(run.plan.nodes for run in runs if run.evidence.truth),
        "seconds": round(seconds, 1),
        "seconds_per_run": round(seconds / max(1, len(runs)), 2),
        "round_seconds_median": round(statistics.median(took), 1) if took else None,
        "cores": os.cpu_count(),
    }
