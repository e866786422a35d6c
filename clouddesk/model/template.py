"""Templates: requests that were saved under a name, to be made again."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from clouddesk.model.invalid import BadName
from clouddesk.model.request import ResourceRequest

MOST_NAME_CHARACTERS = 40
_NAME = re.compile(rf"(?=.*[^\W_])\w[\w. -]{{0,{MOST_NAME_CHARACTERS - 1}}}")


@dataclass(frozen=True)
class TemplateVersion:
    """What was saved under the name at one time."""

    number: int
    """From 1 on; a number is not given twice."""
    request: ResourceRequest
    saved_by: str
    saved_at: datetime


@dataclass(frozen=True)
class Template:
    """One person's, or their team's; its earlier versions are kept."""

    name: str
    workspace_id: str
    author: str
    """The user id of whoever saved it first."""
    is_team: bool
    versions: tuple[TemplateVersion, ...]
    """Oldest first; at least one."""

    @property
    def latest(self) -> TemplateVersion:
        return self.versions[-1]

    def version(self, number: int) -> TemplateVersion | None:
        """None when there is no such version (any more)."""
        return next((version for version in self.versions if version.number == number), None)


def template_name(words: str) -> str:
    """The words as a template's name: lower case, so that nobody has to remember the capitals. Raises BadName."""
    name = " ".join(words.lower().split())
    if not _NAME.fullmatch(name):
        raise BadName(words, most_characters=MOST_NAME_CHARACTERS)
    return name
