"""Files with SSH keys that people send us: read where Slack keeps them, and only the public keys go on from here."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from clouddesk.model.invalid import NoSshKey, SshKeyIsPrivate, WeakSshKey
from clouddesk.model.ssh_key import ADD_WORDS, parse_ssh_keys
from connectors.rasa import Reply
from connectors.slack import answers
from connectors.slack.events import KEY_FILE_BYTES, Job


class KeyFiles:
    """Reads what came with a message."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client

    async def said(self, job: Job) -> str | Reply:
        """What is said with the public keys in the files; an answer when there is something else in them."""
        texts = [await self._fetch(url) for url in job.files]
        try:
            keys = [key.line for text in texts if text is not None for key in parse_ssh_keys(text)]
        except SshKeyIsPrivate:
            return answers.FILE_PRIVATE
        except (NoSshKey, WeakSshKey) as error:
            return Reply(str(error))
        return f"{job.text or ADD_WORDS} {' '.join(keys)}" if keys else answers.FILE_UNREAD

    async def _fetch(self, url: str) -> str | None:
        """None when Slack does not give it, or it is too long. Only Slack is asked: our token goes with it."""
        place, ours = urlsplit(url), urlsplit(self._client.base_url)
        is_slack = place.scheme == "https" and f".{place.hostname}".endswith(".slack.com")
        if self._client.session is None or not (is_slack or place[:2] == ours[:2]):
            return None
        headers = {"Authorization": f"Bearer {self._client.token}"}
        try:
            async with self._client.session.get(url, headers=headers, allow_redirects=False) as response:
                # Without the scope there is a page to sign in at.
                if response.status != 200 or response.content_type == "text/html":
                    return None
                content = await response.content.read(KEY_FILE_BYTES + 1)
        except (aiohttp.ClientError, asyncio.TimeoutError):
            return None
        return content.decode(errors="replace") if len(content) <= KEY_FILE_BYTES else None
