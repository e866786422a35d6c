"""What the terminal shows."""

from __future__ import annotations

import io
from datetime import datetime, timezone

from rich.console import Console

from clouddesk.model.notice import READY, Notice
from connectors import render
from connectors.conversation import Shown
from connectors.rasa import Button, Reply

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
