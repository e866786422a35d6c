"""Keys that may log in, told by cloud-init: for clouds whose own keys are one for each machine, or have no tags.

What the order itself has cloud-init do stays as it is: it comes first, in a part of its own, and the keys are added to
those that it may name (``merge_how``).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from email import message_from_string
from email.message import Message
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from hashlib import sha256

_KIND = "cloud-config"
_KINDS = {
    "#cloud-config": _KIND,
    "#!": "x-shellscript",
    "#cloud-boothook": "cloud-boothook",
    "#include-once": "x-include-once-url",
    "#include": "x-include-url",
    "#part-handler": "part-handler",
    "## template: jinja": "jinja2",
}
"""The types of parts, by how they begin."""
_ARCHIVES = ("content-type:", "mime-version:")
_MERGED = [{"name": "list", "settings": ["append"]}, {"name": "dict", "settings": ["no_replace", "recurse_list"]}]
# DigitalOcean gives root a password that must be changed at the first login when it was told of no key, by whatever
# way one logs in. Scripts of the cloud's own run before these commands.
_PASSWORD_HOLDS = ["sh", "-c", "chage -d $(date +%F) root"]


def with_keys(user_data: str, public_keys: Sequence[str], *, login: str) -> str:
    """The same text for the same order: clouds compare what is asked again with what was asked before."""
    if not public_keys:
        return user_data
    config: dict[str, object] = {
        "merge_how": _MERGED,
        "ssh_authorized_keys": [key.strip() for key in public_keys],
    }
    if login == "root":
        config |= {"disable_root": False, "runcmd": [_PASSWORD_HOLDS]}
    # JSON is YAML.
    text = f"#cloud-config\n{json.dumps(config, indent=1)}\n"
    if not user_data.strip():
        return text
    boundary = sha256(f"{user_data}\n{text}".encode()).hexdigest()[:32]
    parts = MIMEMultipart("mixed", boundary, [_part(user_data), MIMEText(text, _KIND)])
    return parts.as_string()


def _part(user_data: str) -> Message:
    begin = user_data.lstrip()
    if begin.lower().startswith(_ARCHIVES):
        return message_from_string(begin)
    # cloud-init looks itself at what is plain.
    return MIMEText(user_data, next((kind for start, kind in _KINDS.items() if begin.startswith(start)), "plain"))
