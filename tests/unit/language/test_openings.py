"""Who may reach what, as people say it."""

from __future__ import annotations

import pytest

from clouddesk.language.openings import MY_ADDRESS, WORLD, Closed, Opened, closed, is_wide, read


@pytest.mark.parametrize(
    ("text", "sources", "ports"),
    [
        ("open it to 203.0.113.0/24", ("203.0.113.0/24",), ()),
        ("Open the notebook to my address 203.0.113.7.", ("203.0.113.7/32",), ()),
        ("a redis vm open to 203.0.113.7, for 2 hours", ("203.0.113.7/32",), ()),
        ("a box with port 8080 open to 203.0.113.9/24", ("203.0.113.0/24",), ("8080",)),
        ("ports 443, 80 and 8000-8010 reachable from 2001:db8::/32", ("2001:db8::/32",), ("443", "80", "8000-8010")),
        ("open it to 203.0.113.7 and 198.51.100.0/24", ("203.0.113.7/32", "198.51.100.0/24"), ()),
        ("open it to the whole world", (WORLD[0],), ()),
        ("make it reachable from anywhere", (WORLD[0],), ()),
        ("open port 443 to 0.0.0.0/0", (WORLD[0],), ("443",)),
        ("open it to everyone", (WORLD[0],), ()),
        ("a redis vm, whitelist 203.0.113.7", ("203.0.113.7/32",), ()),
        ("reached only from 203.0.113.0/24", ("203.0.113.0/24",), ()),
        ("postgres reachable from 203.0.113.7 but not from the internet", ("203.0.113.7/32",), ()),
        ("open to 203.0.113.7 and not from anywhere else", ("203.0.113.7/32",), ()),
        ("must not be accessible from anywhere but 203.0.113.7", ("203.0.113.7/32",), ()),
        ("do not expose it to the internet, only from 203.0.113.7", ("203.0.113.7/32",), ()),
        ("open port 8080 to everyone but not port 22", (WORLD[0],), ("8080",)),
    ],
)
def test_what_is_opened_to_whom(text: str, sources: tuple[str, ...], ports: tuple[str, ...]) -> None:
    assert read(text) == Opened(sources, ports)


@pytest.mark.parametrize(
    "text",
    [
        "a vm with 8 gb until 10:30",
        "a vm anywhere",
        "ubuntu 22.04 for everybody",
        "the cheapest open source database for everyone",
        "i can't reach it from my laptop",
        "add my access to aws for everybody",
        "is it open 24/7?",
        "a machine in the whole world's cheapest region",
    ],
)
def test_other_words_open_nothing(text: str) -> None:
    assert not read(text)


@pytest.mark.parametrize(
    "text", ["close it again", "don't open it to everybody", "keep the ports closed", "only via a tunnel"]
)
def test_what_is_closed_again(text: str) -> None:
    assert read(text) == Opened(is_closed=True)


def test_what_is_no_address_is_never_guessed() -> None:
    assert read("open it to 300.1.2.3").unclear == ("300.1.2.3",)
    assert read("open it to 203.0.113.0/40") == Opened(unclear=("203.0.113.0/40",))
    assert read("open it to my own address") == Opened(unclear=(MY_ADDRESS,))
    assert read("open port 99999 to 203.0.113.7").ports == ()


@pytest.mark.parametrize(
    ("source", "is_so"),
    [("0.0.0.0/0", True), ("0.0.0.0/1", True), ("::/0", True), ("10.0.0.0/8", False), ("203.0.113.7/32", False)],
)
def test_half_the_internet_is_as_good_as_all_of_it(source: str, is_so: bool) -> None:
    assert is_wide(source) == is_so


@pytest.mark.parametrize(
    "text",
    [
        "a vm with jupyter that should not be reachable from the internet",
        "not exposed to the internet",
        "it is not publicly accessible",
        "a server that cannot be reached from the internet",
    ],
)
def test_what_is_not_to_be_reached_is_closed(text: str) -> None:
    assert read(text) == Opened(is_closed=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("close port 8080", Closed(("8080",))),
        ("please close the ports 80, 443 and 8000-8100 of web-1", Closed(("80", "443", "8000-8100"))),
        ("close port 8080 to 203.0.113.7 again", Closed(("8080",), ("203.0.113.7/32",))),
        ("close everything", Closed()),
        ("shut all the ports of web-1", Closed()),
        ("don't close port 8080", None),
        ("close it", None),
        ("close my machines", None),
        ("close port 99999", None),
    ],
)
def test_what_is_closed_of_machines_that_run(text: str, expected: Closed | None) -> None:
    assert closed(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("let my new address in", Opened(unclear=(MY_ADDRESS,))),
        ("let 203.0.113.9 in", Opened(("203.0.113.9/32",))),
        ("let bob in", Opened()),
    ],
)
def test_who_is_let_in(text: str, expected: Opened) -> None:
    assert read(text) == expected
