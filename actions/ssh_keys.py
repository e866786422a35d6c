"""A person's SSH keys: a pasted one is kept; which there are; one is forgotten; how to give one."""

from __future__ import annotations

from actions import own_keys
from actions.base import DeskAction
from actions.turn import Turn
from clouddesk.model.errors import NotFound
from clouddesk.model.ssh_key import SshKey, holds_ssh_key


class ActionSshKeys(DeskAction):
    """Keeps, shows and forgets them."""

    topic = "ssh_keys"
    is_aside = True
    is_inner = True

    async def respond(self, turn: Turn) -> None:
        """What is open stays open."""
        keys = turn.desk.ssh_keys
        text = turn.text.lower()
        if holds_ssh_key(turn.text):
            key = await keys.add(turn.actor, turn.text)
            turn.say("utter_ssh_key_added", key=_words(key))
        elif removed := own_keys.REMOVED.search(text):
            await _remove(turn, (removed["which"] or "").strip(" .!?"))
        elif own_keys.SHOWN.search(text) and (known := await keys.list(turn.actor)):
            turn.say("utter_ssh_keys", keys=_lines(known))
        else:
            turn.say("utter_ssh_key_how" if not await keys.list(turn.actor) else "utter_ssh_key_more")


async def _remove(turn: Turn, which: str) -> None:
    keys = turn.desk.ssh_keys
    known = await keys.list(turn.actor)
    if not known:
        turn.say("utter_ssh_key_how")
        return
    if len(known) == 1 and not which:
        which = "1"
    wanted = next((key for key in known if which and which in (key.comment.lower(), key.fingerprint.lower())), None)
    try:
        removed = await keys.remove(turn.actor, wanted.fingerprint if wanted else which)
    except NotFound:
        turn.say("utter_ssh_key_which", keys=_lines(known))
        return
    turn.say("utter_ssh_key_removed", key=_words(removed))


def _lines(keys: list[SshKey]) -> str:
    return "\n".join(f"{number}. {_words(key)}" for number, key in enumerate(keys, 1))


def _words(key: SshKey) -> str:
    """ "bo@laptop (ssh-ed25519, SHA256:…)"."""
    return f"{key.comment or 'without a name'} ({key.kind}, {key.fingerprint})"
