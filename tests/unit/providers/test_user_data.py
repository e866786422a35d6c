"""Keys by cloud-init, beside what the order itself has it do."""

from __future__ import annotations

from email import message_from_string
from email.message import Message

import pytest
import yaml

from clouddesk.providers.user_data import with_keys

KEYS = ("ssh-ed25519 AAAAC3Nza ann@desk", "ssh-rsa AAAAB3Nza bob's: key # 2\n")


def parts(text: str) -> list[Message]:
    """As cloud-init walks through them."""
    return [part for part in message_from_string(text).walk() if not part.is_multipart()]


def content(part: Message) -> str:
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode()


def test_without_keys_it_is_the_orders_own() -> None:
    assert with_keys("#!/bin/sh\n", (), login="root") == "#!/bin/sh\n"
    assert with_keys("", (), login="root") == ""


def test_keys_alone_are_a_cloud_config() -> None:
    text = with_keys("", KEYS, login="ubuntu")
    assert text.startswith("#cloud-config\n")
    assert yaml.safe_load(text)["ssh_authorized_keys"] == [key.strip() for key in KEYS]
    assert "disable_root" not in text


def test_root_may_log_in_without_a_new_password() -> None:
    config = yaml.safe_load(with_keys("", KEYS, login="root"))
    assert config["disable_root"] is False
    assert config["runcmd"] == [["sh", "-c", "chage -d $(date +%F) root"]]


@pytest.mark.parametrize(
    ("own", "kind"),
    [
        ("#cloud-config\npackages: [htop]\n", "text/cloud-config"),
        ("#!/bin/sh\necho 'Grüße'\n", "text/x-shellscript"),
        ("#include\nhttps://example.org/setup\n", "text/x-include-url"),
        ("something else\n", "text/plain"),
    ],
)
def test_what_the_order_has_it_do_comes_first_in_a_part_of_its_own(own: str, kind: str) -> None:
    text = with_keys(own, KEYS, login="ubuntu")
    first, second = parts(text)
    assert (first.get_content_type(), content(first)) == (kind, own)
    assert second.get_content_type() == "text/cloud-config"
    assert yaml.safe_load(content(second))["merge_how"] == [
        {"name": "list", "settings": ["append"]},
        {"name": "dict", "settings": ["no_replace", "recurse_list"]},
    ]


def test_parts_of_the_orders_own_stay_parts() -> None:
    once = with_keys("#!/bin/sh\nfirst\n", KEYS[:1], login="ubuntu")
    twice = parts(with_keys(once, KEYS[1:], login="ubuntu"))
    assert [part.get_content_type() for part in twice] == [
        "text/x-shellscript",
        "text/cloud-config",
        "text/cloud-config",
    ]


def test_the_same_order_makes_the_same_text() -> None:
    own = "#cloud-config\npackages: [htop]\n"
    assert with_keys(own, KEYS, login="ubuntu") == with_keys(own, KEYS, login="ubuntu")
    assert with_keys(own, KEYS, login="ubuntu") != with_keys(own, KEYS[:1], login="ubuntu")
