"""The form for SSH keys: public ones, several at once, with a name if that is wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from clouddesk.model.ssh_key import LONGEST_COMMENT, SshKey
from clouddesk.ssh_keys import Added
from connectors.slack import words
from connectors.slack.cards import context, section
from connectors.slack.credentials_view import TOLD, modal, paragraph, plain
from connectors.slack.text import mrkdwn

KEYS = "ssh_keys"
NAME, LINES = "name", "lines"
_VALUE = "typed"
_LONGEST = 3_000
"""Slack takes no more: one long RSA key, or a dozen of the usual ones."""


def ssh_keys(known: Sequence[SshKey]) -> dict[str, Any]:
    """The form, with which keys there are."""
    blocks = [section(mrkdwn(words.KEYS_INTRO))]
    if known:
        blocks.append(context(mrkdwn(words.KEYS_KNOWN.format(keys=", ".join(map(called, known))))))
    name = {"type": "plain_text_input", "action_id": _VALUE, "max_length": LONGEST_COMMENT}
    lines = {"type": "plain_text_input", "action_id": _VALUE, "multiline": True, "max_length": _LONGEST}
    blocks += [
        {**_input(NAME, words.KEYS_NAME, words.KEYS_NAME_HINT, name), "optional": True},
        _input(LINES, words.KEYS_LINES, words.KEYS_LINES_HINT, lines),
    ]
    return modal(KEYS, words.KEYS_TITLE, blocks, submit=words.KEYS_SAVE)


def given_keys(view: Mapping[str, Any]) -> tuple[str, str]:
    """The lines, and the name ("" for none)."""
    values = view["state"]["values"]
    lines, name = (str(values[field][_VALUE].get("value") or "").strip() for field in (LINES, NAME))
    return lines, name


def keys_added(done: Sequence[Added]) -> dict[str, Any]:
    """What became of each."""
    said = [(words.KEYS_WERE_KNOWN if one.was_known else words.KEYS_ADDED).format(key=_full(one.key)) for one in done]
    if any(one.key.is_short for one in done):
        said.append(words.KEYS_SHORT)
    if any(one.lost_options for one in done):
        said.append(words.KEYS_LOST_OPTIONS)
    return modal(TOLD, words.KEYS_TITLE, [paragraph("\n".join(said)), context(mrkdwn(words.KEYS_INTRO))])


def called(key: SshKey) -> str:
    """Its name, or the end of its fingerprint where it has none."""
    return key.comment or f"…{key.fingerprint[-6:]}"


def _full(key: SshKey) -> str:
    return words.HOME_KEY.format(name=called(key), kind=key.kind, fingerprint=key.fingerprint)


def _input(name: str, label: str, hint: str, element: dict[str, Any]) -> dict[str, Any]:
    return {"type": "input", "block_id": name, "label": plain(label), "hint": plain(hint), "element": element}
