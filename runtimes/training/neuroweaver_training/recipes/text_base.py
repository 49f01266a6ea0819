"""The base version of a text model: its tokenizer and the weights in its graph, to go on from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from tokenizers import Tokenizer

from ..errors import InvalidSpec
from ..evaluation.metrics import classification_metrics
from .context import Context
from .text_data import TextData
from .text_model import Encoder, Shape
from .text_tokenizer import encode_texts, padded


@dataclass
class Base:
    """`weights` by the names of the encoder's state; `heads` stands in the graph's first Reshape of a layer."""

    weights: dict[str, np.ndarray]
    heads: int
    labels: list[str]
    tokenizer: Tokenizer
    max_length: int

    def encoder(self, labels: list[str], dropout: float) -> Encoder:
        """An encoder with these weights; the rows of its head follow `labels`, new classes begin untrained."""
        vocabulary, hidden = self.weights['tokens.weight'].shape
        layers = sum(name.endswith('.attention.bias') for name in self.weights)
        encoder = Encoder(Shape(vocabulary, len(self.weights['positions.weight']), hidden, layers, self.heads, len(labels)), dropout)
        state = encoder.state_dict()
        for name in state:
            value = torch.from_numpy(self.weights[name].copy())
            state[name] = self._head(state[name], value, labels) if name.startswith('head.') else value
        encoder.load_state_dict(state)
        return encoder

    def _head(self, fresh: torch.Tensor, old: torch.Tensor, labels: list[str]) -> torch.Tensor:
        for place, label in enumerate(labels):
            if label in self.labels:
                fresh[place] = old[self.labels.index(label)]
        return fresh


def load_base(context: Context) -> Base | None:
    """None without a base. Raises InvalidSpec for a base that this recipe did not train."""
    if not context.spec.get('base'):
        return None
    manifest_file, model_file, tokenizer_file = (context.base_file(name) for name in ('neuroweaver.json', 'model.onnx', 'tokenizer.json'))
    if not (manifest_file and model_file and tokenizer_file):
        raise InvalidSpec('base: the version lacks neuroweaver.json, model.onnx or tokenizer.json, so it cannot be continued')
    manifest = json.loads(manifest_file.read_text('utf-8'))
    model = onnx.load(str(model_file))
    weights = {value.name: numpy_helper.to_array(value) for value in model.graph.initializer}
    if manifest.get('kind') != 'text' or 'tokens.weight' not in weights or 'layers.0.attention.weight' not in weights:
        raise InvalidSpec('base: the version is not a text model of this recipe, so it cannot be continued')
    context.emit.log('Going on from the base version: its tokenizer, sizes and longest text are kept.')
    named = {name: value for name, value in weights.items() if not name.startswith('/nw/')}
    return Base(named, _heads(model, weights), manifest['labels'], Tokenizer.from_file(str(tokenizer_file)),
                manifest['tokenizer']['max_length'])


def _heads(model: Any, weights: dict[str, np.ndarray]) -> int:
    shapes = (weights.get(node.input[1]) for node in model.graph.node if node.op_type == 'Reshape')
    return next(int(shape[3]) for shape in shapes if shape is not None and len(shape) == 5)


def previous_metrics(context: Context, data: TextData, base: Base | None) -> dict[str, float | None] | None:
    """The base version's figures on the same test texts; None where its classes are others."""
    if base is None:
        return None
    if base.labels != data.target.labels:
        context.emit.warning('The base version knows other classes, so it is not compared with.', 'base_incomparable')
        return None
    encoder = base.encoder(base.labels, 0.0).eval()
    rows = encode_texts(base.tokenizer, [data.texts[row] for row in data.split.test], base.max_length)
    answers = []
    with torch.no_grad():
        for start in range(0, len(rows), 64):
            ids, mask = padded(rows[start:start + 64])
            answers.append(encoder(torch.from_numpy(ids), torch.from_numpy(mask)).double().softmax(1).numpy())
    return classification_metrics(data.target.codes[data.split.test], np.concatenate(answers))
