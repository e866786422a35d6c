"""The configuration that supervisord is given, and the environment of the processes."""

from __future__ import annotations

import configparser
import json
import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from clouddesk.local import supervision
from clouddesk.local.errors import StackError
from clouddesk.local.home import Home, write_atomically
from clouddesk.local.processes import PROCESSES, SLACK, Plan, addresses, processes_of
from clouddesk.local.progress import Steps
from clouddesk.local.stack import Stack, with_needs
from clouddesk.local.supervision import Supervisor, Watched
from clouddesk.settings import SLACK_BOT_TOKEN, Settings


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    home = Home(tmp_path / "50 % home")
    home.prepare()
    ports = {use: port for process in PROCESSES for use, port in process.ports.items()}
    return Plan(home=home, ports=ports, model=tmp_path / "a model.tar.gz", boot_seconds=0.5)


def test_every_process_is_watched_restarted_and_logged_by_itself(plan: Plan) -> None:
    config = written(plan)

    for process in PROCESSES:
        section = config[f"program:{process.name}"]
        assert section["autorestart"] == "true"
        assert section["killasgroup"] == "true"
        assert section["stdout_logfile"] == str(plan.home.log(process.name))
        assert shlex.split(section["command"]) == process.command(plan)


def test_what_needs_servers_is_not_started_before_them_and_stopped_before_them(plan: Plan) -> None:
    config = written(plan)

    for process in PROCESSES:
        assert config[f"program:{process.name}"]["autostart"] == ("false" if process.after else "true")
    assert "redis" in config["group:servers"]["programs"].split(",")
    assert "worker" in config["group:desk"]["programs"].split(",")
    assert int(config["group:desk"]["priority"]) > int(config["group:servers"]["priority"])


def test_no_two_uses_have_the_same_usual_port() -> None:
    usual = [port for process in PROCESSES for port in process.ports.values()]

    assert len(set(usual)) == len(usual)


def test_processes_see_their_own_stack_and_nothing_of_another(tmp_path: Path) -> None:
    outer = {"PATH": "/bin", "CLOUDDESK_REDIS_URL": "redis://elsewhere", "NO_PROXY": "intranet"}

    environment = supervision.environment(Home(tmp_path), outer)

    assert environment["PATH"] == "/bin"
    assert environment["CLOUDDESK_HOME"] == environment[supervision.MARKER] == str(tmp_path)
    assert "CLOUDDESK_REDIS_URL" not in environment
    assert environment["NO_PROXY"] == "intranet,127.0.0.1,localhost"


def test_addresses_hold_every_port_that_others_need(plan: Plan) -> None:
    told = addresses(plan)

    assert told["redis_url"] == "redis://127.0.0.1:6379/0"
    assert told["temporal_address"] == "127.0.0.1:7233"
    assert told["sandbox"] == {"aws": "http://127.0.0.1:5080", "digitalocean": "http://127.0.0.1:5081"}


def test_part_of_the_stack_brings_what_it_needs() -> None:
    assert [process.name for process in with_needs(["worker"])] == ["redis", "vault", "temporal", "worker"]
    with pytest.raises(StackError, match="There is no process 'web'"):
        with_needs(["web"])


def written(plan: Plan) -> configparser.ConfigParser:
    supervision.write_config(plan, PROCESSES)
    config = configparser.ConfigParser()
    config.read(plan.home.supervisor_config)
    return config


def test_more_simulated_clouds_are_started_and_in_the_settings(plan: Plan) -> None:
    found = processes_of(Settings(home=plan.home.root, more_sandbox_clouds=("gcp",)))
    assert [process.name for process in found[len(PROCESSES) :]] == ["sandbox-gcp"]
    ports = {**plan.ports, **found[-1].ports}
    told = addresses(replace(plan, ports=ports))["sandbox"]
    assert isinstance(told, dict)
    assert told["gcp"] == f"http://127.0.0.1:{ports['sandbox-gcp']}"
    with pytest.raises(StackError, match="no simulated nimbus"):
        processes_of(Settings(more_sandbox_clouds=("nimbus",)))


def test_where_clouds_are_simulated_no_real_one_is_offered() -> None:
    assert Settings().is_offered("aws")
    simulated = Settings(sandbox={"aws": "http://127.0.0.1:5080"})
    assert simulated.is_offered("aws")
    assert not simulated.is_offered("gcp")


def test_several_rasa_servers_have_ports_and_logs_of_their_own_and_are_all_in_the_settings(plan: Plan) -> None:
    found = processes_of(Settings(home=plan.home.root, rasa_servers=3))
    rasas = [process for process in found if process.name.startswith("rasa")]
    ports = {use: port for process in found for use, port in process.ports.items()}

    assert [process.name for process in rasas] == ["rasa", "rasa-2", "rasa-3"]
    assert len(set(ports.values())) == len(ports)
    wider = replace(plan, ports=ports)
    assert len({tuple(process.command(wider)) for process in rasas}) == 3
    assert addresses(wider)["rasa_urls"] == [f"http://127.0.0.1:{ports[process.name]}" for process in rasas]


def test_one_rasa_server_is_all_there_is_unless_more_are_asked_for(plan: Plan) -> None:
    assert processes_of(Settings(home=plan.home.root)) == PROCESSES
    assert addresses(plan)["rasa_urls"] == []


def test_a_gateway_runs_where_a_slack_workspace_is_connected(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    assert processes_of(settings) == PROCESSES
    settings.secrets_dir.mkdir()
    (settings.secrets_dir / SLACK_BOT_TOKEN).write_text("xoxb-1")

    assert [process.name for process in processes_of(settings)[len(PROCESSES) :]] == ["slack"]


@pytest.mark.parametrize(
    ("trouble", "state"), [("", "ready"), ("Slack can't be reached.", "in trouble")], ids=["well", "in trouble"]
)
def test_the_status_of_a_process_says_what_is_the_matter_with_it(
    plan: Plan, monkeypatch: pytest.MonkeyPatch, trouble: str, state: str
) -> None:
    slack = replace(SLACK, is_ready=lambda _plan: True, trouble=lambda _plan: trouble)
    seen = {"slack": Watched("slack", "RUNNING", None, started_at=1, description="")}
    monkeypatch.setattr(supervision.Supervisor, "processes", lambda _supervisor: seen)

    (status,) = Stack(plan.home.root, processes=[slack]).statuses()

    assert (status.state, status.trouble) == (state, trouble)


def test_a_lost_run_file_is_written_anew_with_the_docker_engine(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    stack = Stack(plan.home.root)
    write_atomically(plan.home.state_file, json.dumps({**plan.home.state(), "ports": dict(plan.ports)}))
    monkeypatch.setattr(Supervisor, "is_running", lambda _: True)
    monkeypatch.setattr(Stack, "_await_ready", lambda *_, **__: None)
    engine = "unix:///var/run/docker.sock"
    assert not stack.up(Steps(), model=plan.model, docker_host=engine)
    assert json.loads(plan.home.run_file.read_text())["docker"] == engine
