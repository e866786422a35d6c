"""What a terminal shows: chat marks (*bold*, _italic_, `code`) as styles, buttons as choices to type."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rich.console import Console, Group
from rich.padding import Padding
from rich.text import Text

from clouddesk.model.reservation import CONFIGURING, PROVISIONING, SCALING, STARTING, Reservation
from connectors import charts
from connectors.conversation import LabelledButtons, Shown

_MARKED = re.compile(
    r"(?<![\w*])\*(?P<bold>[^*\s](?:[^*\n]*[^*\s])?)\*(?![\w*])"
    r"|(?<![\w_])_(?P<italic>[^_\s](?:[^_\n]*[^_\s])?)_(?![\w_])"
    r"|`(?P<code>[^`\n]+)`"
)
_STYLES = {"bold": "bold", "italic": "italic", "code": "cyan"}
_FENCE = "```"
# Characters that would steer the terminal; a name that somebody else chose must not.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

GREETING = """Hi {user}! I get you cloud machines at the lowest price. Say what you need in your own words, for example:
  • "spin up a 3-node spark cluster for 8 hours"
  • "2 ubuntu vms with 8 GB until friday 5pm"
  • "what have I got?"  or just  "help"
"""
SIMULATED = "This is a sandbox: machines are *simulated*, nothing real runs and nothing is billed.\n"
FAREWELL = "Bye! Your machines stay until their time is up. Come back with `make chat` or `clouddesk chat`."


def styled(text: str) -> Text:
    """A text with its chat marks as styles."""
    text = _CONTROL.sub("", text)
    result = Text()
    end = 0
    for match in _MARKED.finditer(text):
        result.append(text[end : match.start()])
        kind = match.lastgroup or "code"
        result.append(match[kind], style=_STYLES[kind])
        end = match.end()
    result.append(text[end:])
    return result


def plain(shown: Shown) -> str:
    """A reply or notice as plain lines, marks left as they are; its buttons are the last line."""
    text = _CONTROL.sub("", _whole(shown))
    return "\n".join(part for part in (text, choices(shown.buttons)) if part)


def choices(buttons: LabelledButtons) -> str:
    """ "[Yes]  [Change]  [No]"; what has a mark is typed by it: "[a] Details"."""
    titles = [(mark, _CONTROL.sub("", button.title)) for mark, button in buttons]
    return "  ".join(f"[{mark}] {title}" if mark else f"[{title}]" for mark, title in titles)


def show(console: Console, shown: Shown) -> None:
    """Print one for the eye."""
    parts = [styled(_whole(shown))] if shown.reply.text else []
    if shown.buttons:
        parts.append(Text(choices(shown.buttons), style="bold green"))
    if shown.notice is None:
        console.print(Padding(Group(*parts), (0, 0, 1, 2)), highlight=False)
    else:
        console.print(Text("● notice", style="bold yellow"), highlight=False)
        console.print(Padding(Group(*parts), (0, 0, 1, 2)), highlight=False)


def under_way(items: Sequence[Reservation]) -> str:
    """One line for the foot of the screen; "" when there is nothing to wait for."""
    return _CONTROL.sub("", "   ".join(map(_standing, items)))


def _standing(item: Reservation) -> str:
    if item.choose_by is not None:
        return f"{item.name} waits for your answer"
    if item.state == PROVISIONING:
        return f"{item.name} is coming up: {item.nodes_up or 0} of {item.node_count} machines"
    doing = {CONFIGURING: "gets its software", SCALING: f"gets to {item.scaling_to} machines", STARTING: "is starting"}
    return f"{item.name} {doing[item.state]}" + (f": {item.step}" if item.step else "")


def _whole(shown: Shown) -> str:
    """The text without the marks of its fixed-width parts, as all is that here; a picture as bars of characters."""
    text = "\n".join(line for line in shown.reply.text.split("\n") if line.strip() != _FENCE)
    chart = shown.reply.chart
    return text if chart is None else f"{text}\n\n{charts.as_text(chart)}"


def greet(console: Console, user: str, *, is_simulated: bool) -> None:
    """The first lines of a chat."""
    console.print(styled(GREETING.format(user=user)), highlight=False, end="")
    if is_simulated:
        console.print(styled(SIMULATED), style="yellow", highlight=False, end="")
    console.print(Text("Ctrl-D ends the chat.\n", style="dim"))
