"""Templates: what was asked for is saved under a name, and asked for again with changes."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, ClassVar

from actions import (
    choosing,
    create,
    forms,
    parking,
    questions,
    resolve,
    retries,
    template_cards,
    template_words,
    usual,
)
from actions.base import DeskAction, hand_over
from actions.buttons import button
from actions.moments import Moment
from actions.request_fields import Fields, change_words, merged, to_fields, to_request
from actions.requests import stated_in
from actions.reservation_forms import ReservationForm
from actions.turn import Turn
from actions.wording import names
from clouddesk.language.people import called
from clouddesk.model.actor import Person
from clouddesk.model.errors import Denied, QuoteExpired
from clouddesk.model.template import Template, template_name
from clouddesk.templates import filled_in

_MOST_BUTTONS = 5


class SaveTemplateForm(ReservationForm):
    """Asks which machines, if that is not clear, and for the name.

    ``saving`` holds the fields of the open request, or None for those of the reservation, and whether it is the team's.
    """

    topic = "save_template"
    verb, about = "save as a template", "saving a template"
    slots: ClassVar[tuple[str, ...]] = ("reservation", "template_name")
    is_task = False

    def is_bare_answer(self, turn: Turn) -> bool:
        """One word, where the name is asked for."""
        if turn.asked != "template_name" or turn.is_button:
            return super().is_bare_answer(turn)
        return template_words.name_alone(turn) is not None

    async def fill(self, turn: Turn, moment: Moment) -> None:
        before = turn.facts.get("saving") or {}
        turn.facts["saving"] = {**before, "is_team": before.get("is_team", False) or template_words.says_team(turn)}
        name = _name_said(turn)
        if name:
            turn.facts["template_name"] = template_name(name)
        if moment is Moment.OPENED and not await self._names_machines(turn):
            request = await _last_request(turn)
            if request is not None:
                turn.facts["saving"]["request"] = request
                turn.facts["reservation"] = []
                return
        if not turn.facts.get("reservation") and turn.asked != "template_name":
            # "Save this as etl" does not mean the machine etl-1.
            text, turn.text = turn.text, _without(turn.text, name)
            await super().fill(turn, moment)
            turn.text = text

    async def _names_machines(self, turn: Turn) -> bool:
        """Whether machines that there are, are named or described; the new name is none of them."""
        told = replace(turn, text=_without(turn.text, turn.facts.get("template_name")))
        named = await resolve.said_names(told)
        return bool(named or (resolve.attributes(told) and await resolve.having(told)))

    async def resume(self, turn: Turn) -> None:
        """What is saved of a request is still known."""
        if "request" not in turn.facts.get("saving", {}):
            await super().resume(turn)

    async def choose(self, turn: Turn) -> None:
        """A name is nobody's choice but the person's."""
        if turn.asked != "template_name":
            await super().choose(turn)

    async def renew(self, turn: Turn) -> None:
        """What is saved is what there was when it was asked for."""
        if turn.asked != "template_name":
            await super().renew(turn)


class ActionAskTemplateName(DeskAction):
    """Under which name."""

    topic = "ask_template_name"

    async def respond(self, turn: Turn) -> None:
        """Any word will do."""
        turn.say("utter_ask_template_name")


class ActionSaveTemplate(DeskAction):
    """A new template, or a new version of one: the earlier are kept, so that nothing has to be asked."""

    topic = "save_template"
    is_aside = True

    async def respond(self, turn: Turn) -> None:
        """Say what was saved, and how it is used."""
        saving, name = turn.facts["saving"], str(turn.facts["template_name"])
        if (fields := saving.get("request")) is not None:
            request = await _filled(turn, fields)
        else:
            item = await turn.desk.reservation(turn.actor, turn.facts["reservation"][0]["id"])
            request = await turn.desk.templates.request_of(turn.actor, item.id)
            turn.last_reservation = item.id
        is_team = bool(saving["is_team"])
        known = next((item for item in await _list(turn) if item.name == name and item.is_team == is_team), None)
        try:
            saved = await turn.desk.templates.save(turn.actor, name, request, is_team=is_team)
        except Denied:
            if known is None:
                raise
            _say_of_others(turn, known)
            return
        is_same = known is not None and known.latest == saved.latest
        response = "utter_template_saved" if known is None else "utter_template_saved_again"
        turn.say(
            "utter_template_same" if is_same else response,
            buttons=[button(f"Use {name}", "use_template", template_name=name, **_of_team(saved))],
            name=name,
            whose="the team's" if saved.is_team else "your",
            machines=template_cards.machines(turn, saved.latest.request),
            version=str(saved.latest.number),
            before=str(known.latest.number) if known else "",
        )


class ActionUseTemplate(DeskAction):
    """A template's request with what the message changes in it: quoted, and waiting for a yes as any request."""

    topic = "use_template"

    async def respond(self, turn: Turn) -> None:
        """Which one is asked when the message does not say."""
        found, unknown = await template_words.meant(turn)
        if found and template_words.only_asks(turn):
            await hand_over(turn, "list_templates")
        elif found:
            await _use(turn, found[0])
        elif usual.says_usual(turn) and (used := await usual.fields(turn)):
            await create.quote(turn, merged(used, stated_in(turn)))
        elif not (known := await _list(turn)):
            turn.say("utter_no_templates")
        elif unknown:
            turn.say(
                "utter_no_such_template",
                buttons=_use_buttons(known),
                words=unknown[0],
                options=names(template_cards.names_of(known)),
            )
        else:
            _ask_which(turn, known)


