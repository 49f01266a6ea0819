"""Columns in memory: numbers as float64 with NaN for missing, everything else as codes into a list of distinct texts."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import Literal

import numpy as np

from ..errors import InvalidData
from ..trainer import stop
from .rows import DataFile, Row, read_rows

CHUNK_ROWS = 20_000
_NUMBER_LETTERS = frozenset('0123456789+-.eE ')
FLOAT32_LARGEST = float(np.finfo(np.float32).max)

Kind = Literal['number', 'text']


@dataclass
class Column:
    """`numbers` for kind number; else `codes` into `texts`, -1 for missing."""

    name: str
    kind: Kind
    numbers: np.ndarray = field(default_factory=lambda: np.empty(0))
    codes: np.ndarray = field(default_factory=lambda: np.empty(0, np.int32))
    texts: list[str] = field(default_factory=list)

    @property
    def is_missing(self) -> np.ndarray:
        return np.isnan(self.numbers) if self.kind == 'number' else self.codes < 0

    def text_at(self, row: int) -> str:
        """The value as people wrote it; '' when missing."""
        if self.kind == 'number':
            return '' if np.isnan(self.numbers[row]) else repr(float(self.numbers[row]))
        return self.texts[self.codes[row]] if self.codes[row] >= 0 else ''


@dataclass
class Table:
    """All files of a data set, one after the other; `row_number` and `file_index` lead back to the source."""

    columns: dict[str, Column]
    row_number: np.ndarray
    file_index: np.ndarray
    file_names: list[str]

    def __len__(self) -> int:
        return len(self.row_number)

    def place(self, row: int) -> dict[str, str | int]:
        """File and 1-based data row of a row of this table."""
        return {'file': self.file_names[self.file_index[row]], 'row': int(self.row_number[row])}

    def take(self, rows: np.ndarray) -> Table:
        columns = {
            name: Column(name, column.kind, column.numbers[rows] if column.kind == 'number' else column.numbers,
                         column.codes[rows] if column.kind == 'text' else column.codes, column.texts)
            for name, column in self.columns.items()
        }
        return Table(columns, self.row_number[rows], self.file_index[rows], self.file_names)


class _Builder:
    def __init__(self, name: str, kind: Kind) -> None:
        self.name = name
        self.kind = kind
        self.parts: list[np.ndarray] = []
        self.index: dict[str, int] = {}

    def add(self, values: list[str], rows: list[Row], file: DataFile) -> None:
        self.parts.append(self._numbers(values, rows, file) if self.kind == 'number' else self._codes(values))

    def _codes(self, values: list[str]) -> np.ndarray:
        index = self.index
        codes = [-1 if value == '' else index.setdefault(value, len(index)) for value in values]
        return np.array(codes, np.int32)

    def _numbers(self, values: list[str], rows: list[Row], file: DataFile) -> np.ndarray:
        nan = float('nan')
        try:
            if not _NUMBER_LETTERS.issuperset(''.join(values)):
                raise ValueError
            numbers = np.array([float(value) if value != '' else nan for value in values])
        except ValueError:
            raise self._first_bad(values, rows, file) from None
        too_large = np.flatnonzero(np.abs(numbers) > FLOAT32_LARGEST)
        if len(too_large):
            row = rows[too_large[0]]
            raise InvalidData(f'{values[too_large[0]][:40]} is too large for a number', file=file.name, row=row.number,
                              line=row.line, column=self.name)
        return numbers

    def _first_bad(self, values: list[str], rows: list[Row], file: DataFile) -> InvalidData:
        for value, row in zip(values, rows):
            if value != '' and not _is_number(value):
                return InvalidData(f'"{value[:60]}" is not a number', file=file.name, row=row.number, line=row.line, column=self.name)
        return InvalidData('not a number', file=file.name, column=self.name)

    def finish(self) -> Column:
        if self.kind == 'number':
            return Column(self.name, 'number', numbers=np.concatenate(self.parts) if self.parts else np.empty(0))
        codes = np.concatenate(self.parts) if self.parts else np.empty(0, np.int32)
        return Column(self.name, 'text', codes=codes, texts=list(self.index))


def _is_number(value: str) -> bool:
    if not _NUMBER_LETTERS.issuperset(value):
        return False
    try:
        float(value)
    except ValueError:
        return False
    return True


def read_table(files: list[DataFile], data_format: str, kinds: dict[str, Kind]) -> Table:
    """Reads the columns of `kinds` from all files. Raises InvalidData at the first bad value, and when there is no row."""
    builders = [_Builder(name, kind) for name, kind in kinds.items()]
    numbers: list[int] = []
    counts: list[int] = []
    for file in files:
        before = len(numbers)
        rows = read_rows(file, data_format, list(kinds))
        while chunk := list(islice(rows, CHUNK_ROWS)):
            stop.check()
            for position, builder in enumerate(builders):
                builder.add([row.fields[position] for row in chunk], chunk, file)
            numbers.extend(row.number for row in chunk)
        counts.append(len(numbers) - before)
    if not numbers:
        raise InvalidData('there are no rows', file=files[0].name if files else None)
    file_index = np.repeat(np.arange(len(files)), counts)
    return Table({b.name: b.finish() for b in builders}, np.array(numbers), file_index, [file.name for file in files])
