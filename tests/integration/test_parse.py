"""Understanding through the whole of Rasa: the trained model of the repository, loaded as the server loads it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from clouddesk.language.parse_result import to_frame
from connectors.rasa_server import load_agent

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def agent(rasa_model: Path) -> Any:
    return load_agent(rasa_model)


def frame(agent: Any, text: str) -> dict[str, Any]:
    return to_frame(asyncio.run(agent.parse_message(text)))


@pytest.mark.parametrize(
    ("text", "intent", "entities"),
    [
        (
            "spin up a 3-node spark cluster for 8 hours",
            "create_cluster",
            {"software": "spark", "node_count": 3, "duration_minutes": 480},
        ),
        (
            "<@U0BOT> I'd like *two* machines, `64 GB` &amp; 16 cores each, ubuntu 22.04, until friday 5pm",
            "create_vm",
            {"vm_count": 2, "memory_gb": 64, "vcpus": 16, "os": "ubuntu-22.04", "until": "until friday 5pm"},
        ),
        ("tear down reservation r-665b0fd5", "terminate_resource", {"resource_name": "r-665b0fd5"}),
        ("extend etl-spark by 2 days", "extend_reservation", {"resource_name": "etl-spark", "duration_minutes": 2880}),
        ("what would an a100 cost me per hour", "quote_price", {"gpu_type": "a100", "gpu_count": 1}),
        ("yes please", "affirm", {}),
        ("never mind", "cancel", {}),
        ("thanks a lot!", "thank", {}),
        ("show my machines", "list_resources", {}),
    ],
)
def test_sentences_become_frames(agent: Any, text: str, intent: str, entities: dict[str, Any]) -> None:
    parsed = frame(agent, text)
    assert (parsed["intent"], parsed["entities"]) == (intent, entities)


def test_a_pasted_key_wins_and_does_not_come_back(agent: Any) -> None:
    result = asyncio.run(agent.parse_message("make me 3 vms on aws with AKIAIOSFODNN7EXAMPLE"))
    assert result["intent"]["name"] == "paste_secret"
    assert to_frame(result)["entities"] == {"provider": "aws"}
    assert "AKIA" not in str(result)


def test_nonsense_is_a_fallback_but_the_ranking_stays_visible(agent: Any) -> None:
    result = asyncio.run(agent.parse_message("blorp"))
    assert result["intent"]["name"] == "nlu_fallback"
    assert to_frame(result)["intent"] != "nlu_fallback"
