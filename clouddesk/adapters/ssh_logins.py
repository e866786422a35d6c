"""Colleagues' keys in ``authorized_keys`` of machines, over SSH with the reservation's own key."""

from __future__ import annotations

import asyncio
import os
import shlex
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import structlog

from clouddesk.adapters.ansible_folder import run_folder
from clouddesk.model.configuration import Target
from clouddesk.model.logins import LoginOrder

log = structlog.get_logger()

AT_A_TIME = 20
LIMIT_SECONDS = 30.0
_AGENT_SECONDS = 5.0
_MARK = "clouddesk-share="
"""Ends a line of ours, with whose it is. People's own comments have no "=" in them (``model/ssh_key.py``)."""
_OPTIONS = (
    "BatchMode=yes",
    "ConnectTimeout=15",
    "ServerAliveInterval=5",
    "ServerAliveCountMax=3",
    "GlobalKnownHostsFile=/dev/null",
    "CheckHostIP=no",
    "HashKnownHosts=no",
    "UpdateHostKeys=no",
    "LogLevel=ERROR",
)
# Lines "+ key" are to be there, with our mark; what "- AAAA…" names logs in no more. Everything else in the file stays
# as it is. It is replaced in one step, so that nobody is ever locked out by half a file.
_SCRIPT = rf"""
set -eu
umask 077
cd
mkdir -p .ssh
file=.ssh/authorized_keys
touch "$file"
made=$(mktemp -d .ssh/clouddesk.XXXXXX)
trap 'rm -rf "$made"' EXIT
cat >"$made/wish"
pick() {{ grep "$@" || test $? -eq 1; }}
pick -v ' {_MARK}[^ ]*$' "$file" >"$made/kept"
pick '^- ' "$made/wish" | cut -c 3- >"$made/barred"
if [ -s "$made/barred" ]; then
    pick -v -F -f "$made/barred" "$made/kept" >"$made/others"
    mv "$made/others" "$made/kept"
fi
pick '^+ ' "$made/wish" | cut -c 3- >>"$made/kept"
[ "$(cat "$made/kept")" = "$(cat "$file")" ] || mv "$made/kept" "$file"
"""


class SshLogins:
    """Implements ``clouddesk.model.ports.Logins``."""

    async def put(self, order: LoginOrder, private_key: str) -> tuple[str, ...]:
        """Have exactly the order's keys there, beside what others put there; again is safe.

        Returns the keys of the machines on which that could not be done.
        """
        wish = "".join(
            f"+ {line} {_MARK}{user_id}\n" for user_id in sorted(order.keys) for line in order.keys[user_id]
        ) + "".join(f"- {blob}\n" for blob in order.barred)
        room = asyncio.Semaphore(AT_A_TIME)
        with run_folder() as folder:
            known_hosts = folder.path / "known_hosts"
            known_hosts.write_text(
                "".join(f"{target.key} {line}\n" for target in order.targets for line in target.host_keys)
            )

            async def put(target: Target) -> bool:
                async with room:
                    return await _put(target, wish, known_hosts, agent)

            async with _agent(folder.path / "agent", private_key) as agent:
                done = await asyncio.gather(*(put(target) for target in order.targets))
        return tuple(target.key for target, is_done in zip(order.targets, done, strict=True) if not is_done)


async def _put(target: Target, wish: str, known_hosts: Path, agent: Path) -> bool:
    checking = "yes" if target.host_keys else "accept-new"
    options = (
        *_OPTIONS,
        f"IdentityAgent={agent}",
        f"UserKnownHostsFile={known_hosts}",
        f"HostKeyAlias={target.key}",
        f"StrictHostKeyChecking={checking}",
    )
    flags = [part for option in options for part in ("-o", option)]
    # The login's own shell may be any: the script runs in one that we know.
    place = [f"{target.login}@{target.address}", f"sh -c {shlex.quote(_SCRIPT)}"]
    process = await asyncio.create_subprocess_exec(
        "ssh", "-F", "none", "-p", str(target.port), *flags, *place, stdin=PIPE, stdout=DEVNULL, stderr=PIPE
    )
    try:
        _, said = await asyncio.wait_for(process.communicate(wish.encode()), LIMIT_SECONDS)
    except asyncio.TimeoutError:
        said = b"no answer in time"
    finally:
        await _end(process)
    if process.returncode != 0:
        log.warning("logins.not_put", node=target.key, said=said.decode(errors="replace")[-300:])
    return process.returncode == 0


@asynccontextmanager
async def _agent(socket: Path, private_key: str) -> AsyncIterator[Path]:
    """An agent that holds the key, which so is never in a file."""
    process = await asyncio.create_subprocess_exec("ssh-agent", "-D", "-a", str(socket), stdin=DEVNULL, stdout=PIPE)
    try:
        if process.stdout is None:
            raise AssertionError("it was asked for")
        # Its first words come when it listens.
        await asyncio.wait_for(process.stdout.readline(), _AGENT_SECONDS)
        adding = await asyncio.create_subprocess_exec(
            "ssh-add",
            "-q",
            "-",
            stdin=PIPE,
            stdout=DEVNULL,
            stderr=PIPE,
            env={**os.environ, "SSH_AUTH_SOCK": str(socket)},
        )
        _, said = await adding.communicate(private_key.encode())
        if adding.returncode != 0:
            raise RuntimeError(f"ssh-add: {said.decode(errors='replace')}")
        yield socket
    finally:
        await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        if process.returncode is None:
            process.kill()
    await process.wait()
