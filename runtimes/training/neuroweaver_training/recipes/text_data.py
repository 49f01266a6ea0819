"""Texts and their classes, read, checked and split."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..data.split import Split
from ..data.table import Kind, Table, read_table
from ..errors import InvalidData, InvalidSpec
from .context import Context
from .parts import Target, make_split, read_classes


@dataclass
class TextData:
    """`texts` and `target` follow the table's rows; a missing text is ''."""

    table: Table
    column: str
    texts: list[str]
    target: Target
    split: Split
    facts: dict[str, Any] = field(default_factory=dict)


def load(context: Context) -> TextData:
    """Raises InvalidData or InvalidSpec with the place of the fault."""
    spec = context.spec
    roles, known = spec['columns'], {column['name'] for column in spec['dataset']['columns']}
    text, label, group = roles.get('text') or 'text', roles.get('label') or 'label', spec['split'].get('group_by')
    for role, name in (('text', text), ('label', label)):
        if name not in known:
            raise InvalidData(f'the data set has no such column, and it is to be the {role}', column=name)
    if text == label:
        raise InvalidSpec(f'columns: "{text}" cannot be both text and label')
    if group and group not in known:
        raise InvalidSpec(f'split.group_by: the data set has no column "{group}"')
    kinds: dict[str, Kind] = {name: 'text' for name in (text, label, group) if name}
    with context.phase('loading', f'Reading {len(context.data_files)} file(s)'):
        table = read_table(context.data_files, spec['dataset']['format'], kinds)
    with context.phase('checking', f'{len(table)} rows'):
        return _check(context, table, text, label)


def _check(context: Context, table: Table, text: str, label: str) -> TextData:
    rows = len(table)
    for name in (text, label):
        is_missing = table.columns[name].is_missing
        if is_missing.all():
            raise InvalidData('every row is empty here', column=name)
        if is_missing.any():
            first = int(table.row_number[np.flatnonzero(is_missing)[0]])
            context.emit.warning(f'{int(is_missing.sum())} rows have no "{name}" (the first is row {first}) and are left out.',
                                 'row_incomplete')
            table = table.take(np.flatnonzero(~is_missing))
            if not len(table):
                raise InvalidData('no row has both a text and a label')
    target = read_classes(table, label)
    split, duplicates = make_split(context, table, target, [text])
    column = table.columns[text]
    facts = {'rows': rows, 'rows_without_target': rows - len(table), 'duplicates_dropped': duplicates}
    return TextData(table, text, [column.texts[code] for code in column.codes], target, split, facts)
