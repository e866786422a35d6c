"""The forms for access to a cloud. What is typed into one is read from its submission and never put into a view."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from clouddesk.model.credentials import CredentialInfo
from clouddesk.providers.spec import CredentialField
from clouddesk.providers.table import PROVIDERS, title_of
from connectors.slack import words
from connectors.slack.cards import context, section
from connectors.slack.limits import HINT, OPTION_TEXT, SECTION_TEXT, VIEW_TITLE, Block, cut
from connectors.slack.text import link, mrkdwn

CHOOSE, CREDENTIALS, TOLD = "choose_provider", "credentials", "told"
_PROVIDER = "provider"
_FIELD = "typed"
MOST_OF_A_NAME = 300
"""So much of what clouds and people named; escaped it is up to five times as long and still fits."""


def choose_provider(providers: Sequence[str]) -> dict[str, Any]:
    """Which cloud is it for?"""
    options = [{"text": plain(cut(title_of(name), OPTION_TEXT)), "value": name} for name in providers]
    select = {
        "type": "static_select",
        "action_id": _PROVIDER,
        "placeholder": plain(words.CHOOSE_PROMPT),
        "options": options,
        "initial_option": options[0],
    }
    block = {"type": "input", "block_id": _PROVIDER, "label": plain(words.CHOOSE_LABEL), "element": select}
    return modal(CHOOSE, words.CHOOSE_TITLE, [block], submit=words.NEXT)


def chosen_provider(view: Mapping[str, Any]) -> str:
    """The answer to ``choose_provider``."""
    return str(view["state"]["values"][_PROVIDER][_PROVIDER]["selected_option"]["value"])


def credentials(provider: str, problem: str | None = None) -> dict[str, Any]:
    """The fields of one cloud, empty; ``problem``: why what was typed before was not taken."""
    spec = PROVIDERS[provider]
    blocks = [paragraph(f"⚠️ {problem}")] if problem else []
    if spec.access_url:
        where = words.WHERE_TO_GET.format(link=link(spec.access_url, words.CONSOLE.format(title=spec.title)))
        blocks.append(section(where))
    blocks += [_input(field) for field in spec.credential_fields]
    blocks.append(context(mrkdwn(words.MIND_THE_SCREEN.format(title=spec.title))))
    title = words.CREDENTIALS_TITLE.format(title=spec.title)
    return modal(CREDENTIALS, title, blocks, submit=words.SAVE, metadata=provider)


def provider_of(view: Mapping[str, Any]) -> str:
    """Whose fields a form has."""
    return str(view["private_metadata"])


def typed(view: Mapping[str, Any]) -> dict[str, str]:
    """What was typed, by the field's name; without the spaces and line ends that copying brings along."""
    values = view["state"]["values"]
    fields = PROVIDERS[provider_of(view)].credential_fields
    return {field.name: str(values[field.name][_FIELD].get("value") or "").strip() for field in fields}


def missing(view: Mapping[str, Any]) -> dict[str, str]:
    """Sentences for the fields that hold nothing but spaces, by block id: the errors of an acknowledgement."""
    return {name: words.EMPTY_FIELD for name, text in typed(view).items() if not text}


def checking(provider: str) -> dict[str, Any]:
    """While the cloud is asked."""
    title = title_of(provider)
    blocks = [section(mrkdwn(words.CHECKING.format(title=title)))]
    blocks.append(context(mrkdwn(words.CHECKING_MORE.format(title=title))))
    return modal(TOLD, words.CHECKING_TITLE, blocks)


def added(info: CredentialInfo) -> dict[str, Any]:
    """It works, and for which account."""
    simulated = f"\n{words.HOME_SIMULATED}" if info.is_simulated else ""
    done = words.ADDED.format(title=title_of(info.provider), account=cut(info.account, MOST_OF_A_NAME)) + simulated
    return modal(TOLD, words.ADDED_TITLE, [section(mrkdwn(done)), context(mrkdwn(words.ADDED_MORE))])


def told(text: str) -> dict[str, Any]:
    """A view that only says something."""
    return modal(TOLD, words.TOLD_TITLE, [paragraph(text)])


def modal(
    callback_id: str, title: str, blocks: list[Block], *, submit: str | None = None, metadata: str = ""
) -> dict[str, Any]:
    """The frame of a form; without ``submit`` it is only read."""
    view: dict[str, Any] = {
        "type": "modal",
        "callback_id": callback_id,
        "title": plain(cut(title, VIEW_TITLE)),
        "close": plain(words.CANCEL if submit else words.CLOSE),
        "blocks": blocks,
    }
    if submit:
        view["submit"] = plain(submit)
    if metadata:
        view["private_metadata"] = metadata
    return view


def paragraph(text: str) -> Block:
    """A paragraph of a text of ours; of one that Slack would not take, the beginning."""
    return section(cut(mrkdwn(text), SECTION_TEXT))


def plain(text: str) -> Block:
    """A text without any markup."""
    return {"type": "plain_text", "text": text}


def _input(field: CredentialField) -> Block:
    return {
        "type": "input",
        "block_id": field.name,
        "label": plain(field.label),
        "hint": plain(cut(field.help, HINT)),
        "element": {"type": "plain_text_input", "action_id": _FIELD, "max_length": 3_000},
    }
