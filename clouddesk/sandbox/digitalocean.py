"""The simulated DigitalOcean: its API v2 by a server of our own, with DigitalOcean's sizes and prices.

``python -m clouddesk.sandbox.digitalocean --port P --data DIR [--boot-seconds S]``
"""

from __future__ import annotations

import time

from clouddesk.sandbox.digitalocean_app import DigitalOceanApp
from clouddesk.sandbox.server import options, serve


def main() -> None:
    """The process's entry point."""
    begun = time.perf_counter()
    serve("sandbox-digitalocean", options("DigitalOcean", lists_ended_machines=False), DigitalOceanApp, begun=begun)


if __name__ == "__main__":
    main()
