"""Templates: requests that people save under a name, for themselves or for their team, and make again.

One's own are nobody else's business. The team's are read by everybody in the workspace, and changed by their author and
by admins.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from clouddesk import access
from clouddesk.access import Right
from clouddesk.habits import reservation_key
from clouddesk.model.actor import Actor
from clouddesk.model.errors import Denied, NotFound
from clouddesk.model.invalid import TemplateNameTaken, TooManyTemplates
from clouddesk.model.ports import Clock
from clouddesk.model.quote import Quote
from clouddesk.model.request import ResourceRequest
from clouddesk.model.reservation import Reservation
from clouddesk.model.stores import Habits
from clouddesk.model.stores import Templates as TemplateStore
from clouddesk.model.template import Template, TemplateVersion, template_name
from clouddesk.records import Records

Shelf = dict[str, Template]
"""One person's templates, or one team's, by name."""

MOST = 100
"""Templates of one person, and of one team."""
MOST_VERSIONS = 20
"""Of one template; the oldest is forgotten for one more."""


@dataclass(frozen=True)
class Templates:
    """Everybody's templates."""

    store: TemplateStore
    habits: Habits
    records: Records
    clock: Clock

    async def list(self, actor: Actor) -> list[Template]:
        """The actor's own, then the team's, each by name."""
        shelves = (self.store.read(actor.workspace_id, owner) for owner in (actor.user_id, None))
        own, team = await asyncio.gather(*shelves)
        return [shelf[name] for shelf in (own, team) for name in sorted(shelf)]

    async def get(self, actor: Actor, name: str, *, is_team: bool = False) -> Template:
        """The actor's own of this name, else the team's; ``is_team``: just the team's. Raises NotFound, BadName."""
        name = template_name(name)
        for owner in (None,) if is_team else (actor.user_id, None):
            if found := (await self.store.read(actor.workspace_id, owner)).get(name):
                return found
        raise NotFound(name)

    async def save(self, actor: Actor, name: str, request: ResourceRequest, *, is_team: bool = False) -> Template:
        """Keep the request under the name: as its first version, or as one more of the template that is there.

        What is the latest version already is no new one. An end, a machine's name and the addresses it is open to are
        of one time and one person, so they are left out. Raises BadName, TooManyTemplates, and Denied for a team's
        template of somebody else's.
        """
        access.require_member(actor)
        name = template_name(name)
        request = replace(request, until=None, name=None, open_to=(), open_ports=())

        def save(shelf: Shelf) -> Shelf:
            known = shelf.get(name)
            if known is None:
                if len(shelf) >= MOST:
                    raise TooManyTemplates(MOST)
                known = Template(name, actor.workspace_id, actor.user_id, is_team, ())
            elif not access.may_change(actor, known):
                raise Denied(f"change {name}")
            elif known.latest.request == request:
                return shelf
            number = known.latest.number + 1 if known.versions else 1
            version = TemplateVersion(number, request, actor.user_id, self.clock())
            return {**shelf, name: replace(known, versions=(*known.versions, version)[-MOST_VERSIONS:])}

        return (await self.store.change(actor.workspace_id, None if is_team else actor.user_id, save))[name]

    async def rename(self, actor: Actor, template: Template, to: str) -> Template:
        """Another name for it, with all its versions. Raises BadName, TemplateNameTaken, NotFound, Denied."""
        to = template_name(to)

        def rename(shelf: Shelf) -> Shelf:
            known = _of(actor, shelf, template)
            if to in shelf and to != known.name:
                raise TemplateNameTaken(to)
            others = {name: item for name, item in shelf.items() if name != known.name}
            return {**others, to: replace(known, name=to)}

        return (await self._change(actor, template, rename))[to]

    async def delete(self, actor: Actor, template: Template) -> None:
        """Forget it with all its versions. Raises NotFound, Denied."""

        def delete(shelf: Shelf) -> Shelf:
            known = _of(actor, shelf, template)
            return {name: item for name, item in shelf.items() if name != known.name}

        await self._change(actor, template, delete)

    def may_change(self, actor: Actor, template: Template) -> bool:
        """Whether the actor may save over it, rename and delete it."""
        return access.may_change(actor, template)

    async def request_of(self, actor: Actor, reservation_id: str) -> ResourceRequest:
        """What it takes to get the same machines again: the size and place that there are, and what was asked besides.

        Raises NotFound for one that the actor may not see.
        """
        item = await self.records.with_right(actor, Right.SEE, reservation_id)
        (asked,) = await self.habits.get(item.person, [reservation_key(item.id)])
        return _same_again(item, asked or ResourceRequest(item.kind))

    async def _change(self, actor: Actor, template: Template, change: Callable[[Shelf], Shelf]) -> Shelf:
        access.require_member(actor)
        owner = None if template.is_team else actor.user_id
        return await self.store.change(actor.workspace_id, owner, change)


def filled_in(quote: Quote) -> ResourceRequest:
    """What was asked for with the quote, and all that was filled in, but for the machine: that is chosen anew."""
    asked = quote.used or quote.request
    if asked.size_names or quote.requirements is None:
        vcpus, memory_gb = quote.offer.vcpus, quote.offer.memory_gb
    else:
        vcpus, memory_gb = quote.requirements.vcpus, quote.requirements.memory_gb
    return replace(
        asked,
        count=len(quote.nodes),
        vcpus=vcpus,
        memory_gb=memory_gb,
        storage_gb=asked.storage_gb or (quote.requirements.storage_gb if quote.requirements else None) or None,
        os=quote.os,
        duration_seconds=quote.lease_seconds,
    )


def _same_again(item: Reservation, asked: ResourceRequest) -> ResourceRequest:
    """Cores and memory go along for when there is no such size any more, or another cloud is wanted."""
    return replace(
        asked,
        kind=item.kind,
        software=(item.software,) if item.software else (),
        count=item.node_count,
        vcpus=item.vcpus,
        memory_gb=item.memory_gb,
        os=item.os,
        providers=(item.provider,),
        region=item.region,
        size_names=(item.size,),
        duration_seconds=asked.duration_seconds or round((item.expires_at - item.created_at).total_seconds()),
        excluded_regions=(),
        excluded_sizes=(),
    )


def _of(actor: Actor, shelf: Shelf, template: Template) -> Template:
    known = shelf.get(template.name)
    if known is None:
        raise NotFound(template.name)
    if not access.may_change(actor, known):
        raise Denied(f"change {known.name}")
    return known
