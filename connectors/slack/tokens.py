"""The Slack app's tokens: has Slack itself say what they are good for, before they are kept."""

from __future__ import annotations

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse

from clouddesk.model.errors import Invalid

_SECONDS = 15


def workspace_of(bot_token: str, *, api_url: str) -> str:
    """The workspace's name. Raises Invalid when Slack does not take the token or cannot be reached."""
    return str(_asked("auth.test", "Bot User OAuth Token", bot_token, api_url)["team"])


def check_app_token(app_token: str, *, api_url: str) -> None:
    """Raises Invalid unless a socket can be opened with it."""
    _asked("apps.connections.open", "App-Level Token (it needs the scope connections:write)", app_token, api_url)


def _asked(method: str, title: str, token: str, api_url: str) -> SlackResponse:
    client = WebClient(token=token, base_url=api_url, timeout=_SECONDS)
    try:
        return client.api_call(method)
    except SlackApiError as error:
        why = error.response["error"]
        raise Invalid(f"Slack does not take this {title}: {why}. Nothing was stored; docs/slack.md helps.") from None
    except (SlackClientError, OSError) as error:
        raise Invalid(f"{api_url} can't be reached ({type(error).__name__}), so nothing was stored.") from None