class ActionListTemplates(DeskAction):
    """One's own and the team's; or the versions of the one that is named."""

    topic = "list_templates"
    is_aside = True

    async def respond(self, turn: Turn) -> None:
        """With a button to use each."""
        found, _ = await template_words.meant(turn)
        known = await _list(turn)
        if found:
            turn.say(
                "utter_templates",
                buttons=_use_buttons(found),
                lines="\n".join(template_cards.details(turn, item) for item in found),
            )
            return
        if template_words.says_team(turn):
            known = [item for item in known if item.is_team]
        if not known:
            turn.say("utter_no_templates")
            return
        lines = "\n".join(f"• {template_cards.line(turn, item)}" for item in known)
        turn.say("utter_templates", buttons=_use_buttons(known), lines=lines)


class ActionDeleteTemplate(DeskAction):
    """Deleting is for good, so it is confirmed first, with all that it takes away."""

    topic = "delete_template"

    async def respond(self, turn: Turn) -> None:
        """Ask; the yes comes back here."""
        found, unknown = await template_words.meant(turn)
        known = await _list(turn)
        if not found:
            words = unknown[0] if unknown else ""
            response = "utter_no_such_template" if words else "utter_delete_which_template"
            options = names(template_cards.names_of(known))
            turn.say(response if known else "utter_no_templates", words=words, options=options)
            return
        if turn.facts.get("is_confirmed"):
            for item in found:
                await turn.desk.templates.delete(turn.actor, item)
            turn.say("utter_template_deleted", names=names([item.name for item in found]))
            return
        if others := [item for item in found if not turn.desk.templates.may_change(turn.actor, item)]:
            _say_of_others(turn, others[0])
            return
        wish = retries.wish(turn, self.topic)
        _park(turn)
        doing = f"deleting the template {names([item.name for item in found])}"
        turn.ask({**wish, "kind": "confirm_task", "doing": doing, "price": None})
        lines = "\n".join(f"• {template_cards.line(turn, item)}" for item in found)
        turn.say("utter_confirm_delete_template", buttons=questions.buttons(turn.question or {}), lines=lines)


class ActionChangeTemplate(DeskAction):
    """Another name for one, or one's own for the team, too."""

    topic = "change_template"
    is_aside = True
    is_inner = True

    async def respond(self, turn: Turn) -> None:
        """Undone as easily as done, so nothing is asked."""
        about = turn.about_template
        if about is None:
            raise ValueError("nothing is said of a template")
        is_team = about.what == template_words.RENAME and template_words.says_team(turn)
        item = await turn.desk.templates.get(turn.actor, about.old, is_team=is_team)
        if about.what == template_words.PUBLISH:
            await _publish(turn, item)
            return
        try:
            renamed = await turn.desk.templates.rename(turn.actor, item, about.new)
        except Denied:
            _say_of_others(turn, item)
            return
        turn.say("utter_template_renamed", name=renamed.name, before=item.name)


async def _publish(turn: Turn, item: Template) -> None:
    try:
        saved = await turn.desk.templates.save(turn.actor, item.name, item.latest.request, is_team=True)
    except Denied:
        known = next((known for known in await _list(turn) if known.is_team and known.name == item.name), None)
        if known is None:
            raise
        _say_of_others(turn, known)
        return
    turn.say("utter_template_published", name=saved.name)


