"""Azure's prices of today, from a small server with pages as the retail price list documents them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from libcloud.common.exceptions import BaseHTTPError

from clouddesk.model.offer import ARM64, Offer
from clouddesk.providers.azure_prices import SOURCE, live_offers


def price(size: str, usd: float, *, sku: str = "", product: str = "Virtual Machines Dsv5 Series", **more: Any) -> Any:
    """An entry as the API's documentation shows it."""
    return {
        "currencyCode": "USD",
        "retailPrice": usd,
        "unitPrice": usd,
        "armRegionName": "westeurope",
        "armSkuName": size,
        "skuName": sku or size.removeprefix("Standard_").replace("_", " "),
        "productName": product,
        "serviceName": "Virtual Machines",
        "unitOfMeasure": "1 Hour",
        "type": "Consumption",
        **more,
    }


PAGES = [
    [
        price("Standard_D2s_v5", 0.115),
        price("Standard_D2s_v5", 0.0207, sku="D2s v5 Spot"),
        price("Standard_D2s_v5", 0.023, sku="D2s v5 Low Priority"),
        price("Standard_D2s_v5", 0.207, product="Virtual Machines Dsv5 Series Windows"),
        price("Standard_D2s_v5", 9.9, product="Dsv5 Series Cloud Services"),
        price("Standard_D2s_v5", 84.0, unitOfMeasure="1 Month"),
    ],
    [
        price("Standard_D2ps_v5", 0.092),
        price("Standard_NC24ads_A100_v4", 4.775),
        price("Standard_ND96asr_v4", 35.0),
        price("Standard_E4-2s_v5", 0.304),
        price("Standard_Closed", 0.001),
        price("Standard_Free", 0.0),
        price("Standard_Unheard", 0.01),
    ],
]


def size(name: str, vcpus: int, gb: float, *, closed: bool = False, **more: str) -> dict[str, Any]:
    facts = {"vCPUs": str(vcpus), "MemoryGB": str(gb), "CpuArchitectureType": "x64", **more}
    limits = [{"type": "Location", "values": ["WestEurope"], "reasonCode": "NotAvailableForSubscription"}]
    return {
        "resourceType": "virtualMachines",
        "name": name,
        "capabilities": [{"name": key, "value": value} for key, value in facts.items()],
        "restrictions": limits if closed else [],
    }


SIZES = [
    size("Standard_D2s_v5", 2, 8),
    size("Standard_D2ps_v5", 2, 8, CpuArchitectureType="Arm64"),
    size("Standard_NC24ads_A100_v4", 24, 220, GPUs="1"),
    size("Standard_ND96asr_v4", 96, 900, GPUs="8"),
    size("Standard_E4-2s_v5", 4, 32, vCPUsAvailable="2"),
    size("Standard_Closed", 2, 8, closed=True),
    size("Standard_Free", 2, 8),
    {"resourceType": "disks", "name": "Premium_LRS"},
]


class Retail(BaseHTTPRequestHandler):
    """Knows West Europe; everywhere else it fails."""

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        page = int(query.get("page", ["0"])[0])
        if page == 0 and query["$filter"][0] != (
            "serviceName eq 'Virtual Machines' and armRegionName eq 'westeurope' and priceType eq 'Consumption'"
        ):
            self.send_error(500)
            return
        link = f"http://{self.headers['Host']}/?page={page + 1}" if page + 1 < len(PAGES) else None
        body = json.dumps({"Items": PAGES[page], "NextPageLink": link, "Count": len(PAGES[page])}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Retail)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    thread.join()
    server.server_close()


def by_size(offers: list[Offer]) -> dict[tuple[str, bool], Offer]:
    return {(offer.size, offer.spot): offer for offer in offers}


def test_linux_prices_on_demand_and_spot_are_read_over_all_pages(address: str) -> None:
    found = by_size(live_offers(lambda region: SIZES, ["westeurope"], address=address))
    assert {name: offer.hourly_price_usd for name, offer in found.items()} == {
        ("Standard_D2s_v5", False): 0.115,
        ("Standard_D2s_v5", True): 0.0207,
        ("Standard_D2ps_v5", False): 0.092,
        ("Standard_NC24ads_A100_v4", False): 4.775,
        ("Standard_ND96asr_v4", False): 35.0,
        ("Standard_E4-2s_v5", False): 0.304,
    }
    assert {(offer.source, offer.region) for offer in found.values()} == {(SOURCE, "westeurope")}


def test_shapes_are_those_that_the_subscription_may_use(address: str) -> None:
    found = by_size(live_offers(lambda region: SIZES, ["westeurope"], address=address))
    gpu, older = found["Standard_NC24ads_A100_v4", False], found["Standard_ND96asr_v4", False]
    assert (gpu.vcpus, gpu.memory_gb, gpu.gpus, gpu.gpu_type) == (24, 220, 1, "a100-80gb")
    assert (older.gpus, older.gpu_type) == (8, "a100")
    assert found["Standard_D2ps_v5", False].architecture == ARM64
    assert found["Standard_E4-2s_v5", False].vcpus == 2


def test_a_region_that_fails_is_left_out(address: str) -> None:
    found = live_offers(lambda region: SIZES, ["northeurope", "westeurope"], address=address)
    assert {offer.region for offer in found} == {"westeurope"}


def test_when_nothing_can_be_read_the_error_is_told(address: str) -> None:
    with pytest.raises(requests.HTTPError):
        live_offers(lambda region: SIZES, ["northeurope"], address=address)

    def refused(region: str) -> list[dict[str, Any]]:
        raise BaseHTTPError(403, "AuthorizationFailed")

    with pytest.raises(BaseHTTPError):
        live_offers(refused, ["westeurope"], address=address)
