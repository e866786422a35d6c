"""A gateway as a process of its own, without a Desk; its argument is the port of the health check."""

from __future__ import annotations

import asyncio
import sys
from typing import cast

from clouddesk import log, settings
from clouddesk.desk import Desk
from connectors.slack.gateway import open_gateway
from tests.integration.slack.conftest import NoDesk


async def main(health_port: int) -> None:
    async with open_gateway(settings.load(), health_port=health_port, desk=cast(Desk, NoDesk())):
        await asyncio.Event().wait()


if __name__ == "__main__":
    log.configure(process="slack")
    asyncio.run(main(int(sys.argv[1])))
