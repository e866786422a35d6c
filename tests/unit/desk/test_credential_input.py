"""Credentials as they are typed or piped into the command line."""

from __future__ import annotations

import io

import pytest

from clouddesk.commands.desk import read_fields
from clouddesk.model.errors import Invalid
from clouddesk.providers.spec import CredentialField

KEY = CredentialField("key", "Key", "The whole file.", is_json=True)
NAME = CredentialField("name", "Name", "One line.", is_secret=False)


@pytest.mark.parametrize("key", ['{"a": 1}', '{\n  "a": 1\n}', ' {"a":\n1}'])
def test_a_json_key_is_read_to_its_end_and_no_further(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{key}\nann\n"))
    fields = read_fields("cloud", [KEY, NAME])
    assert fields["key"].reveal() == key.strip()
    assert fields["name"].reveal() == "ann"


def test_a_key_that_breaks_off_is_taken_as_it_is_for_the_cloud_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO('{"a": 1\n'))
    assert read_fields("cloud", [KEY])["key"].reveal() == '{"a": 1'


def test_a_missing_line_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    with pytest.raises(Invalid, match="needs 1 lines"):
        read_fields("cloud", [NAME])
