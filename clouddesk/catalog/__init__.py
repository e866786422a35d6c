"""The catalogue: offers and prices, bundled and live, and the search over them."""

from clouddesk.catalog.ec2 import BundledEc2
from clouddesk.catalog.memory import MemoryCatalog, load_catalog
from clouddesk.catalog.regions import Regions
from clouddesk.catalog.wire import offers_from_json, offers_to_json

__all__ = [
    "BundledEc2",
    "MemoryCatalog",
    "Regions",
    "load_catalog",
    "offers_from_json",
    "offers_to_json",
]
