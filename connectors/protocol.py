"""What both ends of the Rasa channel agree on."""

from __future__ import annotations

from clouddesk import settings

NAME = "clouddesk"
SECRET_HEADER = settings.SECRET_HEADER
WEBHOOK_PATH = f"/webhooks/{NAME}/webhook"
PARSE_PATH = f"/webhooks/{NAME}/parse"
STATUS_PATH = "/status"
TEXT_LIMIT = 4_000
"""Characters in one message: more is not a request but a pasted file."""
TOO_LONG = f"That is too long for me: a message may have {TEXT_LIMIT:,} characters. Please say it shorter."
