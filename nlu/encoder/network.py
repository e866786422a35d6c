"""The network in PyTorch: MiniLM's six BERT layers read from its published weights, and our two heads on top."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

WIDTH, HEADS, LAYERS, INNER, WORDS, PLACES = 384, 12, 6, 1536, 30522, 512
_EPSILON = 1e-12


class Layer(nn.Module):  # type: ignore[misc]  # the environment of the checks has no PyTorch
    """One transformer block, normalised after each half, as BERT does."""

    def __init__(self, dropout: float) -> None:
        super().__init__()
        self.query, self.key, self.value, self.output = (nn.Linear(WIDTH, WIDTH) for _ in range(4))
        self.attention_norm = nn.LayerNorm(WIDTH, eps=_EPSILON)
        self.inner, self.outer = nn.Linear(WIDTH, INNER), nn.Linear(INNER, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, eps=_EPSILON)
        self.dropout = nn.Dropout(dropout)
        self._attention_dropout = dropout

    def forward(self, hidden: Tensor, mask: Tensor | None) -> Tensor:
        rows, length, _ = hidden.shape
        query, key, value = (
            part(hidden).view(rows, length, HEADS, WIDTH // HEADS).transpose(1, 2)
            for part in (self.query, self.key, self.value)
        )
        seen = nn.functional.scaled_dot_product_attention(
            query, key, value, attn_mask=mask, dropout_p=self._attention_dropout if self.training else 0.0
        )
        seen = seen.transpose(1, 2).reshape(rows, length, WIDTH)
        hidden = self.attention_norm(hidden + self.dropout(self.output(seen)))
        inner = nn.functional.gelu(self.inner(hidden))
        return self.norm(hidden + self.dropout(self.outer(inner)))


class Encoder(nn.Module):  # type: ignore[misc]
    """Token ids to one vector for each token."""

    def __init__(self, dropout: float) -> None:
        super().__init__()
        self.words, self.places = nn.Embedding(WORDS, WIDTH), nn.Embedding(PLACES, WIDTH)
        self.norm = nn.LayerNorm(WIDTH, eps=_EPSILON)
        self.dropout = nn.Dropout(dropout)
        self.layers = nn.ModuleList(Layer(dropout) for _ in range(LAYERS))

    def forward(self, ids: Tensor, mask: Tensor | None) -> Tensor:
        places = self.places(torch.arange(ids.shape[1], device=ids.device))
        hidden = self.dropout(self.norm(self.words(ids) + places))
        for layer in self.layers:
            hidden = layer(hidden, mask)
        return hidden


class Reader(nn.Module):  # type: ignore[misc]
    """The encoder with a head for the intent (on the mean of the tokens) and one for each token's tag."""

    def __init__(self, intents: int, tags: int, *, dropout: float = 0.1) -> None:
        super().__init__()
        self.encoder = Encoder(dropout)
        self.dropout = nn.Dropout(dropout)
        self.intent_head = nn.Linear(WIDTH, intents)
        self.tag_head = nn.Linear(WIDTH, tags)

    def forward(self, ids: Tensor, is_token: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of the intents and of the tags, for a batch padded to one length."""
        hidden = self.encoder(ids, is_token[:, None, None, :])
        share = is_token.unsqueeze(-1).to(hidden.dtype)
        mean = (hidden * share).sum(1) / share.sum(1)
        return self.intent_head(self.dropout(mean)), self.tag_head(self.dropout(hidden))


class Exported(nn.Module):  # type: ignore[misc]
    """What ships: one sentence at a time, so no padding and no mask."""

    def __init__(self, reader: Reader) -> None:
        super().__init__()
        self.reader = reader

    def forward(self, ids: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The sentence's vector, the intents' logits, the tags' logits."""
        hidden = self.reader.encoder(ids, None)
        mean = hidden.mean(1)
        return mean, self.reader.intent_head(mean), self.reader.tag_head(hidden)


def read_weights(encoder: Encoder, path: Path) -> None:
    """Fill the encoder with the published weights of all-MiniLM-L6-v2."""
    published = load_file(path)
    own: dict[str, Any] = {
        "words.weight": published["embeddings.word_embeddings.weight"],
        # All our texts are the first segment, whose vector is the same for every token.
        "places.weight": published["embeddings.position_embeddings.weight"]
        + published["embeddings.token_type_embeddings.weight"][0],
        "norm.weight": published["embeddings.LayerNorm.weight"],
        "norm.bias": published["embeddings.LayerNorm.bias"],
    }
    parts = {
        "query": "attention.self.query",
        "key": "attention.self.key",
        "value": "attention.self.value",
        "output": "attention.output.dense",
        "attention_norm": "attention.output.LayerNorm",
        "inner": "intermediate.dense",
        "outer": "output.dense",
        "norm": "output.LayerNorm",
    }
    for layer in range(LAYERS):
        for ours, theirs in parts.items():
            for kind in ("weight", "bias"):
                own[f"layers.{layer}.{ours}.{kind}"] = published[f"encoder.layer.{layer}.{theirs}.{kind}"]
    encoder.load_state_dict(own)
