"""A small transformer encoder, and the same as an ONNX graph whose constants carry the names of its weights."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from onnx import ModelProto, TensorProto
from torch import nn
from torch.nn import functional

from ..export.graph import Graph

MASKED = -1e9
EPSILON = 1e-5
INITIAL_DEVIATION = 0.02


@dataclass(frozen=True)
class Shape:
    """Sizes of an encoder; `max_length` counts positions."""

    vocabulary: int
    max_length: int
    hidden: int
    layers: int
    heads: int
    classes: int


class Layer(nn.Module):
    """Pre-norm attention and feed-forward."""

    def __init__(self, shape: Shape, dropout: float) -> None:
        super().__init__()
        self.heads = shape.heads
        self.norm1, self.norm2 = nn.LayerNorm(shape.hidden, EPSILON), nn.LayerNorm(shape.hidden, EPSILON)
        self.attention = nn.Linear(shape.hidden, 3 * shape.hidden)
        self.mix = nn.Linear(shape.hidden, shape.hidden)
        self.widen = nn.Linear(shape.hidden, 4 * shape.hidden)
        self.narrow = nn.Linear(4 * shape.hidden, shape.hidden)
        self.dropout = nn.Dropout(dropout)

    def forward(self, hidden: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        """hidden: [N, L, H]; bias: [N, 1, 1, L], 0 or MASKED."""
        rows, length, width = hidden.shape
        parts = self.attention(self.norm1(hidden)).view(rows, length, 3, self.heads, width // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        scores = query @ key.transpose(-1, -2) / math.sqrt(width // self.heads) + bias
        mixed = (self.dropout(scores.softmax(-1)) @ value).transpose(1, 2).reshape(rows, length, width)
        hidden = hidden + self.dropout(self.mix(mixed))
        return hidden + self.dropout(self.narrow(functional.gelu(self.widen(self.norm2(hidden)))))


class Encoder(nn.Module):
    """Token ids and mask [N, L] to logits [N, classes], by the mean and the maximum over the tokens."""

    def __init__(self, shape: Shape, dropout: float) -> None:
        super().__init__()
        self.shape = shape
        self.tokens = nn.Embedding(shape.vocabulary, shape.hidden)
        self.positions = nn.Embedding(shape.max_length, shape.hidden)
        self.layers = nn.ModuleList(Layer(shape, dropout) for _ in range(shape.layers))
        self.norm = nn.LayerNorm(shape.hidden, EPSILON)
        self.head = nn.Linear(2 * shape.hidden, shape.classes)
        self.dropout = nn.Dropout(dropout)
        self.apply(_initialise)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        is_token = mask.unsqueeze(-1).to(torch.float32)
        bias = ((1.0 - mask.to(torch.float32)) * MASKED)[:, None, None, :]
        hidden = self.dropout(self.tokens(ids) + self.positions.weight[: ids.shape[1]])
        for layer in self.layers:
            hidden = layer(hidden, bias)
        hidden = self.norm(hidden)
        mean = (hidden * is_token).sum(1) / is_token.sum(1)
        largest = (hidden + (1.0 - is_token) * MASKED).amax(1)
        return self.head(self.dropout(torch.cat([mean, largest], 1)))


def _initialise(module: nn.Module) -> None:
    if isinstance(module, (nn.Linear, nn.Embedding)):
        nn.init.normal_(module.weight, std=INITIAL_DEVIATION)
    if isinstance(module, nn.Linear):
        nn.init.zeros_(module.bias)


class _Exporter:
    def __init__(self, model: Encoder) -> None:
        self.graph = Graph('batch')
        self.shape = model.shape
        self.weights = {name: value.detach().cpu().numpy() for name, value in model.state_dict().items()}

    def weight(self, name: str) -> str:
        return self.graph.constant(self.weights[name], name)

    def number(self, value: float) -> str:
        return self.graph.constant(np.array(value, np.float32))

    def linear(self, source: str, name: str) -> str:
        turned = self.graph.node('Transpose', [self.weight(f'{name}.weight')], perm=[1, 0])
        return self.graph.node('Add', [self.graph.node('MatMul', [source, turned]), self.weight(f'{name}.bias')])

    def norm(self, source: str, name: str) -> str:
        return self.graph.node('LayerNormalization', [source, self.weight(f'{name}.weight'), self.weight(f'{name}.bias')],
                               axis=-1, epsilon=EPSILON)

    def layer(self, hidden: str, bias: str, name: str) -> str:
        graph, width, heads = self.graph, self.shape.hidden, self.shape.heads
        parts = self.linear(self.norm(hidden, f'{name}.norm1'), f'{name}.attention')
        parts = graph.node('Reshape', [parts, graph.ints(0, 0, 3, heads, width // heads)])
        parts = graph.node('Transpose', [parts], perm=[2, 0, 3, 1, 4])
        query, key, value = (graph.node('Gather', [parts, graph.constant(np.array(place, np.int64))], axis=0) for place in range(3))
        scores = graph.node('MatMul', [query, graph.node('Transpose', [key], perm=[0, 1, 3, 2])])
        scores = graph.node('Div', [scores, self.number(math.sqrt(width // heads))])
        scores = graph.node('Softmax', [graph.node('Add', [scores, bias])], axis=-1)
        mixed = graph.node('Transpose', [graph.node('MatMul', [scores, value])], perm=[0, 2, 1, 3])
        mixed = self.linear(graph.node('Reshape', [mixed, graph.ints(0, 0, width)]), f'{name}.mix')
        hidden = graph.node('Add', [hidden, mixed])
        wide = graph.node('Gelu', [self.linear(self.norm(hidden, f'{name}.norm2'), f'{name}.widen')])
        return graph.node('Add', [hidden, self.linear(wide, f'{name}.narrow')])

    def model(self) -> ModelProto:
        graph = self.graph
        size: list[int | str] = ['batch', 'sequence']
        ids = graph.input('input_ids', TensorProto.INT64, size)
        mask = graph.node('Cast', [graph.input('attention_mask', TensorProto.INT64, size)], to=TensorProto.FLOAT)
        blocked = graph.node('Mul', [graph.node('Sub', [self.number(1), mask]), self.number(MASKED)])
        length = graph.node('Shape', [ids], start=1, end=2)
        places = graph.node('Slice', [self.weight('positions.weight'), graph.ints(0), length, graph.ints(0)])
        hidden = graph.node('Add', [graph.node('Gather', [self.weight('tokens.weight'), ids], axis=0), places])
        bias = graph.node('Unsqueeze', [blocked, graph.ints(1, 2)])
        for number in range(self.shape.layers):
            hidden = self.layer(hidden, bias, f'layers.{number}')
        hidden = self.norm(hidden, 'norm')
        is_token, last = graph.node('Unsqueeze', [mask, graph.ints(2)]), graph.ints(1)
        total = graph.node('ReduceSum', [graph.node('Mul', [hidden, is_token]), last], keepdims=0)
        mean = graph.node('Div', [total, graph.node('ReduceSum', [is_token, last], keepdims=0)])
        shown = graph.node('Add', [hidden, graph.node('Unsqueeze', [blocked, graph.ints(2)])])
        pooled = graph.node('Concat', [mean, graph.node('ReduceMax', [shown, last], keepdims=0)], axis=1)
        graph.output('logits', self.linear(pooled, 'head'), TensorProto.FLOAT, ['batch', self.shape.classes])
        return graph.model()


def export(model: Encoder) -> ModelProto:
    """input_ids, attention_mask INT64 [batch, sequence] → logits FP32 [batch, classes]."""
    return _Exporter(model).model()
