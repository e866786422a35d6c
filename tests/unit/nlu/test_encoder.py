"""The component around the encoder: fitting, storing, and the match of model and encoder."""

from pathlib import Path

import pytest
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.components.encoder import EncoderIntentClassifier
from nlu.components.encoder_model import EncoderDamaged
from nlu.components.intent import INTENT_RANKING

CONTEXT = ExecutionContext(GraphSchema({}), "test")
RESOURCE = Resource("intent")
CONFIG = EncoderIntentClassifier.get_default_config()
WORDS = {
    "create_vm": ["a debian box please", "get me a machine", "a new vm", "spin up a server", "need 4 cores"],
    "release_rocket": ["launch the rocket", "rocket, fly", "ignite the rocket", "lift off", "send the rocket up"],
    "greet": ["hello", "hi there", "good morning", "hey", "hello bot"],
}


@pytest.fixture
def storage(tmp_path: Path) -> LocalModelStorage:
    return LocalModelStorage(tmp_path)


def train(storage: LocalModelStorage) -> None:
    examples = [Message({TEXT: text, INTENT: intent}) for intent, texts in WORDS.items() for text in texts]
    EncoderIntentClassifier.create(CONFIG, storage, RESOURCE, CONTEXT).train(TrainingData(examples))


def understand(storage: LocalModelStorage, text: str) -> dict[str, object]:
    component = EncoderIntentClassifier.load(CONFIG, storage, RESOURCE, CONTEXT)
    return dict(component.process([Message({TEXT: text})])[0].get(INTENT))


def test_a_trained_component_is_loaded_again_and_understands(storage: LocalModelStorage) -> None:
    train(storage)
    assert understand(storage, "could you lend me a computer with 64 gigs until friday")["name"] == "create_vm"


def test_an_intent_that_the_encoder_never_saw_is_still_learned(storage: LocalModelStorage) -> None:
    train(storage)
    assert understand(storage, "launch the rocket")["name"] == "release_rocket"


def test_confidences_of_the_best_come_first(storage: LocalModelStorage) -> None:
    train(storage)
    component = EncoderIntentClassifier.load(CONFIG, storage, RESOURCE, CONTEXT)
    ranking = component.process([Message({TEXT: "hello bot, a vm please"})])[0].get(INTENT_RANKING)
    shares = [entry["confidence"] for entry in ranking]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(1)


def test_a_model_trained_with_another_encoder_is_refused(storage: LocalModelStorage) -> None:
    train(storage)
    with storage.write_to(RESOURCE) as folder:
        (folder / "encoder.sha256").write_text("another", encoding="utf-8")
    with pytest.raises(EncoderDamaged, match="make model"):
        EncoderIntentClassifier.load(CONFIG, storage, RESOURCE, CONTEXT)
