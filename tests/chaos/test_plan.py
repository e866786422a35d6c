"""Plans follow from their seeds, and leave nothing out."""

from __future__ import annotations

from tests.chaos.plan import EXPIRE, FAULT, FREEZE, KILL, ONCE, RESERVE, SWEEP, make_plan

MANY = range(400)


def test_a_seed_always_makes_the_same_plan() -> None:
    assert [make_plan(seed) for seed in MANY] == [make_plan(seed) for seed in MANY]
    assert len({str(make_plan(seed)) for seed in MANY}) > 300


def test_every_run_reserves_once_and_is_struck_by_a_kill_during_its_operations() -> None:
    for seed in MANY:
        plan = make_plan(seed)
        kinds = [operation.kind for operation in plan.operations]
        assert 2 <= len(kinds) <= 5
        assert kinds[0] == RESERVE
        assert all(kinds.count(kind) <= 1 for kind in ONCE)
        assert any(strike.kind == KILL for strike in plan.strikes)
        assert all(strike.during < len(kinds) for strike in plan.strikes)


def test_all_operations_processes_and_kinds_of_strikes_occur() -> None:
    plans = [make_plan(seed) for seed in MANY]
    strikes = [strike for plan in plans for strike in plan.strikes]
    assert {strike.kind for strike in strikes} == {KILL, FREEZE, FAULT, SWEEP}
    assert {strike.target for strike in strikes if strike.kind == KILL} == {
        *("worker", "actions", "rasa", "redis", "vault", "temporal", "sandbox-aws", "sandbox-digitalocean"),
    }
    assert {operation.kind for plan in plans for operation in plan.operations} >= {
        "extend",
        "stop",
        "start",
        "reboot",
        "hold",
        "archive",
    }
    archives = [kinds for plan in plans if "archive" in (kinds := [one.kind for one in plan.operations])]
    assert any("start" in kinds[kinds.index("archive") :] for kinds in archives)
    assert any(plan.operations[-1].kind == EXPIRE for plan in plans)
    assert any(not operation.is_patient for plan in plans for operation in plan.operations)
