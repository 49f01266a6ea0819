"""The base version on the same test rows, so that a person sees whether the new one is better."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from ..evaluation.metrics import classification_metrics, regression_metrics
from ..export.golden import open_session
from .context import Context
from .tabular_data import TabularData


def tabular_baseline(context: Context, data: TabularData) -> dict[str, Any] | None:
    """Metrics of the base version on the test rows; None, and a warning that says why, where it cannot answer them."""
    if not context.spec.get('base'):
        return None
    context.emit.log('The base version is compared with; tabular models are trained anew.')
    model, manifest_file = context.base_file('model.onnx'), context.base_file('neuroweaver.json')
    if model is None or manifest_file is None:
        context.emit.warning('The base version has no manifest, so it is not compared with.', 'base_incomparable')
        return None
    manifest = json.loads(manifest_file.read_text('utf-8'))
    if manifest.get('labels', []) != data.target.labels:
        context.emit.warning('The base version knows other classes, so it is not compared with.', 'base_incomparable')
        return None
    missing = [spec['name'] for spec in manifest['signature']['inputs'] if spec['name'] not in data.table.columns]
    if missing:
        context.emit.warning(f'The base version needs the column "{missing[0]}", so it is not compared with.', 'base_incomparable')
        return None
    return _measure(data, manifest, open_session(model))


def _measure(data: TabularData, manifest: dict[str, Any], session: Any) -> dict[str, Any]:
    test = data.split.test
    feeds = {spec['name']: _feed(data, spec, test) for spec in manifest['signature']['inputs']}
    if data.target.is_classes:
        return classification_metrics(data.target.codes[test], session.run(['probabilities'], feeds)[0].astype(np.float64))
    return regression_metrics(data.target.numbers[test], session.run(['prediction'], feeds)[0][:, 0].astype(np.float64))


def _feed(data: TabularData, spec: dict[str, Any], rows: np.ndarray) -> np.ndarray:
    column = data.table.columns[spec['name']]
    if spec['datatype'] == 'FP32':
        return column.numbers[rows].astype(np.float32).reshape(-1, 1)
    return np.array([[column.text_at(int(row))] for row in rows], dtype=object)
