"""Feature columns as the model sees them; all that is fitted here is fitted on the training part only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from .table import Column, Table

MOST_CATEGORIES = 10_000
SMOOTHING_ROWS = 10.0


@dataclass
class Feature:
    """A column with its encoding. Category codes follow `categories`; `fill` stands for missing and unknown values:
    NaN or -1 where training had missing values, else the median or the commonest category."""

    name: str
    kind: Literal['number', 'category']
    fill: float
    categories: list[str]
    categories_by_count: list[str]
    smallest: float
    largest: float
    example: float | str


def fit_feature(column: Column, rows: np.ndarray, order_by: np.ndarray) -> Feature:
    """Fits on `rows`, at least one of which has a value. `order_by` [table rows]: a figure of the target that sorts categories."""
    return _fit_number(column, rows) if column.kind == 'number' else _fit_category(column, rows, order_by)


def _fit_number(column: Column, rows: np.ndarray) -> Feature:
    values = column.numbers[rows].astype(np.float32)
    known = values[~np.isnan(values)]
    # An observed value, not a mean of two: it reads as the column does.
    median = float(np.sort(known)[len(known) // 2])
    fill = float('nan') if len(known) < len(values) else median
    return Feature(column.name, 'number', fill, [], [], float(known.min()), float(known.max()), median)


def _fit_category(column: Column, rows: np.ndarray, order_by: np.ndarray) -> Feature:
    codes = column.codes[rows]
    is_known = codes >= 0
    counts = np.bincount(codes[is_known], minlength=len(column.texts))
    seen = [int(code) for code in np.flatnonzero(counts)]
    common = sorted(seen, key=lambda code: (-counts[code], column.texts[code]))[:MOST_CATEGORIES]
    sums = np.bincount(codes[is_known], weights=order_by[rows][is_known], minlength=len(column.texts))
    mean = order_by[rows].mean()
    # Trees split codes as ordinals: sorted by the (smoothed) target, one split parts the categories well.
    place = (sums + SMOOTHING_ROWS * mean) / (counts + SMOOTHING_ROWS)
    ordered = sorted(common, key=lambda code: (place[code], column.texts[code]))
    fill = float(ordered.index(common[0])) if is_known.all() and len(common) == len(seen) else -1.0
    by_count = [column.texts[code] for code in common]
    return Feature(column.name, 'category', fill, [column.texts[code] for code in ordered], by_count, 0.0, 0.0, by_count[0])


def encode(table: Table, features: list[Feature]) -> np.ndarray:
    """FP32 [rows, features], as the graph computes it from the same columns."""
    matrix = np.empty((len(table), len(features)), np.float32)
    for position, feature in enumerate(features):
        column = table.columns[feature.name]
        matrix[:, position] = _encode_numbers(column, feature) if feature.kind == 'number' else _encode_codes(column, feature)
    return matrix


def _encode_numbers(column: Column, feature: Feature) -> np.ndarray:
    values = column.numbers.astype(np.float32)
    return np.where(np.isnan(values), np.float32(feature.fill), values)


def _encode_codes(column: Column, feature: Feature) -> np.ndarray:
    place = {text: code for code, text in enumerate(feature.categories)}
    # One more entry at the end is what code -1 (missing) reads.
    lookup = np.array([place.get(text, feature.fill) for text in column.texts] + [feature.fill], np.float32)
    return lookup[column.codes]


def order_figure(codes: np.ndarray, classes: int) -> np.ndarray:
    """A figure a row by which categories are sorted: the second class, or with more classes the commonest one."""
    if classes == 2:
        return (codes == 1).astype(float)
    return (codes == np.bincount(codes, minlength=classes).argmax()).astype(float)
