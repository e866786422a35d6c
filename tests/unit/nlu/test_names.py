"""The name tagger: finds names that it has not seen, by their company."""

from pathlib import Path

from nlu.components.name_model import NameModel, fit

SEEN = ["gandalf", "pepper", "web-blue", "etl-2", "mill-3", "old-box", "sim-4", "viz-1"]


def _examples() -> list[tuple[str, str, list[tuple[int, int, str]]]]:
    examples = []
    for name in SEEN:
        for before, after in (("please stop ", " now"), ("extend ", " by 2 hours"), ("who uses ", "?")):
            examples.append(
                (before + name + after, "stop_resource", [(len(before), len(before) + len(name), "resource_name")])
            )
        examples.append(("please make a vm now", "create_vm", []))
    return examples


def test_an_unseen_name_is_found_and_loses_its_possessive(tmp_path: Path) -> None:
    model = NameModel(fit(_examples(), tmp_path / "names"))
    assert [(name.kind, name.value) for name in model.names("please stop frodo-9 now", "stop_resource")] == [
        ("resource_name", "frodo-9")
    ]
    assert model.names("please make a vm now", "create_vm") == []
    assert model.names("", "create_vm") == []
