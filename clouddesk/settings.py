"""Settings: read once, in the entry points, into frozen objects, and passed down.

Order, later wins: defaults, ``settings.yml`` in the project folder, the running stack's ``run.json``, environment
variables ``CLOUDDESK_<FIELD>``.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import yaml

from clouddesk.language.localtime import zone_of
from clouddesk.limits import Limits, TeamDefaults
from clouddesk.model.budget import MEASURES, Bound, Budget, BudgetBook
from clouddesk.model.errors import Invalid
from clouddesk.model.offer import LEAST_PRICE_USD, OWN_MACHINE, OwnCloud

PROJECT = Path(__file__).resolve().parent.parent
"""The project folder: where ``domain.yml``, ``models/`` and ``blueprints/`` lie."""
SECRET_HEADER = "X-CloudDesk-Channel-Secret"  # noqa: S105 - a header's name
"""Carries ``secret("channel")`` between our own servers: whoever has it may say who speaks."""

SLACK_BOT_TOKEN, SLACK_APP_TOKEN, SLACK_SIGNING_SECRET = "slack-bot-token", "slack-app-token", "slack-signing-secret"
"""Names of the Slack app's secrets (``Settings.secret``)."""


DOCKER_SOCKET = "unix://"
"""How the address of an engine on this machine begins."""


