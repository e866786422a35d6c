"""Access tokens are kept while they are good, and exchanged anew when a cloud takes them back."""

from __future__ import annotations

import itertools
import time

import pytest

from clouddesk.providers import tokens
from clouddesk.providers.tokens import Token, Tokens

_accounts = itertools.count(1)


class Exchange:
    """Gives tokens and counts them."""

    def __init__(self, seconds: float = 3600) -> None:
        self.given = 0
        self._seconds = seconds

    def __call__(self) -> Token:
        self.given += 1
        return Token(f"token-{self.given}", time.time(), time.time() + self._seconds)


def test_jobs_of_one_account_share_a_token_and_those_of_another_do_not() -> None:
    account, exchange = next(_accounts), Exchange()
    assert [Tokens(account, exchange).access_token for _ in range(3)] == ["token-1"] * 3
    assert Tokens((account, "another"), exchange).access_token == "token-2"


def test_a_token_that_ends_soon_is_not_used_any_more() -> None:
    exchange = Exchange(seconds=tokens.SPARE_SECONDS - 1)
    found = Tokens(next(_accounts), exchange)
    assert [found.access_token for _ in range(2)] == ["token-1", "token-2"]


def test_a_refused_token_is_worth_a_new_one_unless_it_was_new_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    found = Tokens(next(_accounts), Exchange())
    assert not found.forget(), "there is none"
    assert found.access_token == "token-1"
    assert not found.forget()
    assert found.access_token == "token-2"
    monkeypatch.setattr(tokens, "YOUNG_SECONDS", 0)
    assert found.forget()


def test_a_token_is_not_shown_by_accident() -> None:
    assert "token-1" not in repr(Exchange()())
