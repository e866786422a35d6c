"""A file on its way to Slack."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Upload:
    """``says``: the message that it comes with. ``alt_text``: of a picture, for who cannot see it."""

    name: str
    content: bytes
    title: str = ""
    says: str = ""
    alt_text: str = ""
