"""Who is speaking."""

from __future__ import annotations

from dataclasses import dataclass

ADMIN = "admin"
MEMBER = "member"
VIEWER = "viewer"
OPERATOR = "operator"
"""Runs the installation, at its command line; no connector gives this role to anybody."""

DEACTIVATED = "deactivated"
"""Why somebody is no colleague any more (``ports.Colleagues``): they have left the workspace."""

UNKNOWN = "unknown"
"""Why somebody is taken for no colleague yet: nobody has looked them up lately."""

LOCAL_WORKSPACE = "local"
"""The terminal's, where people go by their user names."""


@dataclass(frozen=True)
class Person:
    """A human being as the chat side knows them: by ids, never by display name."""

    workspace_id: str
    user_id: str

    def __str__(self) -> str:
        return f"{self.workspace_id}/{self.user_id}"


@dataclass(frozen=True)
class Actor:
    """The person who acts, with the rights they have. Every method of the Desk takes one."""

    workspace_id: str
    user_id: str
    roles: tuple[str, ...] = (MEMBER,)
    timezone: str = "UTC"
    locale: str = ""
    """As "en-GB"; empty where nobody knows it."""

    @property
    def person(self) -> Person:
        return Person(self.workspace_id, self.user_id)
