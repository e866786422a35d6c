"""Replies and notices as Slack's messages: a whole text as the fallback, and blocks that read well on a phone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from operator import itemgetter

from clouddesk.model import node as nodes
from clouddesk.model.notice import READY, Notice
from clouddesk.model.reservation import PROVISIONING, RELEASING, STARTING, STOPPING, Reservation
from clouddesk.model.ssh_key import ADD_WORDS, SSH
from clouddesk.providers.table import PROVIDERS, title_of
from connectors.rasa import Button, Reply, Row
from connectors.slack import words
from connectors.slack.limits import (
    ACTIONS,
    BUTTON_TEXT,
    CONTEXT_TEXT,
    POST_TEXT,
    SECTION_TEXT,
    Block,
    cut,
    pack,
    size,
    split,
    value,
)
from connectors.slack.text import escape, mrkdwn

_HEADLINE = 80
"""Longer first lines are sentences and stay plain."""
_ACTIONS_SIZE = 8_000
"""Of a message's size; the rest is for the text that the buttons belong to."""
_MOST_ADDRESS_LINES = 10

_BAR = 12
_WANTED = {
    PROVISIONING: nodes.RUNNING,
    STARTING: nodes.RUNNING,
    STOPPING: nodes.STOPPED,
    RELEASING: nodes.GONE,
}
"""On the way to what the machines of a reservation are; in its other states nothing moves."""

_PLAIN, _FINE, _BLANK = "plain", "fine", "blank"
_ENDING = re.compile(r'/(terminate_resource\b|remove_credentials\b|decide(?=\{.*"(?:give_back|delete)"))')
_ANSWER = re.compile(r"/(?:affirm|deny|decide)\b")
_YES_TO_ENDING = re.compile(r'/affirm\{"(?:reservation_id|provider)"')


@dataclass(frozen=True)
class Post:
    """A message: ``text`` is all of it, for notifications and for clients without blocks."""

    text: str
    blocks: list[Block]


def of_reply(reply: Reply) -> list[Post]:
    """The reply in as few messages as take it; its buttons stand under the last words."""
    reply = _with_form(reply)
    groups = list(_groups(reply))
    buttons = reply.buttons or tuple(Button(example, example) for example in reply.examples)
    for index, block in enumerate(actions(buttons)):
        if index == 0 and groups:
            text, blocks = groups.pop()
            groups.append((text, [*blocks, block]))
        else:
            groups.append((escape(" · ".join(item["text"]["text"] for item in block["elements"])), [block]))
    return [Post(text or "…", _numbered(blocks)) for text, blocks in pack(groups)]


def copyable(notice: Notice) -> Notice:
    """The notice with its addresses as pieces to copy; when machines are ready, each in a line of its own."""
    addresses = [f"`{item}`" for item in notice.values.get("addresses", "").split(", ") if item]
    if not addresses:
        return notice
    is_list = notice.kind == READY and len(addresses) <= _MOST_ADDRESS_LINES
    together = "\n" + "\n".join(addresses) if is_list else ", ".join(addresses)
    return replace(notice, values={**notice.values, "addresses": together})


