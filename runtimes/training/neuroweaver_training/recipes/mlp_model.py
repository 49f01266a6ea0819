"""A multilayer perceptron over a table's columns: imputing, scaling and embedding are part of the model and of its graph."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from ..data.features import Feature
from ..export.graph import Graph

# Standardised numbers beyond this say only "far outside"; without it one wild value drowns all others.
FARTHEST = 10.0


@dataclass(frozen=True)
class Columns:
    """Which columns of the matrix are numbers, with mean and scale (1 where there is no variance), which of them had
    missing values in training, and which are categories, with how many."""

    numbers: list[int]
    mean: np.ndarray
    scale: np.ndarray
    missing: list[int]
    categories: list[int]
    sizes: list[int]


def fit_columns(features: list[Feature], x: np.ndarray) -> Columns:
    """x: the training rows."""
    numbers = [place for place, feature in enumerate(features) if feature.kind == 'number']
    categories = [place for place, feature in enumerate(features) if feature.kind == 'category']
    part = x[:, numbers].astype(np.float64)
    scale = np.nanstd(part, axis=0) if numbers else np.empty(0)
    missing = [position for position, place in enumerate(numbers) if math.isnan(features[place].fill)]
    return Columns(numbers, (np.nanmean(part, axis=0) if numbers else np.empty(0)).astype(np.float32),
                   np.where(scale > 0, scale, 1.0).astype(np.float32), missing, categories,
                   [len(features[place].categories) for place in categories])


def width_of(size: int) -> int:
    """Width of the embedding of a category column."""
    return min(32, math.ceil(math.sqrt(size)) + 1)


class Mlp(nn.Module):
    """FP32 [N, features] as `encode` gives it → FP32 [N, scores]."""

    mean: torch.Tensor
    scale: torch.Tensor

    def __init__(self, columns: Columns, hidden: int, layers: int, dropout: float, scores: int) -> None:
        super().__init__()
        self.columns = columns
        self.register_buffer('mean', torch.from_numpy(columns.mean))
        self.register_buffer('scale', torch.from_numpy(columns.scale))
        # Row 0 stands for missing and unknown, code -1.
        self.tables = nn.ModuleList(nn.Embedding(size + 1, width_of(size)) for size in columns.sizes)
        width = len(columns.numbers) + len(columns.missing) + sum(map(width_of, columns.sizes))
        sizes = [width] + [hidden] * layers
        self.hidden = nn.ModuleList(nn.Linear(before, after) for before, after in zip(sizes, sizes[1:]))
        self.last = nn.Linear(sizes[-1], scores)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        parts = []
        if self.columns.numbers:
            numbers = (x[:, self.columns.numbers] - self.mean) / self.scale
            is_missing = numbers.isnan()
            parts.append(torch.where(is_missing, 0.0, numbers).clamp(-FARTHEST, FARTHEST))
            if self.columns.missing:
                parts.append(is_missing[:, self.columns.missing].float())
        for place, table in zip(self.columns.categories, self.tables):
            parts.append(table(x[:, place].long() + 1))
        values = torch.cat(parts, 1)
        for layer in self.hidden:
            values = self.dropout(layer(values).relu())
        return self.last(values)


def add_mlp(graph: Graph, matrix: str, model: Mlp) -> str:
    """The same as a graph over `matrix`; the result is FP32 [N, scores]."""
    columns = model.columns
    parts = _number_parts(graph, matrix, model) if columns.numbers else []
    for place, table in zip(columns.categories, model.tables):
        code = graph.node('Gather', [matrix, graph.constant(np.array(place, np.int64))], axis=1)
        index = graph.node('Cast', [graph.node('Add', [code, graph.constant(np.array(1, np.float32))])], to=7)
        parts.append(graph.node('Gather', [graph.constant(_numpy(table.weight)), index], axis=0))
    values = graph.node('Concat', parts, axis=1)
    for layer in model.hidden:
        values = graph.node('Relu', [_linear(graph, values, layer)])
    return _linear(graph, values, model.last)


def _number_parts(graph: Graph, matrix: str, model: Mlp) -> list[str]:
    columns = model.columns
    numbers = graph.node('Gather', [matrix, graph.ints(*columns.numbers)], axis=1)
    numbers = graph.node('Sub', [numbers, graph.constant(columns.mean)])
    numbers = graph.node('Div', [numbers, graph.constant(columns.scale)])
    is_missing = graph.node('IsNaN', [numbers])
    known = graph.node('Where', [is_missing, graph.constant(np.array(0, np.float32)), numbers])
    limits = [graph.constant(np.array(value, np.float32)) for value in (-FARTHEST, FARTHEST)]
    parts = [graph.node('Clip', [known, *limits])]
    if columns.missing:
        flags = graph.node('Cast', [is_missing], to=1)
        parts.append(graph.node('Gather', [flags, graph.ints(*columns.missing)], axis=1))
    return parts


def _linear(graph: Graph, values: str, layer: nn.Linear) -> str:
    return graph.node('Gemm', [values, graph.constant(_numpy(layer.weight)), graph.constant(_numpy(layer.bias))], transB=1)


def _numpy(value: torch.Tensor) -> np.ndarray:
    return value.detach().cpu().numpy()
