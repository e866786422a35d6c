"""A service account's key as people paste it."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from clouddesk.model.credentials import Secret
from clouddesk.model.errors import Invalid
from clouddesk.providers import open_provider
from clouddesk.providers.gcp_key import ServiceAccount

_PAIR = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PRIVATE = _PAIR.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()
FACTS = {
    "type": "service_account",
    "project_id": "etl-417203",
    "private_key_id": "ab12",
    "private_key": PRIVATE,
    "client_email": "desk@etl-417203.iam.gserviceaccount.com",
    "token_uri": "https://oauth2.googleapis.com/token",
}


def text(**changed: object) -> str:
    return json.dumps({**FACTS, **changed}, indent=2)


@pytest.mark.parametrize(
    "pasted",
    [text(), f"\n  {text()} ", base64.b64encode(text().encode()).decode()],
    ids=["file", "with spaces", "base64"],
)
def test_the_file_is_taken_as_it_is_and_as_one_line(pasted: str) -> None:
    account = ServiceAccount.parse(pasted)
    assert (account.project, account.email) == ("etl-417203", FACTS["client_email"])


@pytest.mark.parametrize(
    ("pasted", "problem"),
    [
        ("AIzaSomething", "whole JSON file"),
        ("{half", "no whole JSON"),
        ("[]", "whole JSON file"),
        ("{}", "of another type"),
        (json.dumps({"installed": {"client_id": "1"}}), "of another type"),
        (text(type="authorized_user"), "of the type authorized_user"),
        (text(project_id=""), "lacks project_id"),
        (text(private_key=None, client_email=None), "lacks client_email, private_key"),
        (text(private_key=PRIVATE[:200]), "damaged"),
        (text(project_id="etl/../other"), "project_id"),
        (text(token_uri="http://oauth2.googleapis.com/token"), "another address than Google's"),
        (text(token_uri="https://evil.example/token"), "another address than Google's"),
        (text(token_uri="https://oauth2.googleapis.com.evil.example/token"), "another address than Google's"),
        (text(token_uri="https://oauth2.googleapis.com:99999/token"), "another address than Google's"),
        (text(token_uri="http://127.0.0.1:8080/token"), "another address than Google's"),
    ],
    # The key is made anew for each process: its text in the test's name would differ between them.
    ids=[str(number) for number in range(15)],
)
def test_what_is_no_key_is_refused_with_what_would_be(pasted: str, problem: str) -> None:
    with pytest.raises(Invalid) as caught:
        ServiceAccount.parse(pasted)
    assert problem in caught.value.problem
    assert "BEGIN" not in caught.value.problem


def test_a_simulated_clouds_key_may_name_this_machine() -> None:
    uri = "http://127.0.0.1:8080/token"
    assert ServiceAccount.parse(text(token_uri=uri), is_simulated=True).token_uri == uri


def test_the_private_key_is_in_no_repr() -> None:
    account = ServiceAccount.parse(text())
    assert "PRIVATE" not in repr(account)


def test_what_is_signed_says_who_asks_whom_and_for_an_hour() -> None:
    signed = ServiceAccount.parse(text()).assertion("https://oauth2.googleapis.com/token", 1_800_000_000.0)
    assert jwt.get_unverified_header(signed) == {"alg": "RS256", "typ": "JWT", "kid": "ab12"}
    claims = jwt.decode(
        signed,
        _PAIR.public_key(),
        algorithms=["RS256"],
        audience="https://oauth2.googleapis.com/token",
        options={"verify_exp": False, "verify_iat": False},
    )
    assert claims["exp"] - claims["iat"] == 3600
    assert claims["iss"] == FACTS["client_email"]
    assert claims["scope"] == "https://www.googleapis.com/auth/compute"


def test_opening_writes_nothing_to_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    open_provider("gcp", {"service_account_key": Secret(text())}, endpoint=None, installation="i")
    assert os.listdir(tmp_path) == []


def test_a_damaged_key_is_refused_before_anything_is_asked() -> None:
    with pytest.raises(Invalid, match="whole JSON file"):
        open_provider("gcp", {"service_account_key": Secret("ya29.x")}, endpoint=None, installation="i")