def of_notice(notice: Notice, reply: Reply) -> Post:
    """One message, known by its sign from afar."""
    icon = words.ICONS.get(notice.kind)
    text = f"{icon} {reply.text}" if icon else reply.text
    posts = of_reply(replace(reply, text=text))
    if len(posts) > 1:
        rest = "\n" + words.MORE.format(name=notice.values.get("name", notice.reservation_id))
        posts = of_reply(replace(reply, text=cut(text, POST_TEXT // 2).removesuffix("…") + rest))
    return posts[0]


def progress(item: Reservation) -> Post:
    """How far a reservation is: one message, to be edited until it has arrived."""
    wanted = None if item.offered else _WANTED.get(item.state)
    head = f"*{item.name}* {_standing(item)}"
    place = f"{item.node_count} × {item.size} on {title_of(item.provider)} in {item.region}"
    if wanted is None:
        return Post(escape(head), [section(mrkdwn(head)), context(mrkdwn(place))])
    counted = sum(node.state == wanted for node in item.nodes) if item.nodes_up is None else item.nodes_up
    done = min(item.node_count, counted)
    head = f"{head}: {done} of {item.node_count} machines {words.ARRIVED[wanted]}"
    full = round(_BAR * done / item.node_count)
    bar = f"`{'█' * full}{'░' * (_BAR - full)}`"
    first, last = words.STEPS[item.state]
    signs = ("✓", "✓") if done == item.node_count else ("✓", "◌")
    steps = f"{signs[0]} {first}  ·  {signs[1]} {done}/{item.node_count} {words.ARRIVED[wanted]}  ·  ○ {last}"
    blocks = [section(mrkdwn(f"{head}\n{bar}")), context(mrkdwn(steps)), context(mrkdwn(place))]
    return Post(escape(head), blocks)


def _standing(item: Reservation) -> str:
    if item.offered:
        return words.ASKING
    if item.is_asked_about_software:
        return words.ASKING_ABOUT_SOFTWARE
    return f"{words.STATES[item.state]}: {item.step}" if item.step else words.STATES[item.state]


def answered(text: str, blocks: Sequence[Block], action_id: str) -> Post | None:
    """A card of ours whose question was answered by this button: which one, instead of the buttons.

    None for buttons that can be pressed again, as those of a list.
    """
    for index, block in enumerate(blocks):
        pressed = [item for item in block.get("elements", ()) if item.get("action_id") == action_id]
        if block["type"] == "actions" and pressed:
            if not _ANSWER.match(pressed[0].get("value", "")):
                return None
            chosen = context(words.CHOSEN.format(title=escape(pressed[0]["text"]["text"])))
            return Post(text, [*blocks[:index], chosen, *blocks[index + 1 :]])
    return None


def asks(blocks: Sequence[Block]) -> bool:
    """Whether a button of the card answers a question, so that ``answered`` may take it away."""
    return any(_ANSWER.match(item.get("value", "")) for block in blocks for item in block.get("elements", ()))


def section(text: str, **more: object) -> Block:
    """A paragraph whose text is Slack's markup already."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": True}, **more}


def context(text: str) -> Block:
    """Small print."""
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text, "verbatim": True}]}


def actions(buttons: Sequence[Button]) -> list[Block]:
    """The buttons in as many rows as Slack needs. Raises TooLong for a payload that Slack would not take."""
    blocks: list[Block] = []
    elements: list[Block] = []
    for index, button in enumerate(buttons):
        element: Block = {
            "type": "button",
            "action_id": f"say:{index}",
            "text": {"type": "plain_text", "text": cut(button.title.strip(), BUTTON_TEXT) or "…"},
            "value": value(button.payload),
        }
        if style := _style(button, buttons):
            element["style"] = style
        if elements and (len(elements) == ACTIONS or size([*elements, element]) > _ACTIONS_SIZE):
            blocks.append({"type": "actions", "elements": elements})
            elements = []
        elements.append(element)
    return [*blocks, {"type": "actions", "elements": elements}] if elements else []


def _style(button: Button, among: Sequence[Button]) -> str | None:
    """Red for what ends something, green for the yes; none when it is asked which of several to end."""
    if _YES_TO_ENDING.match(button.payload):
        return "danger"
    if ending := _ENDING.match(button.payload):
        kinds = [found[1] for item in among if (found := _ENDING.match(item.payload))]
        return "danger" if kinds.count(ending[1]) == 1 else None
    has_no = any(item.payload.startswith("/deny") for item in among)
    return "primary" if button is among[0] and button.payload.startswith("/affirm") and has_no else None


def _numbered(blocks: list[Block]) -> list[Block]:
    """Every button of a message with an id of its own."""
    number = 0
    for block in blocks:
        for element in block["elements"] if block["type"] == "actions" else ():
            element["action_id"] = f"say:{number}"
            number += 1
    return blocks


def _groups(reply: Reply) -> Iterator[tuple[str, list[Block]]]:
    """Texts with their blocks, each to be kept together."""
    rows = list(reply.rows)
    prose: list[str] = []
    is_first = True
    for line in reply.text.strip().split("\n"):
        row = next((row for row in rows if row.text.strip() == line.strip()), None)
        if row is None:
            prose.append(line)
            continue
        rows.remove(row)
        yield from _prose(prose, reply.small, is_first=is_first)
        prose, is_first = [], False
        yield from _row(row)
    yield from _prose(prose, reply.small, is_first=is_first)
    for row in rows:
        yield from _row(row)


def _row(row: Row) -> Iterator[tuple[str, list[Block]]]:
    *before, last = split(mrkdwn(row.text), SECTION_TEXT) or [""]
    for part in before:
        yield part, [section(part)]
    first, *others = [*actions(row.buttons), None]
    yield last, [block for block in (section(last) if last else None, first) if block]
    for block in others:
        if block is not None:
            yield "", [block]


def _prose(lines: Sequence[str], small: Sequence[str], *, is_first: bool) -> Iterator[tuple[str, list[Block]]]:
    """Paragraphs as sections, small print as context."""
    if is_first and len(lines) > 1:
        lines = [_headline(lines[0]), *lines[1:]]
    for kind, found in groupby(_sized(lines, small), key=itemgetter(0)):
        text = mrkdwn("\n".join(line for _, line in found))
        if kind == _PLAIN:
            yield from ((part, [section(part)]) for part in split(text, SECTION_TEXT))
        elif kind == _FINE:
            yield from ((part, [context(part)]) for part in split(text, CONTEXT_TEXT))


def _sized(lines: Sequence[str], small: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each line with how large it is shown; a blank one ends a paragraph."""
    for line in lines:
        end = next((item for item in small if line.endswith(item)), "")
        before = line.removesuffix(end).rstrip() if end else line
        if before or not end:
            yield _PLAIN if before.strip() else _BLANK, before
        if end:
            yield _FINE, end


def _headline(line: str) -> str:
    return f"*{line}*" if 0 < len(line) <= _HEADLINE and not re.search(r"[*_`~]", line) else line


def _with_form(reply: Reply) -> Reply:
    """With a button for the form, where it has one."""
    if reply.form is None:
        return reply
    provider = reply.form.provider
    if provider == SSH:
        button = Button(words.ADD_KEY, ADD_WORDS)
    elif provider in PROVIDERS:
        title = words.ADD_ACCESS_TO.format(title=title_of(provider))
        button = Button(title, payload("add_credentials", provider=provider))
    else:
        button = Button(words.ADD_ACCESS, payload("add_credentials"))
    return replace(reply, text=reply.form.text, buttons=(*reply.buttons, button))


def payload(intent: str, **facts: object) -> str:
    """What a button of ours says to the dialogue."""
    return f"/{intent}{json.dumps(facts, ensure_ascii=False)}" if facts else f"/{intent}"