@dataclass(frozen=True)
class Settings:
    """Where everything is. The addresses are those of the running stack, or of production's servers."""

    home: Path = PROJECT / ".clouddesk"
    """State of this installation: data, logs, ``run.json``, ``secrets/`` (readable by the owner only)."""
    installation: str = ""
    """Tags every machine; machines with another installation's tag are never touched."""
    redis_url: str = "redis://127.0.0.1:6379/0"
    vault_addr: str = "http://127.0.0.1:8200"
    vault_mount: str = "clouddesk"
    temporal_address: str = "127.0.0.1:7233"
    temporal_namespace: str = "default"
    rasa_url: str = "http://127.0.0.1:5005"
    rasa_urls: tuple[str, ...] = ()
    """All Rasa servers, where there are several; they share their conversations. Empty: the one of ``rasa_url``."""
    rasa_servers: int = 1
    """How many the stack on one machine starts."""
    sandbox: Mapping[str, str] = field(default_factory=dict)
    """Address of each simulated cloud by provider; empty when the clouds are real."""
    more_sandbox_clouds: tuple[str, ...] = ()
    """Which clouds the stack on one machine simulates beside AWS and DigitalOcean: "gcp", "linode" …"""
    grant_sandbox_credentials: bool = False
    """Give everybody who speaks working credentials for the simulated clouds. Only ever on with a sandbox."""
    admins: tuple[str, ...] = ()
    sweep_minutes: int = 10
    """How often every account is looked through for what no reservation knows."""
    utilisation_minutes: int = 5
    """How often machines are looked at: what they do, and who uses them."""
    audit_days: int = 400
    """So long the audit trail is kept."""
    digest: str | bool = "UTC"
    """The time zone in which everybody is told on Mondays at 9 what they spent in the week before; false: nobody is."""
    docker: str | bool = "auto"
    """Whether people at this machine's terminal may have nodes on its own Docker engine: "auto" (the stack on one
    machine looks for an engine, unless Slack is connected), false, or the engine's address ("unix:///…")."""
    blueprint_folders: tuple[str, ...] = ()
    """Folders of blueprints beside the project's own; one of the same name replaces ours."""
    mirrors: Mapping[str, str] = field(default_factory=dict)
    """Where machines fetch software: "pip" (an index), "apt" (an archive), or the beginning of a download's address
    and what stands there instead. Empty: where each tool looks by itself."""
    slack_transport: str = "socket"
    """How Slack reaches us: "socket" (we call Slack) or "http" (Slack calls us, signed). The tokens are secrets:
    ``slack-bot-token``, and ``slack-app-token`` for the socket or ``slack-signing-secret`` for HTTP."""
    slack_http_host: str = "127.0.0.1"
    slack_http_port: int = 3000
    slack_api_url: str = "https://slack.com/api/"
    slack_admin_group: str = ""
    """The id of a Slack user group ("S…") whose members are admins, beside ``admins``."""
    openstack_auth_url: str = ""
    """Keystone's address of the team's cloud; accesses to another one are refused."""
    openstack_prices: Mapping[str, float] = field(default_factory=dict)
    """What an OpenStack flavor costs by the hour, in US dollars, its public address included: OpenStack itself knows no
    prices. A flavor that is not here is never offered."""
    openstack_disk_price: float | None = None
    """What a GB of an OpenStack volume costs by the month; without it there is no more disk than the flavor's own."""
    openstack_regions: Mapping[str, str] = field(default_factory=dict)
    """Where the OpenStack cloud's regions are, in words that people use: "RegionOne": "frankfurt"."""
    limits: Limits = field(default_factory=Limits)
    defaults: TeamDefaults = field(default_factory=TeamDefaults)
    budgets: BudgetBook = field(default_factory=BudgetBook)
    """What may be spent where nothing else was set: docs/budgets.md."""

    @property
    def has_slack(self) -> bool:
        """A Slack workspace is connected, so there should be a gateway."""
        return (self.secrets_dir / SLACK_BOT_TOKEN).exists()

    def is_offered(self, provider: str) -> bool:
        """Whether people may use it here: with simulated clouds never a real one beside them, that bills."""
        if provider == OWN_MACHINE:
            return bool(self.docker_host)
        return not self.sandbox or provider in self.sandbox

    def endpoint(self, provider: str) -> str | None:
        """Where the provider is served when that is not its own address: a simulated cloud, or one's own engine."""
        return self.docker_host or None if provider == OWN_MACHINE else self.sandbox.get(provider)

    @property
    def docker_host(self) -> str:
        """The address of the Docker engine that may be used; "" for none."""
        return self.docker if isinstance(self.docker, str) and self.docker.startswith(DOCKER_SOCKET) else ""

    @property
    def blueprint_paths(self) -> tuple[Path, ...]:
        """All folders of blueprints, the project's own first."""
        return (PROJECT / "blueprints", *map(Path, self.blueprint_folders))

    @property
    def own_clouds(self) -> Mapping[str, OwnCloud]:
        """What the team says of clouds whose APIs tell no prices."""
        said = OwnCloud(
            self.openstack_prices, self.openstack_disk_price, self.openstack_regions, self.openstack_auth_url
        )
        return {"openstack": said}

    @property
    def run_file(self) -> Path:
        return self.home / "run.json"

    @property
    def secrets_dir(self) -> Path:
        return self.home / "secrets"

    def secret(self, name: str) -> str:
        """The text of ``secrets/<name>``: the stack's own shared secrets, never a person's token."""
        path = self.secrets_dir / name
        try:
            return path.read_text().strip()
        except FileNotFoundError:
            raise Invalid(f"{path} is missing. Start the stack with `clouddesk up`; it makes its secrets.") from None


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process. Raises Invalid with the file and key when something in them is wrong."""
    env = os.environ if environment is None else environment
    settings = Settings()
    if "CLOUDDESK_HOME" in env:
        settings = replace(settings, home=Path(env["CLOUDDESK_HOME"]).resolve())
    settings = _merge(settings, _yaml(PROJECT / "settings.yml"), source="settings.yml")
    running = _running(settings.run_file)
    if settings.docker is False:
        # Of a stack that was not taken down it may still name an engine.
        running.pop("docker", None)
    settings = _merge(settings, running, source="run.json")
    return _merge(settings, _from_environment(env), source="the environment")


def _yaml(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        read = yaml.safe_load(path.read_text()) or {}
    except yaml.YAMLError as error:
        raise Invalid(f"{path.name} is not valid YAML: {error}") from error
    if not isinstance(read, dict):
        raise Invalid(f"{path.name} must hold keys and values.")
    return read


def _running(path: Path) -> dict[str, Any]:
    """Addresses from the stack's run file; the part of it that is settings."""
    if not path.exists():
        return {}
    try:
        run = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    if not isinstance(run, dict):
        return {}
    known = {item.name for item in fields(Settings)} - {"home", "limits", "defaults", "budgets"}
    return {key: value for key, value in run.items() if key in known}


