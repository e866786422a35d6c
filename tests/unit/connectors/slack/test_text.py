"""Text on its way to Slack and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clouddesk.language.people import called
from clouddesk.model.actor import Person
from connectors.slack.text import escape, incoming, is_private, link, mrkdwn

BOT = "U0BOT"


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        ("<@U0BOT> spin up a vm", "spin up a vm"),
        ("spin up a vm <@U0BOT>", "spin up a vm"),
        ("share etl-1 with <@U0BEN>", "share etl-1 with <@U0BEN>"),
        ("share etl-1 with <@U0BEN|ben>", "share etl-1 with <@U0BEN>"),
        ("what is in <#C01|general>", "what is in #general"),
        ("see <https://x.org/a?b=1&amp;c=2>", "see https://x.org/a?b=1&c=2"),
        ("see <https://x.org|x.org>", "see x.org"),
        ("<mailto:ann@x.org|ann@x.org>", "ann@x.org"),
        ("<mailto:ann@x.org>", "ann@x.org"),
        ("memory &lt; 8 GB &amp; cores &gt; 2", "memory < 8 GB & cores > 2"),
        ("&lt;!channel&gt; hi", "<!channel> hi"),
        ("<!here> 2 vms", "@here 2 vms"),
        ("<!date^1392734382^{date}|Feb 18, 2014>", "Feb 18, 2014"),
    ],
)
def test_what_comes_in_is_what_the_person_sees(raw: str, read: str) -> None:
    assert incoming(raw, BOT) == read


@given(st.text())
def test_whatever_was_typed_comes_back_as_it_was_and_is_no_markup(typed: str) -> None:
    escaped = escape(typed)

    assert "<" not in escaped
    assert ">" not in escaped
    assert incoming(escaped, BOT).split() == typed.split()


def test_our_own_marks_and_addresses_are_kept() -> None:
    assert mrkdwn("*web* at https://x.org/?a=1&b=2, `ssh me@1.2.3.4` <x>") == (
        "*web* at <https://x.org/?a=1&amp;b=2>, `ssh me@1.2.3.4` &lt;x&gt;"
    )
    assert mrkdwn("`curl https://x.org`") == "`curl https://x.org`", "code is copied, not clicked"


def test_a_label_cannot_end_its_link() -> None:
    assert link("https://x.org/a|b", "a|b>c") == "<https://x.org/a%7Cb|a¦b&gt;c>"


@pytest.mark.parametrize(
    "text",
    [
        "*web* is at 203.0.113.7.",
        "`ssh ubuntu@host`",
        "ssh -i key.pem ubuntu@web.example",
        "https://x.org/lab?token=abc",
        mrkdwn("http://x.org/lab?a=1&token=abc"),
        "login at 2001:db8::1f, port 22",
        "2001:db8:0:0:0:0:0:1",
    ],
)
def test_how_to_get_in_is_private(text: str) -> None:
    assert is_private(text)


@pytest.mark.parametrize(
    "text",
    ["*web* ends today 18:00", "debian 12.4 and version 1.2.3", "$1.95 for 3 days", "ends 12:30:45", "std::vector"],
)
def test_other_facts_are_not(text: str) -> None:
    assert not is_private(text)


def test_a_person_whom_we_name_is_a_mention_and_nothing_that_was_typed_ever_is() -> None:
    ours = called(Person("T1", "U0BEN"))
    assert escape(f"shared with {ours} & <@U0ANN>") == "shared with <@U0BEN> &amp; &lt;@U0ANN&gt;"
    assert mrkdwn(f"*{ours}*") == "*<@U0BEN>*"
    assert escape(incoming(f"share it with {ours}", "U0BOT")) == "share it with U0BEN"
    assert called(Person("local", "ben")) == "ben", "in the terminal people go by their names"
