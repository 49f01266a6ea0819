"""Targets and splits: what tabular and text recipes share."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ..data.split import Split, draw, row_hashes, strata_of_numbers
from ..data.table import Table
from ..errors import InvalidData
from .context import Context

VALIDATION_SHARE = 0.15
LEAST_ROWS_TO_VALIDATE = 40
MOST_CLASSES = 1000


@dataclass
class Target:
    """Classes: `labels` and `codes` into them. A number: `numbers`, with mean and scale of the training part."""

    name: str
    labels: list[str] = field(default_factory=list)
    codes: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    numbers: np.ndarray = field(default_factory=lambda: np.empty(0))

    @property
    def is_classes(self) -> bool:
        return bool(self.labels)


def read_classes(table: Table, name: str) -> Target:
    """Raises InvalidData for one class only, a class with one row, and more classes than can be meant."""
    column = table.columns[name]
    counts = np.bincount(column.codes, minlength=len(column.texts))
    used = np.flatnonzero(counts)
    if len(used) < 2:
        raise InvalidData(f'the target has only one class, "{column.texts[used[0]]}"', column=name)
    if len(used) > MOST_CLASSES or (len(used) > 20 and len(used) > len(table) / 2):
        raise InvalidData(f'the target has {len(used)} distinct values in {len(table)} rows: too many for classes', column=name)
    lonely = next((code for code in used if counts[code] < 2), None)
    if lonely is not None:
        place = table.place(int(np.flatnonzero(column.codes == lonely)[0]))
        raise InvalidData(f'the class "{column.texts[lonely]}" has only one row; at least 2 are needed', column=name,
                          file=str(place['file']), row=int(place['row']))
    labels = sorted((column.texts[code] for code in used), key=_label_order)
    lookup = np.array([labels.index(text) if counts[code] else -1 for code, text in enumerate(column.texts)])
    return Target(name, labels=labels, codes=lookup[column.codes])


def _label_order(label: str) -> tuple[int, float, str]:
    try:
        return (0, float(label), label)
    except ValueError:
        return (1, 0.0, label)


def read_numbers(table: Table, name: str) -> Target:
    """Raises InvalidData when the target has one value only or too few rows."""
    numbers = table.columns[name].numbers
    if len(numbers) < 5:
        raise InvalidData(f'only {len(numbers)} rows have a target; at least 5 are needed', column=name)
    if numbers.min() == numbers.max():
        raise InvalidData(f'the target has only one value, {numbers[0]:g}', column=name)
    return Target(name, numbers=numbers)


def make_split(context: Context, table: Table, target: Target, hashed: list[str]) -> tuple[Split, int]:
    """Draws test rows, then validation rows among the others. Gives the split and how many duplicates left the test part."""
    spec, random = context.spec['split'], np.random.default_rng(context.seed)
    group = spec.get('group_by')
    groups = _group_codes(table, group) if group else None
    strata = target.codes if target.is_classes else strata_of_numbers(target.numbers)
    rows = np.arange(len(table))
    test = draw(rows, spec['test'], strata, groups, random)
    rest = np.setdiff1d(rows, test, assume_unique=True)
    if not len(test) or not len(rest):
        raise InvalidData('too few rows or groups to set a test part aside', column=group)
    test, dropped = _without_duplicates(context, table, target, hashed, rest, test)
    validation = rest[:0]
    if len(rest) >= LEAST_ROWS_TO_VALIDATE:
        validation = draw(rest, VALIDATION_SHARE, strata, groups, random)
    train = np.setdiff1d(rest, validation, assume_unique=True)
    _check_classes(target, train, group)
    method = f'grouped by {group}' if group else 'stratified'
    parts = f'{len(train)} rows to train on, {len(validation)} to validate, {len(test)} to test'
    context.emit.log(f'Split ({method}, seed {context.seed}): {parts}.')
    return Split(train, validation, test, method), dropped


def _group_codes(table: Table, name: str) -> np.ndarray:
    column = table.columns[name]
    codes = np.unique(column.numbers, return_inverse=True)[1] if column.kind == 'number' else column.codes.astype(np.int64)
    # Rows without a group are each a group of their own.
    return np.where(column.is_missing, len(table) + np.arange(len(table)), codes)


def _without_duplicates(context: Context, table: Table, target: Target, hashed: list[str], train: np.ndarray,
                        test: np.ndarray) -> tuple[np.ndarray, int]:
    answer = target.codes if target.is_classes else target.numbers
    columns = [table.columns[name] for name in hashed]
    hashes = row_hashes([answer] + [column.numbers if column.kind == 'number' else column.codes for column in columns])
    is_known = np.isin(hashes[test], hashes[train])
    count = int(is_known.sum())
    if count == 0:
        return test, 0
    if count > len(test) / 2:
        context.emit.warning(f'{count} of {len(test)} test rows also stand in the training part; so many are kept, because rows of '
                             'this data repeat by nature. The test figures favour memorising.', 'duplicates_kept')
        return test, 0
    context.emit.warning(f'{count} test rows also stand in the training part and are left out of the test.', 'duplicates_dropped')
    return test[~is_known], count


def _check_classes(target: Target, train: np.ndarray, group: str | None) -> None:
    if not target.is_classes:
        return
    missing = np.setdiff1d(np.arange(len(target.labels)), target.codes[train])
    if len(missing):
        raise InvalidData(f'no training row is left for the class "{target.labels[missing[0]]}"'
                          + (f' when rows are kept together by "{group}"' if group else ''), column=target.name)
