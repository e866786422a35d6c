"""Our Rasa server: `python -m connectors.rasa_server --port P [--model FILE]`.

Rasa's agent behind our channel only, on loopback, with conversations and their locks in Redis. No other route of Rasa
is opened, because those let anyone read and write any conversation.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import redis
import structlog

from clouddesk import log, settings
from clouddesk.model.errors import CloudDeskError, Invalid, Unavailable
from clouddesk.settings import PROJECT, Settings
from connectors import light_rasa
from connectors.protocol import NAME, STATUS_PATH

if TYPE_CHECKING:
    from rasa.core.agent import Agent
    from sanic import Sanic

DEFAULT_ACTIONS_URL = "http://127.0.0.1:5055"

_log = structlog.get_logger()


def main() -> None:
    arguments = _arguments()
    log.configure(process="rasa")
    try:
        serve(
            settings.load(), model=newest_model(arguments.model), port=arguments.port, actions_url=arguments.actions_url
        )
    except CloudDeskError as error:
        sys.stderr.write(f"rasa: {error}\n")
        sys.exit(1)


def serve(config: Settings, *, model: Path, port: int, actions_url: str | None = None) -> None:
    """Load the model, then answer until a signal to end comes. The port opens only when everything is ready."""
    began = time.monotonic()
    secret = config.secret("channel")
    _check_redis(config.redis_url)
    agent = load_agent(
        model,
        redis_url=config.redis_url,
        actions_url=actions_url or running_actions_url(config),
        actions_secret=secret,
    )
    app = make_app(agent, secret=secret)
    # What is loaded stays: to walk through it all would stop a turn for a tenth of a second, now and then.
    gc.collect()
    gc.freeze()
    _log.info("rasa.ready", seconds=round(time.monotonic() - began, 1), model=model.name, port=port)
    app.run(host="127.0.0.1", port=port, access_log=False, motd=False)


def load_agent(
    model: Path,
    *,
    redis_url: str | None = None,
    actions_url: str = DEFAULT_ACTIONS_URL,
    actions_secret: str | None = None,
) -> Agent:
    """Rasa's agent with a model, light when the model allows it. Without ``redis_url`` it keeps nothing.

    Raises Invalid when the model cannot be loaded.
    """
    os.environ["RASA_TELEMETRY_ENABLED"] = "false"
    if str(PROJECT) not in sys.path:
        sys.path.insert(0, str(PROJECT))  # the model names our own components by module: nlu.components.…
    try:
        is_light = light_rasa.install_for(model=model)
    except (OSError, ValueError) as error:
        raise Invalid(f"{error}. `rasa train` makes a new one.") from error
    light_rasa.hush()
    from connectors.agent import make_agent

    try:
        agent = make_agent(redis_url, actions_url=actions_url, actions_secret=actions_secret)
        agent.load_model(model)
    except Exception as error:
        # Rasa raises whatever a component raises; the cause goes to the log, the mend to the person.
        _log.exception("model.broken", model=model.name)
        raise Invalid(
            f"The model {model.name} cannot be loaded ({type(error).__name__}). `rasa train` makes a new one."
        ) from error
    _log.info("model.loaded", model=model.name, light=is_light)
    return agent


def make_app(agent: Agent, *, secret: str) -> Sanic:
    """The web application: our channel, and a status that answers once everything is there."""
    from sanic import Sanic, response
    from sanic.request import Request
    from sanic.response import HTTPResponse

    from connectors.agent import SharedAgent, close
    from connectors.channel import CloudDeskChannel, Uninterrupted

    app = Sanic(f"{NAME}_rasa", configure_logging=False)
    app.ctx.agent = agent
    app.config.RESPONSE_TIMEOUT = 120
    app.config.REQUEST_MAX_SIZE = 256 * 1024
    app.config.FALLBACK_ERROR_FORMAT = "json"
    app.config.KEEP_ALIVE_TIMEOUT = 75
    # Agents that share their conversations know what was answered by any of them.
    channel = CloudDeskChannel(secret, answers=Uninterrupted() if isinstance(agent, SharedAgent) else None)
    app.blueprint(channel.blueprint(agent.handle_message), url_prefix=f"/webhooks/{channel.name()}")

    async def status(_request: Request) -> HTTPResponse:
        is_ready = agent.is_ready()
        return response.json({"ready": is_ready, "model": agent.model_name}, status=200 if is_ready else 503)

    app.add_route(status, "/", name="root")
    app.add_route(status, STATUS_PATH, name="status")

    async def let_go(_app: Sanic, _loop: object) -> None:
        await close(agent)

    app.register_listener(let_go, "after_server_stop")
    return app


def newest_model(path: Path) -> Path:
    """The model file itself, or the newest in a folder. Raises Invalid when there is none."""
    if path.is_file():
        return path
    found = sorted(path.glob("*.tar.gz"), key=lambda file: file.stat().st_mtime)
    if not found:
        raise Invalid(f"There is no trained model at {path}. `make chat` or `rasa train` makes one.")
    return found[-1]


def running_actions_url(config: Settings) -> str:
    """Where the running stack's action server is."""
    try:
        run = json.loads(config.run_file.read_text())
    except (OSError, ValueError):
        return DEFAULT_ACTIONS_URL
    return str(run.get("actions_url") or DEFAULT_ACTIONS_URL)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m connectors.rasa_server", description="The Rasa server of CloudDesk."
    )
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--model", type=Path, default=PROJECT / "models", help="a model file, or a folder (its newest)")
    parser.add_argument("--actions-url", help="the action server; by default the running stack's")
    return parser.parse_args()


def _check_redis(url: str) -> None:
    """Rasa would go on with conversations in memory, and lose them."""
    try:
        with redis.Redis.from_url(url, socket_timeout=5) as client:
            client.ping()
    except redis.RedisError as error:
        raise Unavailable(f"Redis at {urlsplit(url).hostname}:{urlsplit(url).port}") from error


if __name__ == "__main__":
    main()
