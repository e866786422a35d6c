"""Every modal and App Home: what opens them and reads them back. One topic a module."""

from __future__ import annotations

from connectors.slack.change_answers import changes, problems, wish
from connectors.slack.change_view import change, change_of
from connectors.slack.credentials_view import (
    added,
    checking,
    choose_provider,
    chosen_provider,
    credentials,
    missing,
    provider_of,
    told,
    typed,
)
from connectors.slack.home_view import home, home_down, refused_home
from connectors.slack.keys_view import given_keys, keys_added, ssh_keys
from connectors.slack.share_view import given, said, share

__all__ = [
    "added",
    "change",
    "change_of",
    "changes",
    "checking",
    "choose_provider",
    "chosen_provider",
    "credentials",
    "given",
    "given_keys",
    "home",
    "home_down",
    "keys_added",
    "missing",
    "problems",
    "provider_of",
    "refused_home",
    "said",
    "share",
    "ssh_keys",
    "told",
    "typed",
    "wish",
]
