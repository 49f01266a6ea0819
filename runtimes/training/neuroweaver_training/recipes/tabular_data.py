"""From files to the parts of a table that a tabular recipe trains, validates and tests on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..data.features import Feature, encode, fit_feature, order_figure
from ..data.split import Split
from ..data.table import Column, Kind, Table, read_table
from ..errors import InvalidData, InvalidSpec
from ..export.tabular import RESERVED
from .context import Context
from .parts import Target, make_split, read_classes, read_numbers

TEXT_AS_CATEGORY = 50


@dataclass
class TabularData:
    """The matrix `x` is FP32 [rows, features]; `target` has codes or numbers for the same rows."""

    table: Table
    features: list[Feature]
    x: np.ndarray
    target: Target
    split: Split
    excluded: list[dict[str, str]] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)


def load(context: Context) -> TabularData:
    """Reads, checks, splits and encodes. Raises InvalidData or InvalidSpec with the place of the fault."""
    spec, is_classes = context.spec, context.spec['recipe'] == 'tabular-classification'
    target_name = _target(spec)
    excluded: list[dict[str, str]] = []
    wanted = _wanted(spec, target_name, excluded)
    group = spec['split'].get('group_by')
    kinds: dict[str, Kind] = {name: 'number' if kind == 'number' else 'text' for name, kind in wanted.items()}
    if group:
        kinds[group] = kinds.get(group, 'text')
    kinds[target_name] = 'text' if is_classes else 'number'
    with context.phase('loading', f'Reading {len(context.data_files)} file(s)'):
        table = read_table(context.data_files, spec['dataset']['format'], kinds)
    with context.phase('checking', f'{len(table)} rows'):
        return _check(context, table, target_name, wanted, excluded, is_classes)


def _check(context: Context, table: Table, target_name: str, wanted: dict[str, str], excluded: list[dict[str, str]],
           is_classes: bool) -> TabularData:
    rows = len(table)
    table = _with_target(context, table, target_name)
    target = read_classes(table, target_name) if is_classes else read_numbers(table, target_name)
    columns = _usable(table, wanted, excluded)
    for entry in excluded:
        context.emit.warning(f'Column "{entry["name"]}" is left out: {entry["reason"]}.', 'column_excluded')
    split, duplicates = make_split(context, table, target, [column.name for column in columns])
    order_by = order_figure(target.codes, len(target.labels)) if is_classes else target.numbers
    features = _fit(columns, split, order_by, excluded, context)
    facts = {'rows': rows, 'rows_without_target': rows - len(table), 'duplicates_dropped': duplicates}
    return TabularData(table, features, encode(table, features), target, split, excluded, facts)


def _target(spec: dict[str, Any]) -> str:
    name = spec['columns'].get('target')
    if not name:
        raise InvalidSpec('columns.target: the recipe needs the name of the column to predict')
    if name not in {column['name'] for column in spec['dataset']['columns']}:
        raise InvalidData('the data set has no such column, and it is the target', column=name)
    return name


def _wanted(spec: dict[str, Any], target: str, excluded: list[dict[str, str]]) -> dict[str, str]:
    """Feature columns to read, with their types. Datetime columns are told of and left out."""
    types = {column['name']: column['type'] for column in spec['dataset']['columns']}
    roles, group = spec['columns'], spec['split'].get('group_by')
    for role, names in (('features', roles.get('features') or []), ('exclude', roles.get('exclude') or []),
                        ('group_by', [group] if group else [])):
        unknown = next((name for name in names if name not in types), None)
        if unknown is not None:
            raise InvalidSpec(f'{role}: the data set has no column "{unknown}"')
    if target in (roles.get('features') or []):
        raise InvalidSpec(f'columns.features: "{target}" is the target')
    chosen = roles.get('features') or [name for name in types if name != group]
    left_out = {target, *(roles.get('exclude') or [])}
    wanted: dict[str, str] = {}
    for name in dict.fromkeys(chosen):
        if name in left_out:
            continue
        if types[name] == 'datetime':
            excluded.append({'name': name, 'reason': 'dates and times are not trained on'})
        elif name == '':
            excluded.append({'name': name, 'reason': 'it has no name'})
        else:
            wanted[name] = types[name]
    _refuse_reserved(spec['recipe'], wanted)
    return wanted


def _refuse_reserved(recipe: str, wanted: dict[str, str]) -> None:
    reserved = RESERVED['classification' if recipe.endswith('classification') else 'regression']
    clash = next((name for name in wanted if name in reserved), None)
    if clash:
        raise InvalidSpec(f'columns: a feature cannot be named "{clash}", as an output of the model is; rename or exclude it')


def _with_target(context: Context, table: Table, target: str) -> Table:
    is_missing = table.columns[target].is_missing
    if is_missing.all():
        raise InvalidData('the target is missing in every row', column=target)
    if not is_missing.any():
        return table
    first = int(table.row_number[np.flatnonzero(is_missing)[0]])
    context.emit.warning(f'{int(is_missing.sum())} rows have no value in the target "{target}" (the first is row {first}) '
                         'and are left out.', 'target_missing')
    return table.take(np.flatnonzero(~is_missing))


def _usable(table: Table, wanted: dict[str, str], excluded: list[dict[str, str]]) -> list[Column]:
    """Columns with something to learn from. Texts count as categories when few are distinct."""
    columns = []
    for name, kind in wanted.items():
        column = table.columns[name]
        if column.is_missing.all():
            excluded.append({'name': name, 'reason': 'it has no values'})
        elif kind == 'text' and len(column.texts) > min(TEXT_AS_CATEGORY, max(2, len(table) // 2)):
            excluded.append({'name': name, 'reason': f'it is text with {len(column.texts)} distinct values'})
        else:
            columns.append(column)
    return columns


def _fit(columns: list[Column], split: Split, order_by: np.ndarray, excluded: list[dict[str, str]], context: Context) -> list[Feature]:
    features = []
    for column in columns:
        if column.is_missing[split.train].all():
            excluded.append({'name': column.name, 'reason': 'it has no values in the training part'})
            context.emit.warning(f'Column "{column.name}" is left out: it has no values in the training part.', 'column_excluded')
        else:
            features.append(fit_feature(column, split.train, order_by))
    if not features:
        raise InvalidData('no feature column is left to learn from')
    return features
