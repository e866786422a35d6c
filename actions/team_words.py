"""Whose machines a sentence about the team means, and whether it is about that at all."""

from __future__ import annotations

from actions.turn import Turn
from clouddesk.language import team
from clouddesk.language.team import TeamWish
from clouddesk.model.actor import ADMIN, LOCAL_WORKSPACE, Person
from clouddesk.model.reservation import Reservation

TOPICS = {
    team.LIST: "team_list",
    team.TOP: "team_list",
    team.MOST: "team_list",
    team.STOP: "team_stop",
    team.STOP_BUT: "team_stop",
    team.RELEASE: "team_release",
    team.PROTECT: "protect",
    team.UNPROTECT: "protect",
    team.FREEZE: "freeze",
    team.UNFREEZE: "freeze",
    team.FREEZE_UNREAD: "freeze",
    team.FREEZE_ASKED: "freeze_asked",
}
_QUESTIONS = ("team_list", "freeze_asked")


async def find(turn: Turn) -> TeamWish | None:
    """What is wanted of the team's machines; None for one's own, and for names that are nobody's."""
    if turn.is_button:
        return None
    wish = team.read(turn.text)
    if wish is None or wish.person == turn.actor.user_id:
        return None
    is_admin = ADMIN in turn.actor.roles
    if wish.what == team.TOP and not wish.is_of_team:
        # Of whoever has no more than their own, the oldest is one of those.
        return wish if is_admin else None
    if wish.what == team.RELEASE and wish.machine:
        return wish if is_admin and await owned_by(turn, wish) else None
    if not wish.person or wish.is_mention:
        return wish
    if wish.what == team.LIST:
        return wish if is_admin and await is_owner(turn, wish.person) else None
    own = {item.name.lower() for item in await turn.machines()}
    named = {str(value).lower() for name in ("software", "provider", "region") for value in turn.all_of(name)}
    return None if wish.person in own | named else wish


def topic(turn: Turn) -> str | None:
    """Where it goes; what changes something waits until an open form has ended."""
    wish = turn.about_team
    if wish is None:
        return None
    found = TOPICS[wish.what]
    return found if not turn.form or found in _QUESTIONS else None


async def is_owner(turn: Turn, name: str) -> bool:
    """Whether somebody of this name has machines that run."""
    if turn.actor.workspace_id != LOCAL_WORKSPACE:
        return False
    return any(found.item.owner == name for found in await turn.desk.team_view.running(turn.actor))


async def named(turn: Turn, name: str, *, owner: str | None = None) -> list[Reservation]:
    """What has this name or id, of all that the team runs or of what this person runs. Raises Denied."""
    running = await turn.desk.team_view.running(turn.actor, owner=owner)
    return [row.item for row in running if name in (row.item.name, row.item.id)]


async def owned_by(turn: Turn, wish: TeamWish) -> Reservation | None:
    """The machine of that name of whoever is meant; for admins."""
    who = person(turn, wish)
    found = await named(turn, wish.machine, owner=who.user_id) if who else []
    return found[0] if len(found) == 1 else None


def person(turn: Turn, wish: TeamWish) -> Person | None:
    """Who is meant; None for a name in a chat, where only a mention tells whose it is."""
    if not wish.is_mention and turn.actor.workspace_id != LOCAL_WORKSPACE:
        return None
    return Person(turn.actor.workspace_id, wish.person)
