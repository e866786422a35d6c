"""The simulated OpenStack: Keystone, Nova, Neutron, Glance and Cinder by one server of our own.

``python -m clouddesk.sandbox.openstack --port P --data DIR [--boot-seconds S]``
"""

from __future__ import annotations

import time

from clouddesk.sandbox.openstack_app import OpenStackApp
from clouddesk.sandbox.server import options, serve


def main() -> None:
    """The process's entry point."""
    begun = time.perf_counter()
    serve("sandbox-openstack", options("OpenStack", lists_ended_machines=False), OpenStackApp, begun=begun)


if __name__ == "__main__":
    main()
