"""Golden cases of a tabular model: real rows, and the raw values that go wrong most easily."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..data.features import Feature, encode
from ..data.table import Column, Table
from .golden import Tensor, array, class_outputs, number_output, tensor

BATCH = 16
Raw = dict[str, 'float | str']


def raw_row(table: Table, features: list[Feature], row: int) -> Raw:
    """The values of a row as a caller would send them: NaN and '' for missing, numbers as FP32 holds them."""
    return {f.name: float(np.float32(table.columns[f.name].numbers[row])) if f.kind == 'number' else table.columns[f.name].text_at(row)
            for f in features}


def table_of(rows: list[Raw], features: list[Feature]) -> Table:
    """Raw rows as a table that `encode` takes."""
    columns = {}
    for feature in features:
        values = [row[feature.name] for row in rows]
        if feature.kind == 'number':
            columns[feature.name] = Column(feature.name, 'number', numbers=np.array(values, np.float64))
        else:
            texts = sorted({str(value) for value in values if value != ''})
            codes = np.array([texts.index(str(value)) if value != '' else -1 for value in values], np.int32)
            columns[feature.name] = Column(feature.name, 'text', codes=codes, texts=texts)
    return Table(columns, np.arange(len(rows)), np.zeros(len(rows), int), ['golden'])


def cases(table: Table, features: list[Feature], test: np.ndarray) -> list[tuple[str, list[Raw]]]:
    """At least 8 named cases of raw rows."""
    rows = [raw_row(table, features, int(row)) for row in test[:BATCH]]
    first = rows[0]
    found = [(f'test row {number}', [row]) for number, row in enumerate(rows[:3], 1)]
    found.append(('batch', rows if len(rows) > 1 else rows * 2))
    found.append(('all missing', [_with(first, features, lambda f: math.nan, lambda f: '')]))
    found.append(('unknown categories', [_with(first, features, None, lambda f: 'a category that training never saw')]))
    found.append(('non-ASCII', [_with(first, features, None, lambda f: 'Zürich – 東京 🚲')]))
    found.append(('longest text', [_with(first, features, None, lambda f: max(f.categories, key=len))]))
    found.append(('smallest numbers', [_with(first, features, lambda f: f.smallest, None)]))
    found.append(('largest numbers', [_with(first, features, lambda f: f.largest, None)]))
    found.append(('far outside', [_with(first, features, lambda f: -1e30, None), _with(first, features, lambda f: 1e30, None)]))
    found.append(('one missing at a time', [{**first, f.name: math.nan if f.kind == 'number' else ''} for f in features[:BATCH]]))
    return found


def _with(row: Raw, features: list[Feature], number: Callable[[Feature], float] | None,
          category: Callable[[Feature], str] | None) -> Raw:
    changed = dict(row)
    for feature in features:
        make: Any = number if feature.kind == 'number' else category
        if make is not None:
            changed[feature.name] = make(feature)
    return changed


def inputs_of(rows: list[Raw], features: list[Feature]) -> list[Tensor]:
    """The request for these rows."""
    tensors = []
    for feature in features:
        is_number = feature.kind == 'number'
        values = np.array([[row[feature.name]] for row in rows], np.float64 if is_number else object)
        tensors.append(tensor(feature.name, 'FP32' if is_number else 'BYTES', values))
    return tensors


def golden_cases(table: Table, features: list[Feature], test: np.ndarray, predict: Callable[[np.ndarray], np.ndarray],
                 labels: list[str]) -> list[dict[str, Any]]:
    """The cases with the answers that the training framework gives. predict: FP32 [rows, features] → the model's answer."""
    result = []
    for name, rows in cases(table, features, test):
        answer = predict(encode(table_of(rows, features), features))
        outputs = class_outputs(answer, labels) if labels else number_output(answer)
        result.append({'name': name, 'inputs': inputs_of(rows, features), 'outputs': outputs})
    return result


def feeds(inputs: list[Tensor]) -> dict[str, np.ndarray]:
    return {value['name']: array(value) for value in inputs}
