"""Questions about what there is; they leave an open question open."""

from __future__ import annotations

from actions import cards, resolve, schedules, ssh_config
from actions.base import DeskAction
from actions.buttons import button
from actions.lifecycle import chosen
from actions.turn import Turn
from clouddesk.matching import match_reservations
from clouddesk.model.reservation import ARCHIVED, ARCHIVING, CONFIGURING, PROVISIONING


class ActionListResources(DeskAction):
    """What the person has, with what it costs."""

    topic = "list_resources"
    is_aside = True

    async def respond(self, turn: Turn) -> None:
        """List, narrowed to what was asked for when that gives anything."""
        seen = await turn.desk.reservations(turn.actor, with_shared=True)
        own = [item for item in seen if item.person == turn.actor.person]
        if not seen:
            turn.say("utter_nothing_running")
            return
        found = await turn.desk.find(
            turn.actor,
            None,
            software=turn.all_of("software"),
            provider=turn.all_of("provider"),
            region=turn.one_of("region"),
        )
        shared = match_reservations(
            seen[len(own) :],
            None,
            software=turn.all_of("software"),
            provider=turn.all_of("provider"),
            region=turn.one_of("region"),
        )
        if not found and not shared:
            await resolve.say_none_match(turn)
            return
        if len(found) == 1:
            turn.last_reservation = found[0].id
        now = turn.desk.clock()
        rows = cards.reservation_rows([*found, *shared], turn.actor, now)
        turn.say("utter_list", lines=cards.reservation_list(found, turn.actor, now, shared=shared), rows=rows)


class ActionDescribeResource(DeskAction):
    """Everything about one reservation."""

    topic = "describe_resource"
    is_aside = True

    async def respond(self, turn: Turn) -> None:
        """A card each."""
        now = turn.desk.clock()
        for reservation_id in chosen(turn):
            item = await turn.desk.reservation(turn.actor, reservation_id)
            turn.last_reservation = item.id
            turn.say(
                "utter_describe",
                card=cards.reservation_card(item, turn.actor, now, more=await schedules.lines_of(turn, item)),
            )


class ActionConnectInfo(DeskAction):
    """How to log in."""

    topic = "connect_info"
    is_aside = True

    async def respond(self, turn: Turn) -> None:
        """The address and login of each machine, once they have one."""
        for reservation_id in chosen(turn):
            item = await turn.desk.reservation(turn.actor, reservation_id)
            turn.last_reservation = item.id
            if item.state in (PROVISIONING, CONFIGURING):
                turn.say("utter_connect_not_ready", name=item.name, state=item.state)
            elif item.state in (ARCHIVED, ARCHIVING):
                start = [button("Start", "start_resource", resource_name=item.id)]
                response = "utter_connect_archived" if item.state == ARCHIVED else "utter_connect_being_archived"
                turn.say(response, buttons=start if item.state == ARCHIVED else None, name=item.name)
            else:
                has_part = item.person == turn.actor.person or item.share_of(turn.actor.user_id, turn.desk.clock())
                has_secrets = bool(item.found and has_part)
                turn.say(
                    "utter_connect",
                    card=ssh_config.card(item, turn) or cards.connect_card(item, turn.actor),
                    is_private=True,
                    secrets_of=item.id if has_secrets else "",
                )
