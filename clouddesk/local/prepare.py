"""`python -m clouddesk.local.prepare`: the stack's secrets and Vault's set-up where the servers run elsewhere.

The service `setup` of docker-compose.yml. It stays, because HashiCorp's Vault comes back sealed after a restart and
somebody must open it again.
"""

from __future__ import annotations

import time

import hvac.exceptions
import requests
import structlog

from clouddesk import log, settings
from clouddesk.local import readiness, vault
from clouddesk.local.home import Home

_LOOK_SECONDS = 5

logger = structlog.get_logger()


def keep(home: Home, address: str) -> None:
    """Set Vault up and keep it open, for ever."""
    home.prepare()
    is_open = False
    while True:
        if not (is_open and readiness.http_ok(f"{address}/v1/sys/health")):
            try:
                vault.set_up(address, home.secrets, storage=home.data / "vault")
            except (requests.RequestException, hvac.exceptions.VaultError) as error:
                is_open = False
                logger.warning("vault.not_yet", error=type(error).__name__)
            else:
                is_open = True
                logger.info("vault.open")
        time.sleep(_LOOK_SECONDS)


if __name__ == "__main__":
    log.configure(process="setup")
    config = settings.load()
    keep(Home(config.home), config.vault_addr)
