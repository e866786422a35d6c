"""A chat message made ready for understanding: markup resolved, letters made plain, secrets taken out."""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import dataclass

from clouddesk.language.secrets import SecretFound, redact

_LINK = re.compile(r"<(?P<target>(?:https?|mailto|ftp|tel|ssh):[^|>\s]*)(?:\|(?P<label>[^>]*))?>")
_CHANNEL = re.compile(r"<#[A-Z0-9]+(?:\|(?P<label>[^>]*))?>")
_SPECIAL = re.compile(r"<!(?P<name>[a-z]+)(?:\^[^|>]*)?(?:\|(?P<label>[^>]*))?>")
_MENTION = re.compile(r"<@(?P<id>[UW][A-Z0-9_]*)(?:\|[^>]*)?>", re.IGNORECASE)
_FENCE = re.compile(r"```(?:\w+\n)?|`")
_MARK = re.compile(r"(?<![\w*_~])(?P<mark>[*_~])(?=\S)(?P<inner>[^*_~\n]+?)(?<=\S)(?P=mark)(?![\w*_~])")
_STRUCK = re.compile(r"(?<![\w~])~(?=\S)[^~\n]+?(?<=\S)~(?![\w~])")
_SHORTCODE = re.compile(r"(?<!\w):(?:[a-z][a-z0-9_+-]*|[+-]1|100):(?!\w)")
_QUOTE_LINE = re.compile(r"^\s*(?:(?:>|&gt;)\s?)+", re.MULTILINE)
_SPACES = re.compile(r"\s+")

_PLAIN = str.maketrans(
    {
        "‘": "'", "’": "'", "‚": "'", "‛": "'", "′": "'", "`": "`", "´": "'",
        "“": '"', "”": '"', "„": '"', "‟": '"', "«": '"', "»": '"', "″": '"',
        "‐": "-", "‑": "-", "‒": "-", "−": "-", "×": "x",
        "\u200b": None, "\u200c": None, "\u200d": None, "\u2060": None, "\ufeff": None, "\u00ad": None, "\ufe0f": None,
    }
)  # fmt: skip
_SHORTCODE_EMOJI = {
    ":+1:": "👍", ":thumbsup:": "👍", ":-1:": "👎", ":thumbsdown:": "👎", ":white_check_mark:": "✅", ":x:": "❌",
    ":pray:": "🙏", ":wave:": "👋", ":ok_hand:": "👌", ":100:": "💯", ":robot_face:": "🤖",
}  # fmt: skip
_SKIN = re.compile("[\U0001f3fb-\U0001f3ff]")


@dataclass(frozen=True)
class Prepared:
    """The text that may travel on, and what was taken out of it (without the secrets themselves)."""

    text: str
    secrets: tuple[SecretFound, ...]

    @property
    def has_secret(self) -> bool:
        return bool(self.secrets) or "[secret" in self.text


def prepare(text: str) -> Prepared:
    """Resolve Slack's markup, make letters plain (NFKC, straight quotes), take out secrets, and tidy the spaces.

    Mentions stay as ``<@U…>``; emoji stay; bold, italics, code marks and link targets go, and what is struck through.
    Doing it twice changes nothing.
    """
    text = _resolve_markup(text)
    text = unicodedata.normalize("NFKC", text).translate(_PLAIN)
    text, secrets = redact(text)
    text = _FENCE.sub(" ", text) if "```" in text else text.replace("`", "")
    text = _STRUCK.sub(" ", text) if _STRUCK.sub(" ", text).strip() else text
    for _ in range(2):
        text = _MARK.sub(lambda match: match["inner"], text)
    text = _SKIN.sub("", text)
    return Prepared(_SPACES.sub(" ", text).strip(), secrets)


def _resolve_markup(text: str) -> str:
    text = _QUOTE_LINE.sub("", text)
    text = _MENTION.sub(lambda match: f"<@{match['id'].upper()}>", text)
    text = _CHANNEL.sub(lambda match: f"#{match['label'] or 'channel'}", text)
    text = _SPECIAL.sub(lambda match: match["label"] or f"@{match['name']}", text)
    text = _LINK.sub(lambda match: match["label"] or match["target"].removeprefix("mailto:"), text)
    text = html.unescape(text)
    return _SHORTCODE.sub(lambda match: _SHORTCODE_EMOJI.get(match.group(), " "), text)
