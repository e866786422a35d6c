"""How Slack says no, and what each kind of it means for what was to be done.

Its own faults pass. What it has against us (a revoked token, a missing scope) lasts until somebody mends it: what is to
be posted waits for that. What it has against a place or a person (no such channel) is final.
"""

from __future__ import annotations

from slack_sdk.errors import SlackApiError

from clouddesk.model.errors import Unavailable

AGAIN_SECONDS = 10.0
"""After so long what is held up is tried again."""

PASSING = ("internal_error", "fatal_error", "service_unavailable", "request_timeout", "ratelimited")
OF_CARDS = ("internal_error", "fatal_error")
"""What Slack also answers to blocks that it stumbles over, every time."""
AGAINST_US = (
    "invalid_auth",
    "not_authed",
    "token_revoked",
    "token_expired",
    "account_inactive",
    "ekm_access_denied",
    "team_added_to_org",
)
MISSING_SCOPE = "missing_scope"
NEEDED = ("chat.postMessage", "chat.postEphemeral", "chat.update", "conversations.open", "users.info")
"""Without the scopes of these nothing can be answered; other scopes are asked for where they can be done without."""
UNREADABLE = (MISSING_SCOPE, "not_in_channel", "channel_not_found", "thread_not_found", "not_allowed_token_type")
UNFIT = ("invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long")
CLOSED = (
    "not_in_channel",
    "channel_not_found",
    "is_archived",
    "user_not_in_channel",
    "restricted_action",
    "no_permission",
)
"""Where we may not write (any more)."""


class NotNow(Unavailable):
    """Slack holds this up: it is to be tried again after ``seconds``, and nobody waits for it meanwhile.

    ``is_lasting``: until somebody mends it, however long that takes.
    """

    def __init__(self, seconds: float | None = None, *, is_lasting: bool = False) -> None:
        super().__init__("Slack")
        self.seconds = AGAIN_SECONDS if seconds is None else seconds
        self.is_lasting = is_lasting


class Passing(Exception):
    """Slack was not reached, or had a fault of its own, which ``answer`` is then."""

    def __init__(self, answer: SlackApiError | None = None) -> None:
        super().__init__()
        self.answer = answer

    @property
    def may_be_of_card(self) -> bool:
        """Whether the same without blocks might be taken."""
        return self.answer is not None and code_of(self.answer) in OF_CARDS


def code_of(error: SlackApiError) -> str:
    """What Slack calls it; "" where it answered with a page instead of an answer."""
    data = getattr(error.response, "data", None)
    return str(data.get("error") or "") if isinstance(data, dict) else ""


def is_passing(error: SlackApiError) -> bool:
    """Whether it is a fault of Slack's own."""
    return code_of(error) in (*PASSING, "")


def is_against_us(error: SlackApiError, method: str) -> bool:
    """Whether it is about the app, so that somebody has to mend the app."""
    code = code_of(error)
    return code in AGAINST_US or (code == MISSING_SCOPE and method in NEEDED)
