"""People's access to clouds. A key is never taken in chat: the terminal asks for it without showing it."""

from __future__ import annotations

from actions import cards, questions
from actions.base import DeskAction
from actions.buttons import button
from actions.forms import Form
from actions.moments import Moment
from actions.turn import Turn
from actions.wording import names, provider_title
from clouddesk.model.offer import OWN_MACHINE


class ActionAddCredentials(DeskAction):
    """Say how to add a key safely."""

    topic = "add_credentials"

    async def respond(self, turn: Turn) -> None:
        """For each cloud that was said."""
        for provider in _known(turn):
            turn.say("utter_add_credentials", provider=provider, title=provider_title(provider))


class ActionListCredentials(DeskAction):
    """Which accesses there are, without the secrets."""

    topic = "list_credentials"
    is_aside = True

    async def respond(self, turn: Turn) -> None:
        """List them."""
        infos = await turn.desk.credentials(turn.actor)
        if infos:
            turn.say("utter_list_credentials", lines=cards.credentials_list(infos), is_private=True)
        else:
            turn.say("utter_no_credentials")


class ActionRemoveCredentials(DeskAction):
    """Forget an access, after a yes."""

    topic = "remove_credentials"

    async def respond(self, turn: Turn) -> None:
        """Ask; the yes is answered in ``actions/answers.py``."""
        own = {info.provider for info in await turn.desk.credentials(turn.actor)} - {OWN_MACHINE}
        for provider in _known(turn)[:1]:
            if provider not in own:
                turn.say("utter_credentials_not_there", title=provider_title(provider))
                continue
            question = {"kind": "confirm_removal", "provider": provider}
            turn.ask(question)
            turn.say(
                "utter_confirm_remove_credentials",
                buttons=questions.buttons(question),
                title=provider_title(provider),
            )


class ProviderForm(Form):
    """Asks which cloud. The slot holds those that were said, supported or not."""

    slots = ("provider",)

    def is_bare_answer(self, turn: Turn) -> bool:
        return bool(_called(turn))

    async def choose(self, turn: Turn) -> None:
        """The first that there is; a removal is confirmed by name."""
        turn.facts["provider"] = [turn.desk.clouds()[0]]

    async def fill(self, turn: Turn, moment: Moment) -> None:
        said = [str(name) for name in turn.all_of("provider")] or (_called(turn) if turn.asked else [])
        if said:
            turn.facts["provider"] = said


class AddCredentialsForm(ProviderForm):
    topic = "add_credentials"

    def subject(self, turn: Turn) -> str:
        return "adding credentials"


class RemoveCredentialsForm(ProviderForm):
    """The only access that there is needs no question."""

    topic = "remove_credentials"

    def subject(self, turn: Turn) -> str:
        return "removing credentials"

    async def fill(self, turn: Turn, moment: Moment) -> None:
        await super().fill(turn, moment)
        own = [info.provider for info in await turn.desk.credentials(turn.actor) if info.provider != OWN_MACHINE]
        if self.missing(turn) and len(own) == 1:
            turn.facts["provider"] = own


class ActionAskProvider(DeskAction):
    """Which cloud."""

    topic = "ask_provider"

    async def respond(self, turn: Turn) -> None:
        """With a button for each that is supported."""
        known = turn.desk.clouds()
        turn.say(
            "utter_ask_provider",
            buttons=[button(provider_title(name), str(turn.form), provider=name) for name in known],
            known=names([provider_title(name) for name in known]),
        )


def _known(turn: Turn) -> list[str]:
    """The clouds that were said and are supported; about the others that is said."""
    known = turn.desk.clouds()
    for name in turn.facts["provider"]:
        if name in turn.desk.providers() and name not in known:
            turn.say("utter_own_machine_needs_no_key")
        elif name not in known:
            titles = names([provider_title(item) for item in known])
            turn.say("utter_unknown_provider", provider=provider_title(name), known=titles)
    return [name for name in turn.facts["provider"] if name in known]


def _called(turn: Turn) -> list[str]:
    """The cloud when the text is nothing but its name."""
    said = turn.text.strip(" .!").lower()
    return [name for name in turn.desk.providers() if said in (name, provider_title(name).lower())]
