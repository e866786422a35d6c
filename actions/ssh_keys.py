"""A person's SSH keys: a pasted one is kept; which there are; one is forgotten; how to give one."""

from __future__ import annotations

from collections.abc import Sequence

from actions import own_keys
from actions.base import DeskAction, hand_over
from actions.turn import Turn
from clouddesk.model.errors import NotFound
from clouddesk.model.ssh_key import SshKey, holds_ssh_key, parse_ssh_key


class ActionSshKeys(DeskAction):
    """Keeps, shows and forgets them."""

    topic = "ssh_keys"
    is_aside = True
    is_inner = True

    async def respond(self, turn: Turn) -> None:
        """What is open stays open."""
        about = own_keys.find(turn) or own_keys.About(own_keys.HOW)
        known = await turn.desk.ssh_keys.list(turn.actor)
        if about.what == own_keys.ADD:
            await _add(turn, about.name)
        elif about.what == own_keys.NOT_ONES_OWN:
            turn.say("utter_ssh_key_of_others")
        elif about.what == own_keys.REMOVE and known:
            await _remove(turn, about.which, known)
        elif about.what == own_keys.SHOW and known:
            turn.say("utter_ssh_keys", keys=_lines(known), is_private=True)
        elif about.what == own_keys.SHOW_ALL:
            await hand_over(turn, "list_credentials")
            if known:
                turn.say("utter_ssh_keys", keys=_lines(known), is_private=True)
        else:
            turn.say("utter_ssh_key_more" if known else "utter_ssh_key_how")


async def _add(turn: Turn, name: str) -> None:
    for done in await turn.desk.ssh_keys.add(turn.actor, turn.text, name=name):
        turn.say("utter_ssh_key_known" if done.was_known else "utter_ssh_key_added", key=_words(done.key))
        if done.key.is_short:
            turn.say("utter_ssh_key_short")
    if done.lost_options:
        turn.say("utter_ssh_key_without_options")
    if turn.intent in ("create_vm", "create_cluster"):
        turn.say("utter_ssh_key_first")


async def _remove(turn: Turn, which: str, known: Sequence[SshKey]) -> None:
    if holds_ssh_key(turn.text):
        which = parse_ssh_key(turn.text).fingerprint
    elif len(known) == 1 and not which:
        which = "1"
    try:
        removed = await turn.desk.ssh_keys.remove(turn.actor, which)
    except NotFound:
        turn.say("utter_ssh_key_which", keys=_lines(known), is_private=True)
        return
    turn.say("utter_ssh_key_removed", key=_words(removed))


def _lines(keys: Sequence[SshKey]) -> str:
    return "\n".join(f"{number}. {_words(key)}" for number, key in enumerate(keys, 1))


def _words(key: SshKey) -> str:
    """ "bo@laptop (ssh-ed25519, SHA256:…)"."""
    return f"{key.comment or 'without a name'} ({key.kind}, {key.fingerprint})"
