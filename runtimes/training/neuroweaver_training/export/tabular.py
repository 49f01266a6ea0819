"""The graph around a tabular model: one input a column, the outputs that the contract names, and its signature."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import TensorProto

from ..data.features import Feature
from .graph import Graph

HINT_CATEGORIES = 50
HINT_CHARACTERS = 200
RESERVED = {'classification': ('label', 'probabilities'), 'regression': ('prediction',)}


def add_inputs(graph: Graph, features: list[Feature]) -> str:
    """One input [N, 1] a feature, joined to FP32 [N, features]: categories as codes, missing values filled where training had none."""
    parts = []
    for feature in features:
        is_number = feature.kind == 'number'
        name = graph.input(feature.name, TensorProto.FLOAT if is_number else TensorProto.STRING, [graph.dimension, 1])
        parts.append(name if is_number else _codes(graph, name, feature))
    matrix = graph.node('Concat', parts, axis=1)
    fill = np.array([feature.fill if feature.kind == 'number' else np.nan for feature in features], np.float32)
    if np.isnan(fill).all():
        return matrix
    return graph.node('Where', [graph.node('IsNaN', [matrix]), graph.constant(fill), matrix])


def _codes(graph: Graph, name: str, feature: Feature) -> str:
    values = [float(code) for code in range(len(feature.categories))]
    return graph.node('LabelEncoder', [name], domain='ai.onnx.ml', keys_strings=feature.categories, values_floats=values,
                      default_float=float(feature.fill))


def add_probabilities(graph: Graph, scores: str, classes: int) -> str:
    """Raw scores [N, 1] of two classes, or [N, classes], as probabilities [N, classes]."""
    if classes > 2:
        return graph.node('Softmax', [scores], axis=1)
    second = graph.node('Sigmoid', [scores])
    first = graph.node('Sub', [graph.constant(np.array(1, np.float32)), second])
    return graph.node('Concat', [first, second], axis=1)


def add_class_outputs(graph: Graph, probabilities: str, labels: list[str]) -> None:
    best = graph.node('ArgMax', [probabilities], axis=1, keepdims=1)
    graph.output('label', graph.node('Gather', [graph.strings(labels), best], axis=0), TensorProto.STRING, [graph.dimension, 1])
    graph.output('probabilities', probabilities, TensorProto.FLOAT, [graph.dimension, len(labels)])


def add_number_output(graph: Graph, scores: str, mean: float, scale: float) -> None:
    """Scores of the standardised target [N, 1] in the target's own unit."""
    scaled = graph.node('Mul', [scores, graph.constant(np.array(scale, np.float32))])
    result = graph.node('Add', [scaled, graph.constant(np.array(mean, np.float32))])
    graph.output('prediction', result, TensorProto.FLOAT, [graph.dimension, 1])


def signature(features: list[Feature], labels: list[str] | None) -> dict[str, Any]:
    """The contract's signature: inputs with hints of what training saw; outputs for `labels`, or for a number."""
    return {'inputs': [_input(feature) for feature in features], 'outputs': outputs(labels)}


def outputs(labels: list[str] | None) -> list[dict[str, Any]]:
    if labels is None:
        return [{'name': 'prediction', 'datatype': 'FP32', 'shape': [-1, 1]}]
    return [
        {'name': 'label', 'datatype': 'BYTES', 'shape': [-1, 1]},
        {'name': 'probabilities', 'datatype': 'FP32', 'shape': [-1, len(labels)], 'labels': labels},
    ]


def _input(feature: Feature) -> dict[str, Any]:
    if feature.kind == 'number':
        hint: dict[str, Any] = {'min': feature.smallest, 'max': feature.largest, 'example': feature.example}
        return {'name': feature.name, 'datatype': 'FP32', 'shape': [-1, 1], 'hint': hint}
    short = [text for text in feature.categories_by_count if len(text) <= HINT_CHARACTERS]
    hint = {'categories': short[:HINT_CATEGORIES], **({'example': short[0]} if short else {})}
    return {'name': feature.name, 'datatype': 'BYTES', 'shape': [-1, 1], 'hint': hint}
