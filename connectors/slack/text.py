"""Text on its way to Slack and back: what people typed can never mention, link or format by accident."""

from __future__ import annotations

import re

from clouddesk.language.people import MARK, without_marks

_LINK = re.compile(r"<(?P<target>(?:https?|mailto|ftp|tel|ssh):[^|<>\s]*)(?:\|(?P<label>[^<>]*))?>")
_CHANNEL = re.compile(r"<#(?P<id>[A-Z0-9]+)(?:\|(?P<label>[^<>]*))?>")
_SPECIAL = re.compile(r"<!(?P<name>[a-z]+)(?:\^[^|<>]*)?(?:\|(?P<label>[^<>]*))?>")
_MENTION = re.compile(r"<@(?P<id>[UW][A-Z0-9]*)(?:\|(?P<label>[^<>]*))?>")
_URL = re.compile(r"https?://[^\s<>|`\"']*[^\s<>|`\"'.,;:!?)\]}]")
_CODE = re.compile(r"(`[^`\n]+`)")
_SPACES = re.compile(r"[ \t]{2,}")
_PRIVATE = re.compile(
    r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.]*\w)"
    r"|(?<![\w:])(?=[0-9a-f:]*::|(?:[0-9a-f]{1,4}:){7})[0-9a-f]{1,4}:[0-9a-f:]+(?![\w:])"
    r"|\bssh\s+(?:\S+\s+){0,6}\S+@\S+|(?:[?&]|&amp;)token=",
    re.IGNORECASE,
)


def escape(text: str) -> str:
    """What goes out: nothing in it is a mention, a link or a command to Slack any more (``<!channel>`` is text).

    Our marks (*bold*, _italic_, `code`) are Slack's too and stay; a person whom we name ourselves is a mention.
    """
    return MARK.sub(r"<@\1>", text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))


def mrkdwn(text: str) -> str:
    """A text of ours for a block: escaped, and its web addresses are links (``verbatim`` blocks make none)."""
    parts = _CODE.split(text)
    return "".join(escape(part) if part.startswith("`") else _linked(part) for part in parts)


def link(url: str, label: str) -> str:
    """A web address behind a label; the label cannot end the link."""
    return f"<{escape(url).replace('|', '%7C')}|{escape(label).replace('|', '¦')}>"


def incoming(text: str, bot_user_id: str) -> str:
    """What the person typed: markup resolved to what they see, the mention of the bot dropped.

    Mentions of other people stay as ``<@U…>``, which is how the language knows them. Markup is resolved before
    ``&lt;`` becomes "<", so that nothing typed becomes markup.
    """
    text = _MENTION.sub(lambda found: "" if found["id"] == bot_user_id else f"<@{found['id']}>", text)
    text = _CHANNEL.sub(lambda found: f"#{found['label'] or 'channel'}", text)
    text = _SPECIAL.sub(lambda found: found["label"] or f"@{found['name']}", text)
    text = _LINK.sub(lambda found: found["label"] or found["target"].removeprefix("mailto:"), text)
    text = _SPACES.sub(" ", without_marks(text)).strip()
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def is_private(text: str) -> bool:
    """Whether it says how to get to a machine (an address, an ssh line, a link with a key): never for a channel."""
    return _PRIVATE.search(text) is not None


def _linked(text: str) -> str:
    parts, end = [], 0
    for found in _URL.finditer(text):
        parts += [escape(text[end : found.start()]), f"<{escape(found.group())}>"]
        end = found.end()
    return "".join((*parts, escape(text[end:])))