def _from_environment(env: Mapping[str, str]) -> dict[str, Any]:
    prefix = "CLOUDDESK_"
    known = {item.name for item in fields(Settings)} - {"home", "limits", "defaults", "budgets"}
    found = {key.removeprefix(prefix).lower(): value for key, value in env.items() if key.startswith(prefix)}
    return {
        key: value if _KINDS[key][0] is _is_text else yaml.safe_load(value)
        for key, value in found.items()
        if key in known
    }


def _merge(settings: Settings, values: Mapping[str, Any], *, source: str) -> Settings:
    if not values:
        return settings
    changes = dict(values)
    limits = changes.pop("limits", None)
    budgets = changes.pop("budgets", None)
    defaults = changes.pop("defaults", None)
    known = {item.name for item in fields(Settings)}
    unknown = sorted(set(changes) - known)
    if unknown:
        raise Invalid(f"{source} has a key that does not exist: {unknown[0]}. There are: {', '.join(sorted(known))}.")
    for key in _LISTS & changes.keys():
        if isinstance(changes[key], str):
            changes[key] = [name.strip() for name in changes[key].split(",") if name.strip()]
    for key, value in changes.items():
        if not _KINDS[key][0](value):
            raise Invalid(f"{source}: {key} must be {_KINDS[key][1]}, not {value!r}.")
    for key in _LISTS & changes.keys():
        changes[key] = tuple(changes[key])
    if "home" in changes:
        changes["home"] = Path(changes["home"]).resolve()
    if defaults:
        changes["defaults"] = _defaults(settings.defaults, defaults, source)
    if budgets:
        changes["budgets"] = _budgets(budgets, source)
    if limits:
        changes["limits"] = _limits(settings.limits, limits, source)
    return replace(settings, **changes)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_docker(value: Any) -> bool:
    return value is False or value == "auto" or (isinstance(value, str) and value.startswith(DOCKER_SOCKET))


def _is_digest(value: Any) -> bool:
    return value is False or (isinstance(value, str) and zone_of(value).key == value)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)


def _is_price(value: Any, *, least: float) -> bool:
    return type(value) in (int, float) and least <= value < math.inf


def _is_prices(value: Any) -> bool:
    return isinstance(value, Mapping) and all(
        isinstance(name, str) and _is_price(price, least=LEAST_PRICE_USD) for name, price in value.items()
    )


def _is_addresses(value: Any) -> bool:
    return isinstance(value, Mapping) and all(isinstance(item, str) for pair in value.items() for item in pair)


_IDLE = {f"idle_{what}_seconds" for what in ("ask", "stop", "release", "archive")}
_MAY_BE_ZERO = frozenset({"fallbacks", "failover_dearer_percent", "long_lease_seconds", *_IDLE})
"""Limits that 0 switches off."""
_LISTS = frozenset({"admins", "blueprint_folders", "more_sandbox_clouds", "rasa_urls"})
"""Fields that may be written with commas, as in an environment variable."""

