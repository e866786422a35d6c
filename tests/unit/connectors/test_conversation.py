"""Who speaks from this terminal, and what of it may travel on."""

from __future__ import annotations

import re
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from clouddesk.model.errors import Invalid
from connectors.conversation import local_person, login_name, system_timezone, without_secrets


def test_a_user_is_a_person_of_the_local_workspace():
    assert str(local_person("ann")) == "local/ann"


@pytest.mark.parametrize("user", ["", "a:b", "a/b", "ann smith", "x" * 65, "a\n", "_bob", "é", "-a", ".a", "@a"])
def test_a_name_that_would_break_an_id_is_refused(user: str):
    with pytest.raises(Invalid, match="cannot be a user"):
        local_person(user)


@pytest.mark.parametrize("user", ["ann", "Ann-2", "7of9", "ann.b+c@example.com", "x" * 64])
def test_a_name_that_the_vault_takes_is_taken(user: str):
    assert local_person(user).user_id == user


@pytest.mark.parametrize(
    ("login", "user"),
    [("ann", "ann"), ("_bob", "bob"), ("ann smith", "ann-smith"), ("DOM\\ann", "DOM-ann"), ("josé", "jos-")],
)
def test_a_login_name_becomes_one_that_fits(monkeypatch: pytest.MonkeyPatch, login: str, user: str):
    monkeypatch.setattr("getpass.getuser", lambda: login)
    assert login_name() == user
    assert local_person(login_name())


def test_a_login_name_of_nothing_that_fits_becomes_the_users_number(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("getpass.getuser", lambda: "éé")
    assert re.fullmatch(r"uid\d+", login_name())


def test_the_zone_is_taken_from_the_environment_first(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TZ", ":Asia/Tokyo")
    assert system_timezone() == "Asia/Tokyo"


def test_the_zone_is_read_from_the_system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.delenv("TZ", raising=False)
    (tmp_path / "timezone").write_text("Europe/Berlin\n")
    assert system_timezone(tmp_path) == "Europe/Berlin"


def test_a_machine_without_a_zone_is_in_utc(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("TZ", "Nowhere/Town")
    assert ZoneInfo(system_timezone(tmp_path)).key == "UTC"


def test_a_secret_is_neither_shown_nor_sent():
    shown, sent = without_secrets("my key is AKIAIOSFODNN7EXAMPLE")
    assert "AKIA" not in shown + sent
    assert "[secret:aws]" in sent


def test_a_text_without_a_secret_is_shown_as_typed_and_sent_as_prepared():
    assert without_secrets("a *big* vm ") == ("a *big* vm ", "a big vm")


def test_a_payload_keeps_its_form():
    payload = '/extend_reservation{"resource_name": "r-1"}'
    assert without_secrets(payload) == (payload, payload)


def test_a_secret_in_a_payload_is_taken_out():
    shown, sent = without_secrets('/inform{"x": "AKIAIOSFODNN7EXAMPLE"}')
    assert "AKIA" not in shown + sent
