"""Replies as messages: nothing that is said is lost, and Slack takes all of it whatever people typed into it."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from clouddesk.model.notice import IDLE, IDLE_REST, Notice
from clouddesk.sandbox.slack.blocks import check_blocks
from clouddesk.sandbox.slack.schema import MESSAGE
from connectors.notices import Wording
from connectors.rasa import Button, Reply, Row
from connectors.slack import limits
from connectors.slack.cards import Post, answered, of_notice, of_reply
from tests.builders import NOW

RELEASE = Button("Release", '/terminate_resource{"resource_name": "r-1"}')
STOP = Button("Stop", '/stop_resource{"resource_name": "r-1"}')
YES = Button("Yes, get it", '/affirm{"quote_id": "q-1"}')
NO = Button("No", '/deny{"quote_id": "q-1"}')


def problems(post: Post) -> list[str]:
    return check_blocks(post.blocks, MESSAGE)


def kinds(post: Post) -> list[str]:
    return [block["type"] for block in post.blocks]


def buttons(post: Post) -> list[dict[str, Any]]:
    return [element for block in post.blocks if block["type"] == "actions" for element in block["elements"]]


def words_of(posts: list[Post]) -> str:
    texts = [block["text"]["text"] for post in posts for block in post.blocks if block["type"] == "section"]
    return "".join("".join(texts).split())


def test_a_card_has_its_text_small_print_and_buttons() -> None:
    text = "*1 × t3a.medium*\n$0.03/h\n_(simulated: nothing runs)_\n\nShall I get it?"
    (post,) = of_reply(Reply(text, (YES, NO), small=("_(simulated: nothing runs)_",)))

    assert kinds(post) == ["section", "context", "section", "actions"]
    assert [(button["text"]["text"], button["value"]) for button in buttons(post)] == [
        ("Yes, get it", YES.payload),
        ("No", NO.payload),
    ]
    assert post.text.startswith("*1 × t3a.medium*")
    assert "Shall I get it?" in post.text
    assert problems(post) == []


def test_what_ends_a_line_can_be_small_print_and_what_only_looks_like_it_is_not() -> None:
    (post,) = of_reply(Reply("*vm-1* is ready. _(simulated)_\nNext: _(something)_", small=("_(simulated)_",)))

    assert kinds(post) == ["section", "context", "section"]
    assert post.blocks[0]["text"]["text"] == "*vm-1* is ready."
    assert post.blocks[2]["text"]["text"] == "Next: _(something)_"


def test_each_line_of_a_list_has_its_buttons_below_it() -> None:
    rows = (Row("• *a* · running", (STOP, RELEASE)), Row("• *b* · releasing", ()))
    (post,) = of_reply(Reply("You have 2:\n• *a* · running\n• *b* · releasing", rows=rows))

    assert kinds(post) == ["section", "section", "actions", "section"]
    assert len({button["action_id"] for button in buttons(post)}) == 2
    assert problems(post) == []


def test_what_ends_something_is_red_and_a_yes_is_green() -> None:
    give_back = Button("Yes, give back", '/affirm{"reservation_id": "r-1"}')
    delete = Button("Delete", '/decide{"orphan_id": "o-1", "decision": "delete"}')
    (post,) = of_reply(Reply("?", (YES, NO, STOP, RELEASE, give_back, delete)))

    assert [button.get("style") for button in buttons(post)] == ["primary", None, None, "danger", "danger", "danger"]


def test_nothing_that_was_typed_mentions_or_links() -> None:
    (post,) = of_reply(Reply("*<!channel>* <@U1> <http://evil|good> & more", (Button("<!here>", "/affirm"),)))

    assert "<!" not in post.text
    assert "<@" not in post.text
    said = post.blocks[0]["text"]["text"]
    assert said.startswith("*&lt;!channel&gt;* &lt;@U1&gt;")
    assert "|good>" not in said


def test_a_list_that_is_too_long_for_one_message_goes_on_in_the_next() -> None:
    rows = tuple(Row(f"• *vm-{number}* · running · 1 × t3a.medium", (STOP, RELEASE)) for number in range(120))
    text = "\n".join(["You have 120 machines:", *(row.text for row in rows)])
    posts = of_reply(Reply(text, rows=rows))

    assert len(posts) > 1
    assert words_of(posts) == "".join(text.split())
    assert sum(len(buttons(post)) for post in posts) == 240
    for post in posts:
        assert problems(post) == []
        assert kinds(post)[-1] == "actions", "a line and its buttons stay together"


def test_a_notice_is_one_message() -> None:
    notice = Notice("n-1", "ready", "T1", "U1", "T1:C1:-:U1", "r-1", NOW, {"name": "web"})
    post = of_notice(notice, Reply("*web* is ready.", (STOP,)))

    assert post.text == "✅ *web* is ready."
    assert len(buttons(post)) == 1


def test_of_the_buttons_of_an_idle_question_one_answer_takes_the_others_away() -> None:
    values = {
        "name": "etl",
        "reservation_id": "r-1",
        "asked": "20260304T120000",
        "why": "no logins",
        "idle_for": "3 hours",
    }
    notice = Notice("n-1", IDLE, "T1", "U1", "T1:C1:-:U1", "r-1", NOW, values)
    post = of_notice(notice, Wording().render(notice, timezone_name="UTC"))

    assert post.text.startswith("💤 ")
    assert problems(post) == []
    pressed = {button["text"]["text"]: button for button in buttons(post)}
    assert list(pressed) == ["Keep 4 hours", "Keep 1 day", "Stop now", "Give back"]
    assert (
        pressed["Keep 4 hours"]["value"]
        == '/decide{"reservation_id": "r-1", "decision": "keep_idle@14400:20260304T120000"}'
    )
    after = answered(post.text, post.blocks, pressed["Keep 4 hours"]["action_id"])
    assert after is not None
    assert buttons(after) == []


def test_an_idle_question_offers_the_archive_where_there_can_be_one() -> None:
    values = {"name": "etl", "reservation_id": "r-1", "asked": "20260304T120000", "hourly": "$0.33"}
    kept = {"archived_hourly": "$0.02", "archive": "instead"}
    for kind, before in ((IDLE, "Stop now"), (IDLE_REST, "Start")):
        notice = Notice("n-1", kind, "T1", "U1", "T1:C1:-:U1", "r-1", NOW, {**values, **kept})
        post = of_notice(notice, Wording().render(notice, timezone_name="UTC"))

        assert problems(post) == []
        assert "it costs $0.02 an hour" in post.text
        titles = [button["text"]["text"] for button in buttons(post)]
        assert titles[titles.index(before) + 1 :] == ["Archive", "Give back"]
        pressed = {button["text"]["text"]: button["value"] for button in buttons(post)}
        assert pressed["Archive"] == '/archive_resource{"resource_name": "r-1"}'


def test_an_idle_question_that_has_an_archive_of_its_own_offers_it_once() -> None:
    values = {"name": "etl", "reservation_id": "r-1", "archives": NOW.isoformat(), "archive": "instead"}
    notice = Notice("n-1", IDLE_REST, "T1", "U1", "T1:C1:-:U1", "r-1", NOW, values)
    reply = Wording().render(notice, timezone_name="UTC")

    assert [button.payload.partition("{")[0] for button in reply.buttons].count("/archive_resource") == 1


def test_the_question_before_an_archive_has_a_yes_that_stands_out() -> None:
    asked = (
        Button("Archive it", '/affirm{"question_id": "m-1"}'),
        Button("Extend by 1 week", '/extend_reservation{"resource_name": "r-1", "duration_minutes": 10080}'),
        Button("No", '/deny{"question_id": "m-1"}'),
    )
    (post,) = of_reply(Reply("Archive *etl-1*? Its 3 machines are given back.", asked))

    assert problems(post) == []
    assert [(button["text"]["text"], button.get("style")) for button in buttons(post)] == [
        ("Archive it", "primary"),
        ("Extend by 1 week", None),
        ("No", None),
    ]


TYPED = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=400) | st.just("&" * 900) | st.just("<" * 3000)


@given(
    st.lists(TYPED, max_size=12), st.lists(TYPED.map(lambda text: Button(text[:300] or "-", "/affirm")), max_size=30)
)
def test_slack_takes_whatever_is_said(lines: list[str], choices: list[Button]) -> None:
    reply = Reply("\n".join(lines) or "x", tuple(choices))
    posts = of_reply(reply)

    for post in posts:
        assert problems(post) == []
        assert len(post.text) <= limits.POST_TEXT
        assert not re.search(r"<[!@#]", post.text)


def test_titles_are_text_wherever_they_are_shown() -> None:
    titles = Reply("", tuple(Button(f"<!channel> {number}", f"/x{number}") for number in range(26)))
    assert all("<!" not in post.text for post in of_reply(titles))
    (post,) = of_reply(Reply("Which?", (Button("a <!here> b", '/affirm{"name": "x"}'),)))
    settled = answered(post.text, post.blocks, "say:0")
    assert settled is not None
    assert settled.blocks[-1]["elements"][0]["text"] == "You chose *a &lt;!here&gt; b*."
