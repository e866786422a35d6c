"""People's own SSH keys: what logs in to the machines that they order from then on, and to what is shared with them."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from clouddesk import access
from clouddesk.model.actor import Actor, Person
from clouddesk.model.errors import NotFound
from clouddesk.model.invalid import TooManySshKeys
from clouddesk.model.ssh_key import SshKey, has_options, named, parse_ssh_keys
from clouddesk.model.stores import SshKeyStore

MOST = 10
"""That a person may have: more than devices, and few enough for the user data of every cloud."""


async def _nowhere(_person: Person) -> list[str]:
    return []


@dataclass(frozen=True)
class Added:
    """What became of one key that was given."""

    key: SshKey
    was_known: bool = False
    """By this name already, so that nothing has changed."""
    lost_options: bool = False
    """What stood before it, and limits it where ``authorized_keys`` is, was left out."""


@dataclass(frozen=True)
class SshKeys:
    """Each person sees and changes their own, and nobody else's.

    ``renew`` has the machines that are shared with somebody know their keys of now, and returns the names of those.
    """

    store: SshKeyStore
    renew: Callable[[Person], Awaitable[list[str]]] = _nowhere

    async def list(self, actor: Actor) -> list[SshKey]:
        """In the order in which they came."""
        return await self.store.read(actor.person)

    async def add(self, actor: Actor, text: str, *, name: str = "") -> tuple[Added, ...]:
        """Keep every public key in the text, each once, or none when one of them is refused.

        What is shared with the actor lets them in, too. ``name``: instead of their comments. Raises NoSshKey,
        SshKeyIsPrivate, WeakSshKey, TooManySshKeys, Unavailable.
        """
        access.require_member(actor)
        given = [*{key.blob: key for key in parse_ssh_keys(text)}.values()]
        if name:
            # Of several, each is told by its number.
            numbered = enumerate(given, 1)
            given = [named(key, f"{name} {number}" if len(given) > 1 else name) for number, key in numbered]
        known: list[SshKey] = []

        def add(keys: list[SshKey]) -> list[SshKey]:
            known[:] = keys
            blobs = {key.blob for key in given}
            then = [key for key in keys if key.blob not in blobs] + given
            if len(then) > MOST:
                raise TooManySshKeys(MOST)
            return keys if all(key in keys for key in given) else then

        await self.store.change(actor.person, add)
        await self.renew(actor.person)
        return tuple(Added(key, key in known, has_options(text)) for key in given)

    async def remove(self, actor: Actor, which: str) -> SshKey:
        """Forget one, by its number in the list, its fingerprint, its comment or a word of that, in any letters.

        The actor's own machines that know it go on knowing it; what is shared with the actor does not. Raises NotFound,
        also when several are called so.
        """
        access.require_member(actor)
        removed: list[SshKey] = []

        def remove(keys: list[SshKey]) -> list[SshKey]:
            removed[:] = _named(keys, which)
            return [key for key in keys if key not in removed]

        await self.store.change(actor.person, remove)
        if not removed:
            raise NotFound(which)
        await self.renew(actor.person)
        return removed[0]


def _named(keys: list[SshKey], which: str) -> list[SshKey]:
    """The one that is meant, or none."""
    if which.isdigit() and 1 <= int(which) <= len(keys):
        return [keys[int(which) - 1]]
    if found := [key for key in keys if key.fingerprint.lower() == which.lower()]:
        return found
    called = [key for key in keys if which and key.comment.lower() == which.lower()]
    if not called and which:
        # "the laptop key", of bo@laptop
        words = set(re.findall(r"[\w.-]+", which.lower()))
        called = [key for key in keys if words <= set(re.findall(r"[\w.-]+", key.comment.lower()))]
    return called if len(called) == 1 else []
