"""`python -m scripts.prices [NAME…]`: write all bundled price lists anew, or those named. No network."""

from __future__ import annotations

import sys
from importlib import import_module

LISTS = {"aws": "ec2", "azure": "azure", "gcp": "gce", "digitalocean": "flat", "linode": "flat", "vultr": "flat"}


def main() -> None:
    """Each list's module says where its numbers are from."""
    wanted = sys.argv[1:] or list(LISTS)
    for module in dict.fromkeys(LISTS[name] for name in wanted):
        for sheet in import_module(f"scripts.prices.{module}").sheets():
            if sheet.name.partition("_")[0] in wanted:
                sys.stdout.write(f"{sheet.name}: {sheet.write()} prices\n")


if __name__ == "__main__":
    main()
