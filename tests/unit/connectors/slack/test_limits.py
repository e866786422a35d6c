"""Whatever goes in, what comes out is within Slack's limits, and nothing is lost or broken out of."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clouddesk.sandbox.slack.blocks import TEXT_OF_ALL_BLOCKS, check_blocks, text_length
from clouddesk.sandbox.slack.schema import MESSAGE
from connectors.rasa import Button, Reply, Row
from connectors.slack import limits
from connectors.slack.cards import Post, of_reply
from connectors.slack.lists import pages_of
from connectors.slack.text import escape, incoming, mrkdwn

NASTY = st.lists(
    st.sampled_from(
        [
            *("<!channel>", "<@U1>", "&amp;", "&", "<", ">", "*", "_", "`", "|", "\n", "\n\n", " ", "word ", "x" * 700),
            *("https://a.example/?q=<b>|c", "• ", "“default” is what I chose", " _(simulated)_", "é", "🚀", "."),
        ]
    )
    | st.text(max_size=40),
    max_size=40,
).map("".join)
BUTTONS = st.lists(
    st.builds(Button, st.text(min_size=1, max_size=120), st.text('{}"/a<&é', max_size=limits.BUTTON_VALUE)), max_size=30
).map(tuple)


def fits(post: Post) -> None:
    """Judged by the sandbox's Slack, whose rules were written apart from ours."""
    assert check_blocks(post.blocks, MESSAGE) == []
    assert post.blocks
    assert 0 < len(post.text) <= 4_000
    assert text_length(post.blocks) <= TEXT_OF_ALL_BLOCKS


def shown(posts: list[Post]) -> str:
    """Every text of the blocks but the buttons'."""
    texts = []
    for block in (block for post in posts for block in post.blocks):
        if block["type"] == "section":
            texts.append(block["text"]["text"])
        elif block["type"] == "context":
            texts += [element["text"] for element in block["elements"]]
    return bare("".join(texts))


def values(posts: list[Post]) -> list[str]:
    blocks = [block for post in posts for block in post.blocks if block["type"] == "actions"]
    return [element["value"] for block in blocks for element in block["elements"]]


def bare(text: str) -> str:
    """Without spaces, emphasis and the brackets of links."""
    return re.sub(r"[\s*]|<(?=http)|(?<=[^\s<])>", "", text)


@given(NASTY.filter(str.strip), BUTTONS)
@settings(max_examples=60, deadline=None)
def test_any_reply_fits_and_loses_nothing(text: str, buttons: tuple[Button, ...]) -> None:
    posts = of_reply(Reply(text, buttons))
    for post in posts:
        fits(post)
    assert shown(posts) == bare(mrkdwn(text))
    assert not buttons or values(posts) == [button.payload for button in buttons]


@given(
    st.lists(
        st.builds(Row, NASTY.map(lambda text: text.replace("\n", " ")), BUTTONS.map(lambda all: all[:4])), max_size=40
    )
)
@settings(max_examples=25, deadline=None)
def test_any_list_fits_and_keeps_each_row_with_its_buttons(rows: list[Row]) -> None:
    whole = Reply("\n".join(row.text for row in rows), rows=tuple(rows))
    posts = [post for page in pages_of(whole, "C1-1.2") for post in of_reply(page)]
    for post in posts:
        fits(post)
    told = [payload for payload in values(posts) if not payload.startswith("/more{")]
    assert sorted(told) == sorted(button.payload for row in rows for button in row.buttons)


@given(NASTY, st.integers(20, 400))
def test_parts_are_short_enough_and_together_the_whole(text: str, most: int) -> None:
    escaped = escape(text)
    parts = limits.split(escaped, most)
    assert all(0 < len(part) <= most for part in parts)
    assert re.sub(r"\s", "", "".join(parts)) == re.sub(r"\s", "", escaped)


@given(NASTY, st.integers(20, 400))
def test_no_cut_leaves_half_an_escape(text: str, most: int) -> None:
    for part in (*limits.split(escape(text), most), limits.cut(escape(text), most)):
        assert not re.search(r"&(?!amp;|lt;|gt;)", part)


@given(NASTY)
def test_nothing_escaped_is_markup_and_it_comes_back_as_it_was(text: str) -> None:
    assert not re.search(r"[<>]", escape(text))
    plain = re.sub(r"[ \t]{2,}", " ", text).strip()
    assert incoming(escape(text), "UBOT") == plain


def test_a_text_is_divided_at_the_best_place() -> None:
    assert limits.split("one two.\n\nthree four", 15) == ["one two.", "three four"]
    assert limits.split("one two\nthree four", 15) == ["one two", "three four"]
    assert limits.split("One two. Three four", 15) == ["One two.", "Three four"]
    assert limits.split("aaaa bbbb cccc", 10) == ["aaaa bbbb", "cccc"]
    assert limits.split("x" * 25, 10) == ["x" * 10, "x" * 10, "x" * 5]


def test_a_payload_that_slack_would_not_take_is_refused_at_build_time() -> None:
    with pytest.raises(limits.TooLong, match="2001"):
        of_reply(Reply("Which?", (Button("This", "x" * 2_001),)))
