"""What the terminal shows."""

from __future__ import annotations

import io
from datetime import datetime, timezone

from rich.console import Console

from clouddesk.model.notice import READY, Notice
from clouddesk.model.reservation import CONFIGURING, PROVISIONING, SCALING, STARTING
from connectors import render
from connectors.conversation import Shown
from connectors.rasa import Button, Reply
from tests.builders import a_reservation

NOTICE = Notice("n1", READY, "local", "ann", "local:console:-:ann", "r-1", datetime(2026, 1, 1, tzinfo=timezone.utc))
YES_NO = [("", Button("Yes", "/affirm")), ("", Button("No", "/deny"))]


def spans(text: str) -> list[tuple[str, str]]:
    styled = render.styled(text)
    return [(styled.plain[span.start : span.end], str(span.style)) for span in styled.spans]


def screen(shown: Shown) -> str:
    output = io.StringIO()
    render.show(Console(file=output, width=60), shown)
    return output.getvalue()


def test_chat_marks_become_styles():
    assert spans("*spark-1* is _new_: run `ssh x`") == [("spark-1", "bold"), ("new", "italic"), ("ssh x", "cyan")]
    assert render.styled("*spark-1* is _new_").plain == "spark-1 is new"


def test_stars_and_underscores_that_are_no_marks_stay():
    for text in ("2 * 3 * 4", "my_own_name and s_2", "a*b*c", "**"):
        assert render.styled(text).plain == text


def test_rich_markup_in_a_name_is_text():
    assert "[red]x[/red]" in screen(Shown(Reply("machine [red]x[/red]"), []))


def test_control_characters_do_not_reach_the_terminal():
    shown = Shown(Reply("a\x1b[2Jb"), [("a", Button("Y\x07es", "/affirm"))])
    assert render.plain(shown) == "a[2Jb\n[a] Yes"
    assert "\x1b" not in screen(shown)


def test_buttons_are_choices_to_type():
    assert render.plain(Shown(Reply("Sure?"), YES_NO)) == "Sure?\n[Yes]  [No]"
    assert "[Yes]  [No]" in screen(Shown(Reply("Sure?"), YES_NO))


def test_a_notice_is_marked_as_one():
    assert screen(Shown(Reply("*vm-1* is ready."), [], NOTICE)).splitlines()[0] == "● notice"


def test_the_foot_of_the_screen_tells_what_is_waited_for():
    coming = a_reservation(name="vm-1", state=PROVISIONING, node_count=3, nodes_up=2)
    software = a_reservation(name="redis-1", state=CONFIGURING, step="installing Redis on 3 nodes")
    asking = a_reservation(name="spark-1", state=CONFIGURING, choose_by=NOTICE.created_at)
    assert render.under_way([coming]) == "vm-1 is coming up: 2 of 3 machines"
    assert render.under_way([software, asking]) == (
        "redis-1 gets its software: installing Redis on 3 nodes   spark-1 waits for your answer"
    )
    growing = a_reservation(name="dask-1", state=SCALING, scaling_to=5)
    starting = a_reservation(name="dask-1", state=STARTING, step="starting workers")
    assert render.under_way([growing]) == "dask-1 gets to 5 machines"
    assert render.under_way([starting]) == "dask-1 is starting: starting workers"
    assert render.under_way([]) == ""


def test_the_greeting_gives_examples_and_says_that_machines_are_simulated():
    output = io.StringIO()
    render.greet(Console(file=output, width=100), "ann", is_simulated=True)
    assert "Hi ann!" in output.getvalue()
    assert "3-node spark cluster for 8 hours" in output.getvalue()
    assert "simulated" in output.getvalue()


def test_the_greeting_says_nothing_of_simulation_where_clouds_are_real():
    output = io.StringIO()
    render.greet(Console(file=output, width=100), "ann", is_simulated=False)
    assert "simulated" not in output.getvalue()
