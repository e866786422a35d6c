"""Short answers that change nothing, and honest ones about what is not built yet."""

from __future__ import annotations

import re

from actions import questions
from actions.base import DeskAction
from actions.turn import Turn
from clouddesk.model.ssh_key import SSH


class ActionHelp(DeskAction):
    """What one can say; in one line while something is open."""

    topic = "help"
    is_aside = True

    async def respond(self, turn: Turn) -> None:
        """The open question follows."""
        turn.say("utter_help_short" if turn.form or questions.is_open(turn.question) else "utter_help")


class ActionGreet(DeskAction):
    """Hello."""

    topic = "greet"
    is_aside = True

    async def respond(self, turn: Turn) -> None:
        """With an example."""
        turn.say("utter_greet")


class ActionGoodbye(DeskAction):
    """Bye."""

    topic = "goodbye"

    async def respond(self, turn: Turn) -> None:
        """An open question waits for the person's return."""
        turn.say("utter_goodbye")


class ActionThank(DeskAction):
    """You're welcome."""

    topic = "thank"
    is_aside = True

    async def respond(self, turn: Turn) -> None:
        """In one line."""
        turn.say("utter_thank")


class ActionBotChallenge(DeskAction):
    """Honest about being a bot."""

    topic = "bot_challenge"
    is_aside = True

    async def respond(self, turn: Turn) -> None:
        """Say so."""
        turn.say("utter_bot_challenge")


class ActionOutOfScope(DeskAction):
    """A polite no."""

    topic = "out_of_scope"
    is_aside = True

    async def respond(self, turn: Turn) -> None:
        """Say no, with the way to help."""
        turn.say("utter_out_of_scope")


class ActionPasteSecret(DeskAction):
    """A key in chat is refused, never kept or repeated."""

    topic = "paste_secret"
    is_aside = True

    async def respond(self, turn: Turn) -> None:
        """Tell how to add one safely; the connector has struck it out of the text already."""
        scrubbed = re.search(r"\[secret:(\w+)\]", turn.text)
        provider = scrubbed.group(1) if scrubbed else turn.one_of("provider")
        if provider == SSH:
            turn.say("utter_error_ssh_key_is_private")
            return
        turn.say("utter_paste_secret", provider=provider if provider in turn.desk.providers() else "aws")
