"""Rasa's parse result becomes the frame that the command line prints."""

from clouddesk.language.parse_result import to_frame


def test_one_value_is_a_scalar_and_several_are_a_list() -> None:
    result = {
        "text": "aws or gcp, 2 vms",
        "intent": {"name": "create_vm", "confidence": 0.91239},
        "entities": [
            {"entity": "provider", "value": "aws"},
            {"entity": "provider", "value": "gcp"},
            {"entity": "provider", "value": "aws"},
            {"entity": "vm_count", "value": 2},
        ],
    }
    assert to_frame(result) == {
        "text": "aws or gcp, 2 vms",
        "intent": "create_vm",
        "confidence": 0.9124,
        "entities": {"provider": ["aws", "gcp"], "vm_count": 2},
    }


def test_behind_a_fallback_stands_the_best_real_intent() -> None:
    result = {
        "text": "blorp",
        "intent": {"name": "nlu_fallback", "confidence": 0.3},
        "intent_ranking": [{"name": "nlu_fallback", "confidence": 0.3}, {"name": "help", "confidence": 0.2}],
        "entities": [],
    }
    assert to_frame(result)["intent"] == "help"
