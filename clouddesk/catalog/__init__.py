"""The catalogue: offers and prices, bundled and live, and the search over them."""

from clouddesk.catalog.memory import MemoryCatalog, load_catalog
from clouddesk.catalog.regions import Regions
from clouddesk.catalog.table import OfferTable
from clouddesk.catalog.wire import offers_from_json, offers_to_json
from clouddesk.model.offer import LEAST_PRICE_USD

__all__ = [
    "LEAST_PRICE_USD",
    "MemoryCatalog",
    "OfferTable",
    "Regions",
    "load_catalog",
    "offers_from_json",
    "offers_to_json",
]
