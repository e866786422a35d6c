"""Messages are made ready: markup resolved, secrets taken out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clouddesk.language.prepare import prepare


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("<@U0BOT> spin up  a box", "<@U0BOT> spin up a box"),
        ("<@U0BOT|clouddesk> hi", "<@U0BOT> hi"),
        ("see <https://x.io/a|the docs>", "see the docs"),
        ("see <https://x.io/a>", "see https://x.io/a"),
        ("<mailto:o@example.com|o@example.com> starts", "o@example.com starts"),
        ("32 GB &amp; 8 vcpu &lt;3", "32 GB & 8 vcpu <3"),
        ("*16 cores* and `64 GB` and _now_", "16 cores and 64 GB and now"),
        ("```vm create --os rocky9```", "vm create --os rocky9"),
        ("I’d like “one” box – now", 'I\'d like "one" box – now'),
        ("64\u00a0GB\u200b please", "64 GB please"),
        ("ｆｕｌｌ width", "full width"),
        (":+1: go", "👍 go"),
        ("snake_case_name and 2*3*4", "snake_case_name and 2*3*4"),
        ("<!here> lunch", "@here lunch"),
        ("in <#C123|general>", "in #general"),
    ],
)
def test_markup_becomes_plain_text(raw: str, text: str) -> None:
    assert prepare(raw).text == text


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("AKIAIOSFODNN7EXAMPLE", "[secret:aws]"),
        ("why not: ASIAFAKEFAKEFAKE1234", "why not: [secret:aws]"),
        (
            "AKIAFAKEFAKEFAKE1234 / fAkEfAkEfAkE+fakefakefake/FAKEFAKE0123456",
            "[secret:aws] / [secret:aws]",
        ),
        ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "aws_secret_access_key = [secret:aws]"),
        ("AKIA9999FAKE9999FAKE secret fake/fake+fake/fake+fake/fake+fake/fake+", "[secret:aws] secret [secret:aws]"),
        ("my do key is dop_v1_" + "deadbeef" * 8, "my do key is [secret:digitalocean]"),
        ("AIzaSyFAKE-fake_FAKE-fake_FAKE-fake_000", "[secret:gcp]"),
        ("azure client secret: Fak8Q~FAKEfakeFAKEfakeFAKEfakeFAKEfake00", "azure client secret: [secret:azure]"),
        ("linode pat: " + "fa4e" * 16, "linode pat: [secret:linode]"),
        ("vultr VULTRFAKEKEY00000000000000000000AAAA", "vultr [secret:vultr]"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", "[secret]"),
        ("ghp_FAKEfakeFAKEfakeFAKEfakeFAKEfake0123", "[secret]"),
        ("xoxb-000000000000-000000000000-fakeFAKEfake", "[secret]"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJmYWtlIn0.ZmFrZWZha2VmYWtl", "[secret]"),
        ("OS_PASSWORD=n0t-a-real-passw0rd", "OS_PASSWORD=[secret:openstack]"),
        ("password: hunter2", "password: [secret]"),
        ("my password is hunter22", "my password is [secret]"),
    ],
)
def test_secrets_are_replaced_and_named(raw: str, text: str) -> None:
    prepared = prepare(raw)
    assert prepared.text == text
    assert prepared.secrets
    assert prepared.has_secret


@pytest.mark.parametrize(
    "raw",
    [
        "tear down reservation r-665b0fd5",
        "s-2vcpu-4gb in eu-central-1 for 8h",
        "Standard_D4s_v5 and n2-highmem-16",
        "add my aws key",
        "I forgot my password",
        "the token expired, what now?",
        "my api key: how do I add it?",
        "tenant 00000000-0000-0000-0000-000000000000",
        "ssh ubuntu@ip-10-0-0-1.eu-central-1.compute.internal",
        "build of commit 9fceb02d0ae598e95dc970b74767f19372d61af8 fails",
        "https://github.com/some/quite/long/path/to/a/file/in/a/repository",
        "thesis-final-FINAL-really-final-2 please",
        "set reminder r-0badf00d 2h before end",
    ],
)
def test_ids_sizes_and_talk_about_secrets_are_left_alone(raw: str) -> None:
    assert not prepare(raw).secrets


@given(st.text(max_size=200))
def test_preparing_twice_changes_nothing(raw: str) -> None:
    once = prepare(raw).text
    assert prepare(once).text == once


@given(st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", min_size=16, max_size=16))
def test_no_access_key_survives(tail: str) -> None:
    assert tail not in prepare(f"here: AKIA{tail} ok?").text
