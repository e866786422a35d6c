"""Another selection at a question about machines: "no, beta", "only the first", "all but the newest", "and beta too".

What is asked about machines that exist is answered for just these machines, so that a yes that follows a correction can
never be one to what was corrected.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from actions import clauses
from actions.picking import are_only_picks, picks
from actions.references import Cues
from actions.turn import Turn
from clouddesk.language.vocabulary import EXCEPT, IN_PLACE_OF
from clouddesk.matching import is_named_in, nearly_named_in, with_names_as
from clouddesk.model.reservation import RELEASING, Reservation

_NAME = "\N{OBJECT REPLACEMENT CHARACTER}"
_LEAD = re.compile(
    r"(?:(?:no|nope|nah|oops|ups|whoops|sorry|wait|ah|oh|hm+|actually|well|ok|okay|yes|yeah|yep|yup|y|please|i mean"
    r"|i meant|meant|i said|my mistake|my bad|(?:not|wrong) (?:that|this)? ?one|wrong machine|rather|better|make it"
    r"|make that|take|and|also|then|do|it'?s|it is|that'?s)\b[ ,.;:!-]*)*"
)
_END = re.compile(
    r"(?:[ ,]+(?:instead|please|pls|i mean|i meant|rather|though|then|too|as well|also|sorry|only|alone|now|thanks))+$"
)
_TOO = re.compile(r"\b(?:too|as well|also|and)\b")
_ONLY = re.compile(r"(?:but )?(?:only|just)(?: for)?[ ,]+")
_ALL = r"(?:all|both|everything|every one|all of (?:them|these)|them|these|those)?"
_LEAVES = re.compile(rf"(?:{_ALL}[ ,]*(?:\b{EXCEPT}|,? ?keep|don'?t (?:touch|take|stop|delete))[ ,]+)(?P<out>.+)")
_BOTH = re.compile(rf"(?P<left>.+?)[ ,]+(?:but )?(?:and )?{IN_PLACE_OF}[ ,]+(?P<out>.+)")
_NOT_THAT = re.compile(r"not (?P<out>.+?)(?:[ ,;.]+(?:but )?(?:rather )?)(?P<left>.+)")
_NAMES_ONLY = re.compile(rf"(?:the )?{_NAME}(?:\s*(?:,|;|&|\+|\band\b|\bplus\b)+\s*(?:the )?{_NAME})*(?: one)?")


async def find(turn: Turn) -> list[dict[str, str]] | None:
    """The machines that the open question is to be about instead; None when the message says no others."""
    asked = _asked(turn)
    if turn.is_button or not asked or "?" in turn.text:
        return None
    text = " ".join(turn.text.lower().replace("’", "'").strip(" .!").split())
    said = _LEAD.sub("", text, count=1).strip(" ,") if _LEAD.match(text) else text
    if clauses.tasks_in(text) or clauses.task_in(said):
        return None
    own = [item for item in await turn.machines() if item.state != RELEASING]
    offered = [item for item in own if item.id in asked]
    offered.sort(key=lambda item: asked.index(item.id))
    chosen = _selected(turn, text, said, offered, own)
    if not chosen or {item.id for item in chosen} == set(asked):
        return None
    return [{"id": item.id, "name": item.name} for item in chosen]


def _asked(turn: Turn) -> list[str]:
    """The ids that the open question is about."""
    question = turn.question or {}
    if question.get("kind") == "confirm_release":
        return list(question["ids"])
    if question.get("kind") == "confirm_task":
        return [item["id"] for item in question["facts"].get("reservation") or ()]
    return []


def _selected(
    turn: Turn, text: str, said: str, offered: Sequence[Reservation], own: Sequence[Reservation]
) -> list[Reservation]:
    """Those that are meant now, in words after the yes, the no or the "I meant"."""
    body = _END.sub("", said)
    if found := _LEAVES.fullmatch(body):
        if out := _these(turn, found["out"], offered, own):
            return [item for item in offered if item not in out]
        found = None
    for pattern in (_NOT_THAT, _BOTH):
        if found := pattern.fullmatch(body):
            out, left = (_these(turn, found[part], offered, own) for part in ("out", "left"))
            return [item for item in left if item not in out] if out else []
    others = [item for item in own if item not in offered]
    these = _these(turn, _ONLY.sub("", body, count=1), offered, own)
    is_more = _TOO.search(text) is not None and not _ONLY.match(body) and not text.startswith(("no ", "no,"))
    if is_more and not these:
        these = _described(turn, body, others)
    if is_more and these and all(item in others for item in these):
        return [*offered, *these]
    return these


def _these(turn: Turn, words: str, offered: Sequence[Reservation], own: Sequence[Reservation]) -> list[Reservation]:
    """Those that the words name, by their names or their place in what was offered, and nothing else."""
    words = _END.sub("", words).strip(" ,")
    named = [item for item in own if is_named_in(words, item)]
    if named and _NAMES_ONLY.fullmatch(with_names_as(_NAME, words, named)):
        return named
    near = nearly_named_in(words, own)
    if len(near) == 1 and words == near[0]:
        return [item for item in own if nearly_named_in(words, [item])]
    options = [{"id": item.id, "name": item.name} for item in offered]
    if len(offered) > 1 and are_only_picks(options, words):
        ids = {option["id"] for option in picks(options, words)}
        return [item for item in offered if item.id in ids]
    return _described(turn, words, offered) if len(offered) > 1 else []


def _described(turn: Turn, words: str, items: Sequence[Reservation]) -> list[Reservation]:
    """By what they are: "the newest", "the cluster"."""
    cues = Cues(words, turn.desk.clock(), turn.actor.timezone)
    if not cues.says_which or not re.fullmatch(r"(?:the|my) (?:\S+ ?){1,4}", words):
        return []
    found = cues.most(cues.fitting(items))
    return found if len(found) < len(items) or len(items) == 1 else []
