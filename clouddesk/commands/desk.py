"""Commands that ask the Desk directly: reservations, offers, credentials."""

from __future__ import annotations

import asyncio
import getpass
import json
import logging
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.table import Table

from clouddesk import log
from clouddesk import settings as settings_module
from clouddesk.assembly import open_desk
from clouddesk.desk import Desk
from clouddesk.model.actor import ADMIN, LOCAL_WORKSPACE, MEMBER, Actor
from clouddesk.model.credentials import Secret
from clouddesk.model.errors import CredentialsRejected, Invalid, ProviderDown
from clouddesk.model.node import RUNNING
from clouddesk.model.offer import Offer, Requirements
from clouddesk.model.reservation import Reservation
from clouddesk.providers import PROVIDERS, CredentialField

T = TypeVar("T")

user_option = click.option("--user", default=getpass.getuser, help="Whose. Default: your login name.")
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")


@click.command()
@user_option
@click.option("--all", "everybody", is_flag=True, help="Everybody's, and those that ended.")
@json_option
def reservations(user: str, everybody: bool, as_json: bool) -> None:
    """Show reservations, own and shared ones: machines, state, cost so far, end."""
    actor = actor_of(user, is_admin=everybody)

    async def read(desk: Desk) -> list[Reservation]:
        if everybody:
            return await desk.all_reservations(actor, include_ended=True)
        return await desk.reservations(actor, with_shared=True)

    found = with_desk(read, role="gateway")
    if as_json:
        _print_lines(reservation_row(item) for item in found)
    elif found:
        _show(_reservation_table(found))
    else:
        click.echo("No reservations. Try: clouddesk say 'a small ubuntu machine for 2 hours'")


@click.command()
@click.option("--vcpus", type=click.IntRange(min=1), default=1, help="At least so many.")
@click.option("--memory", type=click.FloatRange(min=0, min_open=True), default=0.5, help="At least so many GB.")
@click.option("--storage", type=click.FloatRange(min=0), default=0.0, help="Disk of at least so many GB.")
@click.option("--provider", multiple=True, help="Only this one; may be given several times.")
@click.option("--region", help="In people's words: frankfurt, us-east-1, europe.")
@click.option("--gpus", type=click.IntRange(min=0), default=0, help="At least so many GPUs.")
@click.option("--gpu-type", multiple=True, help="Of this kind (t4, l4, a100, h100 …); may be given several times.")
@click.option("--spot", is_flag=True, help="Machines that the cloud may take back, where their price is known.")
@click.option("--limit", type=click.IntRange(min=1), default=10, help="How many.")
@json_option
def offers(
    *,
    vcpus: int,
    memory: float,
    storage: float,
    provider: Sequence[str],
    region: str | None,
    gpus: int,
    gpu_type: Sequence[str],
    spot: bool,
    limit: int,
    as_json: bool,
) -> None:
    """Show the cheapest machines that fit, over all known prices; disk and public address are in the price."""
    requirements = Requirements(
        vcpus=vcpus,
        memory_gb=memory,
        storage_gb=storage,
        gpu_count=gpus,
        gpu_types=tuple(kind.lower() for kind in gpu_type),
        providers=tuple(provider),
        region=region,
        spot=spot,
    )
    actor = actor_of(getpass.getuser())

    async def read(desk: Desk) -> list[Offer]:
        for name in provider:
            if name not in desk.providers():
                raise Invalid(f"{name} is not connected yet. There are: {', '.join(desk.providers())}.")
        known = await desk.offers(actor, requirements, limit=limit)
        if not known and len(provider) == 1 and (missing := desk.accounts.no_price(provider[0], ())):
            raise missing
        return known

    found = with_desk(read, role="gateway")
    if as_json:
        _print_lines(offer_row(item, storage) for item in found)
    elif found:
        _show(_offer_table(found, storage))
    else:
        click.echo("Nothing fits. Ask for less, or for another region or provider.")


