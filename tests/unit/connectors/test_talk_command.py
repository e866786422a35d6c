"""What `say` takes for a TEXT."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from clouddesk.commands import talk

KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk\n-----END OPENSSH PRIVATE KEY-----"


@pytest.mark.parametrize("arguments", [[KEY], ["--wait", KEY], ["hello", KEY], ["-3 vms"]])
def test_what_begins_like_a_key_or_a_number_is_a_text_and_never_in_a_refusal(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    heard: list[str] = []

    async def say(_settings: object, _user: str, texts: tuple[str, ...], **_options: object) -> None:
        heard.extend(texts)

    monkeypatch.setattr(talk, "_say", say)
    done = CliRunner().invoke(talk.say, arguments)
    assert (done.exit_code, done.output) == (0, "")
    assert heard[-1].strip() == arguments[-1]
