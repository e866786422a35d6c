"""People's access to clouds. A key is never taken in chat: the terminal asks for it without showing it."""

from __future__ import annotations

from actions import cards
from actions.base import DeskAction
from actions.create import drop_open
from actions.requests import button
from actions.turn import Turn
from actions.wording import names, provider_title


class ActionAddCredentials(DeskAction):
    """Say how to add a key safely."""

    topic = "add_credentials"

    async def respond(self, turn: Turn) -> None:
        """For the cloud that was said; which one is asked otherwise."""
        drop_open(turn)
        for provider in known_providers(turn, self.topic):
            turn.say("utter_add_credentials", provider=provider, title=provider_title(provider))


class ActionListCredentials(DeskAction):
    """Which accesses there are, without the secrets."""

    topic = "list_credentials"

    async def respond(self, turn: Turn) -> None:
        """List them."""
        infos = await turn.desk.credentials(turn.actor)
        if infos:
            turn.say("utter_list_credentials", lines=cards.credentials_list(infos))
        else:
            turn.say("utter_no_credentials")


class ActionRemoveCredentials(DeskAction):
    """Forget an access, after a yes."""

    topic = "remove_credentials"

    async def respond(self, turn: Turn) -> None:
        """Ask; the yes is answered in ``actions/answers.py``."""
        drop_open(turn)
        own = {info.provider for info in await turn.desk.credentials(turn.actor)}
        said = turn.all_of("provider")
        if not said and len(own) == 1:
            turn.entities = {**turn.entities, "provider": next(iter(own))}
        for provider in known_providers(turn, self.topic)[:1]:
            if provider not in own:
                turn.say("utter_credentials_not_there", title=provider_title(provider))
                continue
            turn.ask({"kind": "confirm_removal", "provider": provider})
            turn.say(
                "utter_confirm_remove_credentials",
                buttons=[button("Yes, forget it", "affirm"), button("No, keep it", "deny")],
                title=provider_title(provider),
            )


def known_providers(turn: Turn, topic: str) -> tuple[str, ...]:
    """The clouds that were said and that are supported; () when it had to be asked."""
    known = turn.desk.providers()
    titles = names([provider_title(name) for name in known])
    said = [str(name) for name in turn.all_of("provider")]
    if not said:
        turn.ask({"kind": "provider", "for": topic})
        turn.say(
            "utter_ask_provider",
            buttons=[button(provider_title(name), topic, provider=name) for name in known],
            known=titles,
        )
        return ()
    for name in said:
        if name not in known:
            turn.say("utter_unknown_provider", provider=provider_title(name), known=titles)
    return tuple(name for name in said if name in known)