@click.command()
@json_option
def prices(as_json: bool) -> None:
    """Show where the known prices are from, and how old they are."""
    found = with_desk(lambda desk: desk.price_lists(), role="gateway")
    now = datetime.now(timezone.utc)
    if as_json:
        _print_lines(
            {
                "provider": item.provider,
                "source": item.source,
                "as_of": item.as_of.isoformat(),
                "age_days": round((now - item.as_of).total_seconds() / 86400, 2),
                "offers": item.offers,
            }
            for item in found
        )
        return
    table = Table(box=None, header_style="bold")
    for column in ("provider", "offers", "age", "as of", "source"):
        table.add_column(column)
    for item in found:
        table.add_row(item.provider, str(item.offers), _age(now - item.as_of), f"{item.as_of:%Y-%m-%d}", item.source)
    _show(table)


@click.group()
def credentials() -> None:
    """Your access to clouds. Secrets are asked for hidden, or read from standard input; never from arguments."""


@credentials.command("list")
@user_option
@json_option
def list_credentials(user: str, as_json: bool) -> None:
    """Show which clouds you have access to; never the secrets."""
    found = with_desk(lambda desk: desk.credentials(actor_of(user)), role="gateway")
    if as_json:
        _print_lines(
            {
                "provider": item.provider,
                "account": item.account,
                "added_at": item.added_at.isoformat(),
                "checked_at": item.checked_at.isoformat(),
                "simulated": item.is_simulated,
            }
            for item in found
        )
        return
    if not found:
        click.echo("No access to any cloud yet. Add one: clouddesk credentials add aws")
    for item in found:
        note = " (simulated cloud)" if item.is_simulated else ""
        click.echo(f"{item.provider}: account {item.account}{note}, added {item.added_at:%Y-%m-%d %H:%M} UTC")


@credentials.command("add")
@click.argument("provider")
@user_option
def add_credentials(provider: str, user: str) -> None:
    """Add or replace access to PROVIDER. With piped input: one line per field, in the order that the prompt asks."""
    if provider not in PROVIDERS:
        raise Invalid(f"{provider} is not connected yet. There are: {', '.join(PROVIDERS)}.")
    if not PROVIDERS[provider].credential_fields:
        raise Invalid(f"{PROVIDERS[provider].title} on this machine needs no key.")
    fields = read_fields(provider, PROVIDERS[provider].credential_fields)
    try:
        info = with_desk(lambda desk: desk.add_credentials(actor_of(user), provider, fields), role="gateway")
    except CredentialsRejected as error:
        raise click.ClickException(
            f"{provider} does not accept these credentials. Nothing was stored. Check them and try again."
        ) from error
    except ProviderDown as error:
        raise click.ClickException(
            f"{provider} does not answer, so the credentials could not be checked. Nothing was stored. Try again soon."
        ) from error
    click.echo(f"Stored: {provider}, account {info.account}.")


@credentials.command("remove")
@click.argument("provider")
@user_option
def remove_credentials(provider: str, user: str) -> None:
    """Forget your access to PROVIDER."""
    if not with_desk(lambda desk: desk.remove_credentials(actor_of(user), provider), role="gateway"):
        raise click.ClickException(f"You have no credentials for {provider}.")
    click.echo(f"Removed: {provider}.")


def reservation_row(item: Reservation) -> dict[str, Any]:
    """A reservation as scripts read it."""
    return {
        "id": item.id,
        "name": item.name,
        "owner": item.owner,
        "kind": item.kind,
        "state": item.state,
        "reason": item.reason,
        "software": item.software,
        "os": item.os,
        "provider": item.provider,
        "region": item.region,
        "size": item.size,
        "nodes": [
            {"id": node.id, "key": node.key, "role": node.role, "address": node.address, "state": node.state}
            for node in item.nodes
        ],
        "node_count": item.node_count,
        "nodes_up": sum(node.state == RUNNING for node in item.nodes) if item.nodes_up is None else item.nodes_up,
        "step": item.step,
        "found": list(item.found),
        "hourly_price_usd": None if item.is_unpriced else round(item.hourly_price_usd, 6),
        "cost_so_far_usd": round(item.cost_so_far_usd(datetime.now(timezone.utc)), 6),
        "created_at": item.created_at.isoformat(),
        "expires_at": item.expires_at.isoformat(),
        "simulated": item.is_simulated,
    }


