"""The encoder's features in a real training of Rasa's, and in the model that comes out of it."""

import asyncio
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml
from rasa.core.agent import Agent
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.model_training import train_nlu
from rasa.nlu.constants import TOKENS_NAMES
from rasa.nlu.tokenizers.whitespace_tokenizer import WhitespaceTokenizer
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message

from nlu.components.encoder_featurizer import EncoderFeaturizer
from nlu.components.encoder_model import CHECKSUMS, FOLDER, MODEL, VOCABULARY, SentenceEncoder, write_checksums

NAME = "nlu.components.encoder_featurizer.EncoderFeaturizer"
EXAMPLES = {
    "create_vm": ["a debian box please", "get me a machine", "spin up a server"],
    "greet": ["hello", "hi there", "good morning"],
    "thank": ["thanks", "thank you so much", "cheers"],
}


def _features(text: str, tmp_path: Path) -> tuple[np.ndarray, np.ndarray]:
    message = Message({TEXT: text})
    WhitespaceTokenizer(WhitespaceTokenizer.get_default_config()).process([message])
    component = EncoderFeaturizer.create(
        EncoderFeaturizer.get_default_config(),
        LocalModelStorage(tmp_path),
        Resource("features"),
        ExecutionContext(GraphSchema({}), "test", node_name="features"),
    )
    component.process([message])
    of_tokens, of_sentence = message.get_dense_features(TEXT)
    assert len(of_tokens.features) == len(message.get(TOKENS_NAMES[TEXT]))
    return of_tokens.features, of_sentence.features


def test_a_model_trained_on_the_features_alone_understands_other_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # where Rasa keeps its cache
    monkeypatch.setenv("RASA_TELEMETRY_ENABLED", "false")
    blocks = [
        {"intent": intent, "examples": "".join(f"- {text}\n" for text in texts)} for intent, texts in EXAMPLES.items()
    ]
    pipeline = [{"name": "WhitespaceTokenizer"}, {"name": NAME}, {"name": "LogisticRegressionClassifier"}]
    config = {"recipe": "default.v1", "assistant_id": "test", "language": "en", "pipeline": pipeline}
    (tmp_path / "nlu.yml").write_text(yaml.safe_dump({"version": "3.1", "nlu": blocks}), encoding="utf-8")
    (tmp_path / "config.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    agent = Agent.load(train_nlu(str(tmp_path / "config.yml"), str(tmp_path / "nlu.yml"), str(tmp_path / "models")))
    parsed = asyncio.run(agent.parse_message("could somebody lend me a computer"))
    assert parsed["intent"]["name"] == "create_vm"


def test_each_token_has_the_tags_of_its_own_pieces(tmp_path: Path) -> None:
    of_tokens, of_sentence = _features("terminate etl-spark please", tmp_path)
    tags = SentenceEncoder().tags
    names = [index for index, tag in enumerate(tags) if tag.endswith("-resource_name")]
    assert of_tokens[:, names].sum(axis=1).argmax() == 1
    assert np.allclose(of_tokens.sum(axis=1), 1, atol=1e-4)
    assert np.array_equal(of_sentence[0], SentenceEncoder().read("terminate etl-spark please").vector)


def test_words_beyond_the_longest_text_have_no_features(tmp_path: Path) -> None:
    of_tokens, _ = _features("word " * 200, tmp_path)
    assert of_tokens[0].any()
    assert not of_tokens[-1].any()


@pytest.mark.parametrize("text", ["", "👍", "字" * 10])
def test_any_text_can_be_read(text: str) -> None:
    pieces = SentenceEncoder().read_pieces(text)
    assert len(pieces.places) == len(pieces.tags)


def test_another_encoder_makes_another_fingerprint(tmp_path: Path) -> None:
    for name in (MODEL, VOCABULARY, CHECKSUMS):
        shutil.copyfile(FOLDER / name, tmp_path / name)
    assert EncoderFeaturizer.fingerprint_addon({"folder": str(tmp_path)}) == EncoderFeaturizer.fingerprint_addon({})
    with (tmp_path / VOCABULARY).open("a", encoding="utf-8") as file:
        file.write("another\n")
    write_checksums(tmp_path)
    assert EncoderFeaturizer.fingerprint_addon({"folder": str(tmp_path)}) != EncoderFeaturizer.fingerprint_addon({})
