"""The simulated Vultr: its API v2 by a server of our own, with Vultr's plans and prices.

``python -m clouddesk.sandbox.vultr --port P --data DIR [--boot-seconds S]``
"""

from __future__ import annotations

import time

from clouddesk.sandbox.server import options, serve
from clouddesk.sandbox.vultr_app import VultrApp


def main() -> None:
    """The process's entry point."""
    begun = time.perf_counter()
    serve("sandbox-vultr", options("Vultr", lists_ended_machines=False), VultrApp, begun=begun)


if __name__ == "__main__":
    main()
