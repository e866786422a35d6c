"""What the gateway listens to, one topic a module: read the input, make one call."""

from __future__ import annotations

from slack_bolt.async_app import AsyncApp

from connectors.slack.app import Services
from connectors.slack.listeners import commands, forms, home, messages, people, presses, shortcuts


def register(app: AsyncApp, services: Services) -> None:
    """All of them."""
    for topic in (messages, home, people, presses, commands, shortcuts, forms):
        topic.register(app, services)
