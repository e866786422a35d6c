"""The intent classifier: learns, ranks, and is the same after saving."""

from pathlib import Path

from nlu.components.linear import LinearText

TEXTS = [f"{verb} my {thing}" for verb in ("stop", "halt", "pause", "park") for thing in ("vm", "box", "zname")]
TEXTS += [f"{verb} a {thing}" for verb in ("make", "create", "spin up", "build") for thing in ("vm", "box", "cluster")]
TEXTS += [f"{word} {tail}" for word in ("thanks", "thank you", "cheers", "merci") for tail in ("a lot", "bot", "!")]
LABELS = ["stop_resource"] * 12 + ["create_vm"] * 12 + ["thank"] * 12


def test_a_saved_model_gives_the_same_ranking(tmp_path: Path) -> None:
    model = LinearText.fit(TEXTS, LABELS)
    model.save(tmp_path)
    again = LinearText.load(tmp_path)
    for text in ("please stop the box", "create one cluster", "something else"):
        assert [name for name, _ in again.ranking(text)] == [name for name, _ in model.ranking(text)]
    assert model.ranking("please stop the box")[0][0] == "stop_resource"


def test_confidences_add_up_to_one() -> None:
    ranking = LinearText.fit(TEXTS, LABELS).ranking("make a vm")
    assert ranking[0][0] == "create_vm"
    assert abs(sum(share for _, share in ranking) - 1) < 1e-6
