"""People's own SSH keys: what logs in to the machines that they order from then on, and to what is shared with them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from clouddesk import access
from clouddesk.model.actor import Actor, Person
from clouddesk.model.errors import NotFound
from clouddesk.model.invalid import TooManySshKeys
from clouddesk.model.ssh_key import SshKey, parse_ssh_key
from clouddesk.model.stores import SshKeyStore

MOST = 10
"""That a person may have: more than devices, and few enough for the user data of every cloud."""


async def _nowhere(_person: Person) -> list[str]:
    return []


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

    async def add(self, actor: Actor, text: str) -> SshKey:
        """Keep the public key in the text; once, however often it comes. What is shared with the actor lets it in, too.

        Raises NoSshKey, SshKeyIsPrivate, WeakSshKey, TooManySshKeys, Unavailable.
        """
        access.require_member(actor)
        key = parse_ssh_key(text)

        def add(keys: list[SshKey]) -> list[SshKey]:
            others = [other for other in keys if other.blob != key.blob]
            if len(others) >= MOST:
                raise TooManySshKeys(MOST)
            return keys if key in keys else [*others, key]

        await self.store.change(actor.person, add)
        await self.renew(actor.person)
        return key

    async def remove(self, actor: Actor, which: str) -> SshKey:
        """Forget one, by its number in the list, its fingerprint or its comment, in any letters.

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
    return called if len(called) == 1 else []
