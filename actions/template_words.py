"""What a message says of templates: which one, whose, which version, and what the classifier has no intent for."""

from __future__ import annotations

import re

from actions import usual
from actions.turn import AboutTemplate, Turn
from clouddesk.language.vocabulary import LEAD, POLITE_END, plain
from clouddesk.model.template import Template

RENAME, PUBLISH = "rename", "publish"

_TEMPLATE = r"(?:templates?|presets?|recipes?|saved (?:setup|config)s?)"
_NAMED = r"[\"'“”‘’`]?(?P<{}>\w[\w.-]*)[\"'“”‘’`]?"
_ASKS = rf"{LEAD}(?:(?:can|could|would) (?:you|i) (?:please )?|i(?:'d like| would like| want| need) to )?"
_MY = r"(?:(?:the|my|our|team|this) )*"
_RENAMED = re.compile(
    rf"{_ASKS}(?:rename|call) {_MY}(?:(?:{_TEMPLATE}) )?{_NAMED.format('old')}(?: {_TEMPLATE})?"
    rf" (?:to|into|as|in) {_NAMED.format('new')}{POLITE_END}"
)
_PUBLISHED = re.compile(
    rf"{_ASKS}(?:share|publish|give|offer|open) {_MY}{_TEMPLATE} {_NAMED.format('old')}"
    rf" (?:with|to|for) (?:(?:the|my|our|whole) )*(?:team|group|everyone|everybody|all|others|colleagues){POLITE_END}"
)
_TEAM = re.compile(
    r"(?<!-)\bteam(?:'s)?\b(?!-)|\bshared\b"
    r"|\bfor (?:us all|all of us|everyone|everybody|the (?:others|group|lab|desk))\b"
    r"|\b(?:let|so) (?:the |my )?(?:others|team|colleagues|everyone)\b|\b(?:my|the|our) colleagues\b"
)
_ASKS_ABOUT = re.compile(
    r"(?:what(?:'s| is| are| does|s)\b|show\b|describe\b|list\b|details\b|tell me (?:about|what)\b)"
)
_VERSION = re.compile(r"\b(?:version|v\.?|rev(?:ision)?) ?(?P<number>\d+)\b")
_GETS = (
    r"(?:spin up|start|launch|fire up|bring up|run|create|use|get|give|gimme|deploy|boot|order|make|set up|need|want"
    r"|take|clone|another|same as|like)"
)
_ARTICLES = r"(?: (?:me|us|up|an?|the|my|our|one|new|fresh|team|template|of))*"
_NO_KIND = r"(?! (?:vms?|machines?|servers?|box(?:es)?|instances?|clusters?|nodes?|cores?|gb|gigs?|workers?)\b)"
""" "A test vm" does not name the template test."""
_A_NAME = re.compile(
    rf"{LEAD}(?:(?:call|name) it |as |under |template |the name is |it'?s )*[\"'“‘`]?(?P<name>\w[\w.-]*)[\"'”’`]?"
    rf"{POLITE_END}[ .!]*"
)
_NO_NAME = ("affirm", "deny", "cancel", "help", "greet", "thank", "goodbye", "bot_challenge", "list_templates")
""" Intents of whole messages that name nothing."""
_NO_NAMES = frozenset(
    (
        *("yes", "yeah", "yep", "yup", "sure", "ok", "okay", "right", "correct", "please", "go", "agreed", "fine"),
        *("no", "nope", "nah", "none", "nothing", "never", "cancel", "stop", "abort", "skip", "back", "quit", "exit"),
        *(
            "hello",
            "hi",
            "hey",
            "bye",
            "goodbye",
            "thanks",
            "thank",
            "thx",
            "help",
            "what",
            "why",
            "how",
            "which",
            "who",
        ),
        *("it", "that", "this", "whatever", "anything", "idea", "idk", "dunno", "later", "wait", "hmm", "um"),
    )
)
"""Words that people answer with, and that call nothing, whatever the classifier took them for."""


def name_alone(turn: Turn) -> str | None:
    """The only word of an answer to what a template is to be called; None for one that is no name."""
    if turn.intent in _NO_NAME or usual.leaves_it_to_me(turn):
        return None
    found = _A_NAME.fullmatch(plain(turn.text))
    return found["name"] if found and found["name"] not in _NO_NAMES else None


async def find(turn: Turn) -> AboutTemplate | None:
    """What is wanted of a template that there is, or of what is called one; None when the message is of neither."""
    said = _about(turn)
    if said is None:
        return None
    is_called_one = re.search(_TEMPLATE, plain(turn.text)) is not None
    known = is_called_one or any(item.name == said.old for item in await turn.desk.templates.list(turn.actor))
    return said if known else None


async def wanted(turn: Turn) -> str | None:
    """The template that a request for machines names: "spin up etl for 2 hours"."""
    if turn.is_button:
        return None
    text = plain(turn.text)
    software = {str(name) for name in turn.all_of("software")}
    for item in sorted(await turn.desk.templates.list(turn.actor), key=lambda item: -len(item.name)):
        name = re.escape(item.name)
        asked = re.search(rf"\b{_GETS}{_ARTICLES} [\"'“`]?{name}[\"'”`]?(?![\w-]){_NO_KIND}", text)
        if item.name not in software and asked:
            return item.name
    return None


async def meant(turn: Turn) -> tuple[list[Template], list[str]]:
    """The templates that the message names, and the names of which there is none."""
    known = await turn.desk.templates.list(turn.actor)
    if says_team(turn):
        known = [item for item in known if item.is_team]
    said = [" ".join(str(name).lower().split()) for name in turn.all_of("template_name")]
    text = "" if turn.is_button else plain(turn.text)
    in_text = [item.name for item in known if re.search(rf"(?<![\w.-]){re.escape(item.name)}(?![\w-])", text)]
    # "gpu base" names no "gpu" besides.
    in_text = [name for name in in_text if not any(name != other and name in other for other in [*in_text, *said])]
    found: dict[str, Template] = {}
    for name in [*said, *in_text]:
        for item in known:
            if item.name == name:
                found.setdefault(name, item)
    return list(found.values()), [name for name in said if name not in found]


def says_team(turn: Turn) -> bool:
    """Whether the team's is meant."""
    return turn.one_of("is_team") is True or (not turn.is_button and _TEAM.search(plain(turn.text)) is not None)


def only_asks(turn: Turn) -> bool:
    """ "What's in template etl?": nothing is to be made of it."""
    return not turn.is_button and _ASKS_ABOUT.match(plain(turn.text)) is not None


def version_said(turn: Turn) -> int | None:
    """The number of the version that is meant."""
    found = None if turn.is_button else _VERSION.search(plain(turn.text))
    return int(found["number"]) if found else None


def _about(turn: Turn) -> AboutTemplate | None:
    if turn.is_button:
        return None
    text = plain(turn.text).strip(" .!?")
    if found := _RENAMED.fullmatch(text):
        return AboutTemplate(RENAME, found["old"], found["new"])
    if found := _PUBLISHED.fullmatch(text):
        return AboutTemplate(PUBLISH, found["old"])
    return None