def offer_row(item: Offer, storage_gb: float) -> dict[str, Any]:
    """An offer as scripts read it; the price of the machine alone, and with its address and the disk asked for."""
    return {
        "provider": item.provider,
        "region": item.region,
        "size": item.size,
        "vcpus": item.vcpus,
        "memory_gb": item.memory_gb,
        "disk_gb": item.disk_gb,
        "gpus": item.gpus,
        "gpu_type": item.gpu_type,
        "hourly_price_usd": item.hourly_price_usd,
        "address_hourly_price_usd": item.address_hourly_price_usd,
        "hourly_price_with_disk_usd": item.machine_hourly_price_usd(storage_gb),
        "spot": item.spot,
        "source": item.source,
        "as_of": item.as_of.isoformat(),
    }


def actor_of(user: str, *, is_admin: bool = False) -> Actor:
    """The person of that name, at this machine's terminal."""
    # Who can read this installation's secrets folder, as these commands do, is its operator.
    return Actor(LOCAL_WORKSPACE, user, roles=(MEMBER, ADMIN) if is_admin else (MEMBER,))


def with_desk(call: Callable[[Desk], Awaitable[T]], *, role: str) -> T:
    """Do it with a Desk that is open for so long."""
    log.configure(process="cli", level=logging.WARNING)

    async def run() -> T:
        async with open_desk(settings_module.load(), vault_role=role) as desk:
            return await call(desk)

    return asyncio.run(run())


def read_fields(provider: str, form: Sequence[CredentialField]) -> dict[str, Secret]:
    """One value for each field of the form, from the terminal or from standard input. Raises Invalid."""
    values = {}
    for field in form:
        text = _read_line(f"{field.label} ({field.help})", field)
        while field.is_json and _is_begun(text) and (line := _read_line("…", field, default="")):
            text += line
        if not text.strip():
            raise Invalid(f"{provider} needs {len(form)} lines on standard input: {', '.join(f.name for f in form)}.")
        values[field.name] = Secret(text.strip())
    return values


def _read_line(prompt: str, field: CredentialField, *, default: str | None = None) -> str:
    if sys.stdin.isatty():
        return str(click.prompt(prompt, hide_input=field.is_secret, default=default, show_default=False))
    return sys.stdin.readline()


def _is_begun(text: str) -> bool:
    """Whether it is JSON whose end is still to come, as of a pasted file."""
    if not text.lstrip().startswith("{"):
        return False
    try:
        json.loads(text)
    except ValueError:
        return True
    return False


def _age(age: timedelta) -> str:
    hours = age.total_seconds() / 3600
    return f"{hours:.0f} h" if hours < 48 else f"{hours / 24:.0f} days"


def _print_lines(rows: Any) -> None:
    for row in rows:
        click.echo(json.dumps(row))


def _show(table: Table) -> None:
    """Fitted to the terminal; unfolded where there is none, so that `grep` finds whole lines."""
    console = Console(width=None if sys.stdout.isatty() else 160)
    console.print(table)


def _reservation_table(found: list[Reservation]) -> Table:
    table = Table(box=None, header_style="bold")
    for column in ("name", "owner", "id", "state", "machines", "where", "$/h", "so far", "ends (UTC)"):
        table.add_column(column)
    now = datetime.now(timezone.utc)
    for item in found:
        state = item.state if item.reason is None else f"{item.state} ({item.reason})"
        table.add_row(
            item.name,
            item.owner,
            item.id,
            state,
            f"{item.node_count} × {item.size}",
            f"{item.provider} {item.region}",
            "unknown" if item.told_hourly_price_usd is None else f"{item.told_hourly_price_usd:.3f}",
            f"${item.cost_so_far_usd(now):.2f}",
            f"{item.expires_at:%a %d %b %H:%M}",
        )
    return table


def _offer_table(found: list[Offer], storage_gb: float) -> Table:
    table = Table(box=None, header_style="bold")
    for column in ("$/h", "provider", "region", "size", "vCPU", "GB", "GPU", "price of"):
        table.add_column(column)
    for item in found:
        price = item.machine_hourly_price_usd(storage_gb)
        table.add_row(
            "unknown" if price is None else f"{price:.4f}",
            item.provider,
            item.region,
            item.size,
            str(item.vcpus),
            f"{item.memory_gb:g}",
            f"{item.gpus} × {item.gpu_type or 'unknown'}" if item.gpus else "",
            f"{item.as_of:%Y-%m-%d} {item.source}",
        )
    return table
