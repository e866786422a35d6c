"""Secrets of every common shape are caught wherever they stand in a message, and none survives in what travels on."""

from __future__ import annotations

import json
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clouddesk.language.prepare import prepare

ALNUM = string.ascii_letters + string.digits
HEX = "0123456789abcdef"


def drawn(alphabet: str, size: int) -> st.SearchStrategy[str]:
    return st.text(alphabet=alphabet, min_size=size, max_size=size)


def mixed(size: int) -> st.SearchStrategy[str]:
    """Random, and sure to hold a digit and letters of both cases, as every real token of this length does."""
    return drawn(ALNUM, size - 3).map(lambda tail: f"a7Z{tail}")


def service_account(key: str) -> str:
    account = {"type": "service_account", "project_id": "p", "private_key_id": key, "client_email": "a@p.iam"}
    return json.dumps(account, indent=2)


def private_key(body: str) -> str:
    return f"-----BEGIN RSA PRIVATE KEY-----\n{body[:32]}\n{body[32:]}\n-----END RSA PRIVATE KEY-----"


# What is pasted, as (before, secret, after); the secret must be gone.
SHAPES: dict[str, st.SearchStrategy[tuple[str, str, str]]] = {
    "aws access key": drawn(string.ascii_uppercase + "234567", 16).map(lambda tail: ("AKIA", tail, "")),
    "aws temporary key": drawn(string.ascii_uppercase + "234567", 16).map(lambda tail: ("ASIA", tail, "")),
    "aws secret key": mixed(40).map(lambda key: ("aws_secret_access_key = ", key, "")),
    "aws secret key on the next line": mixed(40).map(lambda key: ("aws_secret_access_key =\n", key, "")),
    "aws session token": drawn(ALNUM + "/+", 80).map(lambda tail: ("IQoJb3JpZ2lu", tail, "")),
    "gcp api key": drawn(ALNUM + "_-", 35).map(lambda tail: ("AIza", tail, "")),
    "gcp service account": drawn(HEX, 40).map(lambda key: ("", key, "")),
    "azure client secret": mixed(34).map(lambda tail: ("", f"Fak8Q~{tail}", "")),
    "azure storage key": mixed(86).map(lambda key: ("AccountName=x;AccountKey=", f"{key}==", ";")),
    "azure shared access": mixed(43).map(lambda key: ("https://x.blob.core.windows.net/c?sv=2020&sig=", key, "")),
    "digitalocean token": drawn(HEX, 64).map(lambda tail: ("", f"dop_v1_{tail}", "")),
    "linode token": drawn(HEX, 60).map(lambda tail: ("linode token ", f"a7b9{tail}", "")),
    "vultr key": drawn(string.ascii_uppercase + string.digits, 34).map(lambda tail: ("vultr key ", f"A7{tail}", "")),
    "openstack password": mixed(9).map(lambda word: ("password: ", word, "")),
    "openstack environment": mixed(9).map(lambda word: ("export OS_PASSWORD=", word, "")),
    "private key": mixed(64).map(lambda body: ("", body, "")),
    "json web token": mixed(30).map(lambda tail: ("", f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJmYWtlIn0.{tail}", "")),
    "connection string": mixed(12).map(lambda word: ("postgres://admin:", word, "@db.example.com:5432/x")),
    "connection string without a name": mixed(12).map(lambda word: ("redis://:", word, "@cache:6379/0")),
    "sql server string": mixed(10).map(lambda word: ("Server=db;Uid=root;Pwd=", word, ";")),
    "curl": mixed(10).map(lambda word: ("curl -u admin:", word, " https://api.example.com")),
    "github token": mixed(36).map(lambda tail: ("", f"ghp_{tail}", "")),
    "gitlab token": mixed(20).map(lambda tail: ("", f"glpat-{tail}", "")),
    "slack token": mixed(24).map(lambda tail: ("", f"xoxb-123456789012-123456789012-{tail}", "")),
    "slack hook": mixed(24).map(lambda tail: ("https://hooks.slack.com/services/T000000/B000000/", tail, "")),
    "stripe key": mixed(24).map(lambda tail: ("", f"sk_live_{tail}", "")),
    "npm token": mixed(36).map(lambda tail: ("", f"npm_{tail}", "")),
    "openai key": mixed(40).map(lambda tail: ("", f"sk-{tail[:20]}T3BlbkFJ{tail[20:]}", "")),
    "discord token": mixed(27).map(lambda tail: ("", f"MTIzNDU2Nzg5MDEyMzQ1Njc4.Gabcde.{tail}", "")),
    "telegram token": mixed(35).map(lambda tail: ("", f"123456789:{tail}", "")),
    "sendgrid key": mixed(65).map(lambda tail: ("", f"SG.{tail[:22]}.{tail[22:]}", "")),
    "twilio key": drawn(HEX, 31).map(lambda tail: ("", f"SK7{tail}", "")),
    "pypi token": mixed(80).map(lambda tail: ("", f"pypi-AgEIcHlwaS5vcmc{tail}", "")),
    "vault token": mixed(24).map(lambda tail: ("", f"hvs.{tail}", "")),
}  # fmt: skip
WRAPPED = ("{}", "here: {}", "`{}`", "```\n{}\n```", "add this for me {} and start two vms please", "*{}*\nthanks!")


@pytest.mark.parametrize("name", list(SHAPES))
@settings(max_examples=15)
@given(data=st.data())
def test_no_secret_survives(name: str, data: st.DataObject) -> None:
    before, secret, after = data.draw(SHAPES[name])
    wrap = data.draw(st.sampled_from(WRAPPED))
    pasted = {"gcp service account": service_account, "private key": private_key}.get(
        name, lambda word: f"{before}{word}{after}"
    )(secret)
    prepared = prepare(wrap.format(pasted))
    assert prepared.has_secret
    assert secret not in prepared.text
    assert secret[len(secret) // 2 :] not in prepared.text


ORDINARY = (
    "spin up a spark cluster with 4 nodes t3.large in us-east-1 for 8h until friday 5pm please, expired r-665b0fd5 "
    "commit 9fceb02 https://example.com/a/long/path?x=1 <@U02MARTA> etl-2 SKU ACME APACHEKAFKA xoxo AKIA sk-learn "
    "12345678:30 SG. AC/DC //registry"
)


@settings(max_examples=50)
@given(st.lists(st.sampled_from(tuple(ORDINARY.split(" "))), max_size=12))
def test_ordinary_words_are_no_secret(said: list[str]) -> None:
    assert not prepare(" ".join(said)).secrets
