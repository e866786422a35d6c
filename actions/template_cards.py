"""Templates in words: what each is for, and its versions."""

from __future__ import annotations

from collections.abc import Sequence

from actions import create
from actions.request_fields import change_words, to_fields
from actions.turn import Turn
from actions.wording import plural, provider_title
from clouddesk.language.localtime import local_time
from clouddesk.language.people import called
from clouddesk.model.actor import Person
from clouddesk.model.request import CLUSTER, ResourceRequest
from clouddesk.model.template import Template, TemplateVersion


def machines(turn: Turn, request: ResourceRequest) -> str:
    """What a request is for: "Spark cluster, 3 machines, m5.xlarge, on AWS, in us-east-1, for 8 hours"."""
    said = to_fields(request)
    kind, software = said.pop("kind"), said.pop("software", [])
    title = create.title_in(turn, {"software": software}) or (software[0] if software else "")
    count = said.pop("count", None) or 1
    if kind == CLUSTER:
        parts = [f"{title} cluster".strip(), *([plural(count, "machine")] if count > 1 else [])]
    else:
        parts = [plural(count, "vm") + (f" with {title}" if title else "")]
    if said.get("size_names"):
        said = {field: value for field, value in said.items() if field not in ("vcpus", "memory_gb")}
    return ", ".join([*parts, *([change_words(said)] if said else [])])


def line(turn: Turn, item: Template) -> str:
    """One template in a list."""
    author = called(Person(item.workspace_id, item.author))
    whose = "" if not item.is_team else " (team)" if item.author == turn.actor.user_id else f" (team, by {author})"
    versions = f" · version {item.latest.number}" if item.latest.number > 1 else ""
    return f"*{item.name}*{whose}: {machines(turn, item.latest.request)}{versions}"


def details(turn: Turn, item: Template) -> str:
    """One template with all its versions, the latest first."""
    if len(item.versions) == 1:
        return f"{line(turn, item)} · saved {_when(turn, item.latest)}"
    whose = "the team's" if item.is_team else "yours"
    lines = [f"*{item.name}* ({whose}), latest first:"]
    lines += [
        f"{version.number}. {machines(turn, version.request)} · saved {_when(turn, version)}"
        for version in reversed(item.versions)
    ]
    return "\n".join(lines)


def names_of(items: Sequence[Template]) -> list[str]:
    """One's own before the team's; each name once."""
    return list(dict.fromkeys(item.name for item in items))


def where(request: ResourceRequest) -> str:
    """ "AWS", for what is of one cloud."""
    return " or ".join(map(provider_title, request.providers)) or "any cloud"


def _when(turn: Turn, version: TemplateVersion) -> str:
    return local_time(version.saved_at, turn.actor, turn.desk.clock())