def _say_of_others(turn: Turn, item: Template) -> None:
    author = called(Person(item.workspace_id, item.author))
    turn.say("utter_template_of_others", name=item.name, author=author)


async def _list(turn: Turn) -> list[Template]:
    return await turn.desk.templates.list(turn.actor)


def _of_team(item: Template) -> dict[str, Any]:
    return {"is_team": True} if item.is_team else {}


def _use_buttons(known: list[Template]) -> list[dict[str, str]]:
    """One's own hides the team's of the same name, unless that is asked for."""
    return [
        button(f"Use {item.name}" + (" (team)" if item.is_team else ""), "use_template", **_entities(item))
        for item in known[:_MOST_BUTTONS]
    ]


def _entities(item: Template) -> dict[str, Any]:
    return {"template_name": item.name, **_of_team(item)}


def _ask_which(turn: Turn, known: list[Template]) -> None:
    """With what was said besides."""
    _park(turn)
    said = [[name, value] for name in turn.entities for value in turn.all_of(name)]
    options = [
        {
            "title": item.name,
            "text": turn.text,
            "intent": "use_template",
            "entities": [*said, ["template_name", item.name]],
        }
        for item in known[:_MOST_BUTTONS]
    ]
    question = choosing.ask_between(turn, options)
    turn.say("utter_which_template", buttons=choosing.buttons(question), options=choosing.words(question))


async def _use(turn: Turn, item: Template) -> None:
    number = template_words.version_said(turn)
    version = item.version(number) if number is not None else item.latest
    if version is None:
        turn.say("utter_no_such_version", name=item.name, lines=template_cards.details(turn, item))
        return
    _make_room(turn)
    said = _changes(turn, item)
    base = to_fields(version.request)
    wanted = _laid_over(base, said)
    turn.say(
        "utter_template_taken",
        name=item.name,
        version=f", version {version.number}" if len(item.versions) > 1 else "",
        changes=f", changed: {words}" if (words := change_words(said)) else "",
    )
    await create.quote(turn, wanted)
    problem = turn.facts.get("problem") or {}
    if turn.next_form and problem.get("field") == "size" and wanted.get("size_names"):
        turn.say(
            "utter_template_size_gone",
            name=item.name,
            size=names(wanted["size_names"], last="or"),
            where=template_cards.where(to_request(wanted)),
        )


def _changes(turn: Turn, item: Template) -> Fields:
    """What the message says besides the template."""
    said = stated_in(turn)
    if said.get("name") == item.name:
        del said["name"]
    return said


def _laid_over(base: Fields, said: Fields) -> Fields:
    """The size and the place of one cloud are none of another's; cores and memory are."""
    if "providers" in said and said["providers"] != base.get("providers"):
        base = {field: value for field, value in base.items() if field not in ("size_names", "region")}
    return merged(base, said)


def _make_room(turn: Turn) -> None:
    """An open request gives way to this one; everything else waits."""
    question = turn.question
    if not turn.form and question is not None and questions.is_open(question) and questions.is_request(question):
        turn.say("utter_request_dropped", what=questions.subject(question))
        turn.question = turn.request = None
    else:
        _park(turn)


def _park(turn: Turn) -> None:
    """What is open waits."""
    parking.set_aside(turn, what=forms.subject(turn) if turn.form else None)


def _name_said(turn: Turn) -> str | None:
    """The new template's name; where it is asked for, the only word."""
    said = turn.one_of("template_name")
    if said is None and turn.asked == "template_name" and not turn.is_button:
        said = template_words.name_alone(turn) or turn.one_of("resource_name")
    return None if said is None else str(said)


def _without(text: str, name: str | None) -> str:
    """The text but for the new template's name."""
    return re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-])", "", text, flags=re.IGNORECASE) if name else text


async def _last_request(turn: Turn) -> Fields | None:
    """The open request; with no machines there, what the person had last."""
    if turn.request is not None:
        return turn.request
    if await turn.desk.reservations(turn.actor):
        return None
    return await usual.fields(turn)


async def _filled(turn: Turn, fields: Fields) -> Any:
    """With all that its price stands for, as long as there is one."""
    quote_id = (turn.question or {}).get("id") if turn.request == fields else None
    if quote_id and (turn.question or {}).get("kind") == "confirm_quote":
        try:
            return filled_in(await turn.desk.get_quote(turn.actor, quote_id))
        except QuoteExpired:
            pass
    return to_request(fields)
