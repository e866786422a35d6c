"""docker-compose.yml is what Docker Compose understands, and describes the same processes as the embedded stack."""

from __future__ import annotations

import importlib.util
import json
import os
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from clouddesk import settings
from clouddesk.local.processes import PROCESSES
from clouddesk.settings import PROJECT

PUBLIC_IMAGES = {"redis": "redis:", "vault": "hashicorp/vault:", "temporal": "temporalio/temporal:"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """What Docker Compose itself makes of the file."""
    package = importlib.util.find_spec("compose")
    assert package is not None
    assert package.origin is not None
    program = Path(package.origin).parent / "docker-compose"  # its Python wrapper hides the exit code
    done = subprocess.run(
        [str(program), "-f", "docker-compose.yml", "--profile", "chat", "config", "--format", "json"],
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr, "a warning is a mistake in the file"
    read: dict[str, Any] = json.loads(done.stdout)
    return read


def test_every_process_of_the_stack_is_a_service(compose: dict[str, Any]) -> None:
    assert {process.name for process in PROCESSES} <= set(compose["services"])


def test_servers_are_public_images_of_a_named_version(compose: dict[str, Any]) -> None:
    for name, image in PUBLIC_IMAGES.items():
        assert compose["services"][name]["image"].startswith(image)
        assert not compose["services"][name]["image"].endswith(":latest")


def test_ports_are_published_on_loopback_only(compose: dict[str, Any]) -> None:
    published = [port for service in compose["services"].values() for port in service.get("ports", [])]

    assert published
    assert all(port["host_ip"] == "127.0.0.1" for port in published)


def test_own_processes_run_existing_modules(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        if name in PUBLIC_IMAGES or name == "desk":
            continue
        assert importlib.util.find_spec(service["command"][0]), shlex.join(service["command"])


def test_settings_of_the_services_are_settings_that_exist(compose: dict[str, Any]) -> None:
    environment = {key: str(value) for key, value in compose["services"]["worker"]["environment"].items()}
    expected = {"CLOUDDESK_HOME", *(f"CLOUDDESK_{name.upper()}" for name in vars(settings.Settings()))}

    assert set(environment) <= expected
    loaded = settings.load(environment)
    assert loaded.redis_url == "redis://redis:6379/0"
    assert set(loaded.sandbox) == {"aws", "digitalocean"}
    assert loaded.grant_sandbox_credentials is True


def test_no_secret_is_in_the_file(compose: dict[str, Any]) -> None:
    names = {key for service in compose["services"].values() for key in service.get("environment") or {}}

    assert not [name for name in names if any(word in name.lower() for word in ("token", "password", "secret"))]