_KINDS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "home": (lambda value: isinstance(value, str | Path), "a folder"),
    "sandbox": (_is_addresses, "addresses by provider"),
    "grant_sandbox_credentials": (lambda value: isinstance(value, bool), "true or false"),
    "admins": (_is_texts, "a list of workspace/user"),
    "digest": (_is_digest, "false or a time zone, as Europe/Berlin"),
    "docker": (_is_docker, "auto, false or an address that begins with unix://"),
    "blueprint_folders": (_is_texts, "a list of folders"),
    "mirrors": (_is_addresses, "addresses by what they stand for"),
    "more_sandbox_clouds": (_is_texts, "a list of clouds"),
    "rasa_urls": (_is_texts, "a list of addresses"),
    "openstack_auth_url": (lambda value: str(value).startswith("https://"), "an address that begins with https://"),
    "openstack_prices": (_is_prices, f"US dollars by the hour for each flavor, {LEAST_PRICE_USD:g} or more"),
    "openstack_disk_price": (lambda value: _is_price(value, least=0), "US dollars for a GB and month"),
    "openstack_regions": (_is_addresses, "places by region"),
    "slack_transport": (lambda value: value in ("socket", "http"), "socket or http"),
    **dict.fromkeys(
        ("audit_days", "rasa_servers", "slack_http_port", "sweep_minutes", "utilisation_minutes"),
        (lambda value: type(value) is int and value > 0, "a whole number above 0"),
    ),
    **dict.fromkeys(
        (
            "installation",
            "redis_url",
            "vault_addr",
            "vault_mount",
            "temporal_address",
            "temporal_namespace",
            "rasa_url",
            "slack_http_host",
            "slack_api_url",
            "slack_admin_group",
        ),
        (_is_text, "a text"),
    ),
}


def _defaults(defaults: TeamDefaults, values: Mapping[str, Any], source: str) -> TeamDefaults:
    known = {item.name for item in fields(TeamDefaults)}
    for key, value in values.items():
        if key not in known:
            raise Invalid(f"{source}: defaults.{key} does not exist. There are: {', '.join(sorted(known))}.")
        if not _is_text(value):
            raise Invalid(f"{source}: defaults.{key} must be a text, not {value!r}.")
    return replace(defaults, **values)


def _budgets(values: Any, source: str) -> BudgetBook:
    """``{each: {month: 200, machines: {warn: 8, most: 10}}, team: {month: 5000}, approvers: [U1]}``."""
    if not isinstance(values, Mapping) or set(values) - {"each", "team", "approvers"}:
        raise Invalid(f"{source}: budgets holds each, team and approvers, not {values!r}.")
    approvers = values.get("approvers", ())
    if not _is_texts(approvers):
        raise Invalid(f"{source}: budgets.approvers must be a list of user ids, not {approvers!r}.")
    each, team = (_budget(values.get(whose) or {}, f"{source}: budgets.{whose}") for whose in ("each", "team"))
    return BudgetBook(team=team, each=each, approvers=tuple(approvers))


def _budget(values: Any, where: str) -> Budget:
    if not isinstance(values, Mapping) or set(values) - set(MEASURES):
        raise Invalid(f"{where} holds {', '.join(MEASURES)}, not {values!r}.")
    bounds = {}
    for measure, said in values.items():
        bound = said if isinstance(said, Mapping) else {"most": said}
        if set(bound) - {"most", "warn"} or not all(_is_price(number, least=0) for number in bound.values()):
            raise Invalid(f"{where}.{measure} must be a number, or most and warn, not {said!r}.")
        bounds[measure] = Bound(**{name: float(number) for name, number in bound.items()})
    return Budget(**bounds)


def _limits(limits: Limits, values: Mapping[str, Any], source: str) -> Limits:
    known = {item.name for item in fields(Limits)}
    for key, value in values.items():
        if key not in known:
            raise Invalid(f"{source}: limits.{key} does not exist. There are: {', '.join(sorted(known))}.")
        is_list = isinstance(getattr(limits, key), tuple)
        numbers = value if is_list and isinstance(value, list) else [value]
        what = "a list of whole numbers" if is_list else "a whole number"
        least = 0 if key in _MAY_BE_ZERO else 1
        if is_list != isinstance(value, list) or not all(type(number) is int and number >= least for number in numbers):
            raise Invalid(f"{source}: limits.{key} must be {what}, {least} or more, not {value!r}.")
    changes: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
    return replace(limits, **changes)
