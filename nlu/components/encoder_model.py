"""The fine-tuned sentence encoder at run time: ONNX on one thread, from files in ``nlu/encoder``, without a network."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import TemplateProcessing

FOLDER = Path(__file__).resolve().parent.parent / "encoder"
MODEL, VOCABULARY, CHECKSUMS = "model.onnx", "vocab.txt", "SHA256SUMS"
LONGEST = 128
"""Word pieces; what a longer message says after that is not read."""


class EncoderDamaged(Exception):
    """The encoder's files are not those that were trained."""


@dataclass(frozen=True)
class Reading:
    """What the encoder makes of a text: its vector, and the share that its own head gives each intent."""

    vector: Any
    intents: dict[str, float]


@dataclass(frozen=True)
class Pieces:
    """What the encoder makes of a text and of its word pieces: their places in it, and the share of each tag."""

    vector: Any
    places: list[tuple[int, int]]
    tags: Any


class SentenceEncoder:
    """Reads one text at a time, so that a text's answer never depends on its neighbours."""

    def __init__(self, folder: Path = FOLDER) -> None:
        verify(folder)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(str(folder / MODEL), options, providers=["CPUExecutionProvider"])
        told = self._session.get_modelmeta().custom_metadata_map
        self.labels: list[str] = json.loads(told["intents"])
        self.tags: list[str] = json.loads(told["tags"])
        self._tokenizer = tokenizer(folder / VOCABULARY)

    def read(self, text: str) -> Reading:
        """The vector and the shares of a prepared text."""
        ids = np.array([self._tokenizer.encode(text).ids], dtype=np.int64)
        vector, logits = self._session.run(["vector", "intents"], {"ids": ids})
        shares = _softmax(logits[0])
        return Reading(vector[0], dict(zip(self.labels, map(float, shares))))  # noqa: B905 - as many as labels

    def read_pieces(self, text: str) -> Pieces:
        """The vector and the tags of a prepared text; the marks that the encoder sets at both ends are left out."""
        coded = self._tokenizer.encode(text)
        vector, logits = self._session.run(["vector", "tags"], {"ids": np.array([coded.ids], dtype=np.int64)})
        return Pieces(vector[0], coded.offsets[1:-1], _softmax(logits[0][1:-1]))


def _softmax(logits: Any) -> Any:
    shares = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return shares / shares.sum(axis=-1, keepdims=True)


def tokenizer(vocabulary: Path) -> Tokenizer:
    """BERT's uncased word pieces."""
    made = Tokenizer(WordPiece.from_file(str(vocabulary), unk_token="[UNK]"))  # noqa: S106 - no password
    made.normalizer = BertNormalizer()
    made.pre_tokenizer = BertPreTokenizer()
    first, last = made.token_to_id("[CLS]"), made.token_to_id("[SEP]")
    made.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", first), ("[SEP]", last)]
    )
    made.enable_truncation(LONGEST)
    return made


def folder_of(config: Mapping[str, Any]) -> Path:
    """Where a component's encoder is: in its setting ``folder``, or what ships."""
    return Path(config.get("folder") or FOLDER)


def checksum(folder: Path = FOLDER) -> str:
    """Changes when the encoder was trained anew."""
    return hashlib.sha256((folder / CHECKSUMS).read_bytes()).hexdigest()


def verify(folder: Path) -> None:
    """Raises EncoderDamaged unless each file has the checksum that its training wrote down."""
    for line in (folder / CHECKSUMS).read_text(encoding="utf-8").splitlines():
        expected, name = line.split()
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != expected:
            raise EncoderDamaged(f"{folder / name} is not the file that {CHECKSUMS} names; fetch it again.")


def write_checksums(folder: Path) -> None:
    """Write down the files as they are now, in the format of the sha256sum command."""
    lines = [f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in (MODEL, VOCABULARY)]
    (folder / CHECKSUMS).write_text("".join(lines), encoding="utf-8")
