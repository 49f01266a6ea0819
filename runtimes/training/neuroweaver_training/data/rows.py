"""Reading CSV and JSONL as rows of text; every complaint names file, row and line."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from ..errors import InvalidData

FIELD_LIMIT = 16 * 1024 * 1024


@dataclass(frozen=True)
class DataFile:
    """One file of the data set: the name that people know, and where its bytes are."""

    name: str
    path: Path


@dataclass(frozen=True)
class Row:
    """`number` counts data rows of the file from 1, `line` its lines; `fields` follow the wanted columns, '' is missing."""

    number: int
    line: int
    fields: list[str]


def read_rows(file: DataFile, data_format: str, columns: list[str]) -> Iterator[Row]:
    """The rows of one file, reduced to `columns`. Raises InvalidData at the first bad row."""
    kind = _kind(file, data_format)
    try:
        with open(file.path, encoding='utf-8-sig', newline='') as stream:
            yield from (_read_csv if kind == 'csv' else _read_jsonl)(file, stream, columns)
    except UnicodeDecodeError as error:
        raise InvalidData(f'the file is not UTF-8 (byte 0x{error.object[error.start]:02x})', file=file.name) from error


def _kind(file: DataFile, data_format: str) -> str:
    suffix = Path(file.name).suffix.lower().lstrip('.')
    kind = {'csv': 'csv', 'jsonl': 'jsonl', 'ndjson': 'jsonl'}.get(suffix) or {'ndjson': 'jsonl'}.get(data_format, data_format)
    if kind not in ('csv', 'jsonl'):
        raise InvalidData(f'the recipe reads CSV and JSONL, not {kind or "this format"}', file=file.name)
    return kind


def _lines_without_nul(file: DataFile, stream: TextIO) -> Iterator[str]:
    for number, line in enumerate(stream, 1):
        if '\0' in line:
            raise InvalidData('a NUL byte', file=file.name, line=number)
        yield line


def _read_csv(file: DataFile, stream: TextIO, columns: list[str]) -> Iterator[Row]:
    csv.field_size_limit(FIELD_LIMIT)
    reader = csv.reader(_lines_without_nul(file, stream), strict=True)
    number, line = 0, 1
    try:
        header = next(reader, None)
        positions = _positions(file, header, columns)
        line = reader.line_num + 1
        for fields in reader:
            if fields:
                number += 1
                if len(fields) != len(header or []):
                    message = f'{len(fields)} fields where the header has {len(header or [])}'
                    raise InvalidData(message, file=file.name, row=number, line=line)
                yield Row(number, line, [fields[position] for position in positions])
            line = reader.line_num + 1
    except csv.Error as error:
        raise InvalidData(_csv_complaint(error), file=file.name, row=number + 1, line=line) from error


def _csv_complaint(error: csv.Error) -> str:
    text = str(error)
    if 'unexpected end of data' in text:
        return 'a quote is opened here and never closed'
    if "expected after '\"'" in text:
        return 'text follows a closing quote'
    return text


def _positions(file: DataFile, header: list[str] | None, columns: list[str]) -> list[int]:
    if not header:
        raise InvalidData('the file is empty: no header line', file=file.name)
    for name in columns:
        if header.count(name) > 1:
            raise InvalidData('the header names this column twice', file=file.name, line=1, column=name)
        if name not in header:
            raise InvalidData('the header has no such column', file=file.name, line=1, column=name)
    return [header.index(name) for name in columns]


def _read_jsonl(file: DataFile, stream: TextIO, columns: list[str]) -> Iterator[Row]:
    number = 0
    for line_number, line in enumerate(_lines_without_nul(file, stream), 1):
        if not line.strip():
            continue
        number += 1
        record = _record(file, line, number, line_number)
        fields = [_field(file, record.get(name), name, number, line_number) for name in columns]
        yield Row(number, line_number, fields)


def _record(file: DataFile, line: str, number: int, line_number: int) -> dict[str, Any]:
    try:
        # Numbers stay the text they were, so that a label 1.0 is not renamed to 1.
        record = json.loads(line, parse_int=str, parse_float=str, parse_constant=_refuse_constant, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        message = 'nested too deep' if isinstance(error, RecursionError) else f'not JSON: {error}'
        raise InvalidData(message, file=file.name, row=number, line=line_number) from error
    if not isinstance(record, dict):
        raise InvalidData('each line must be a JSON object', file=file.name, row=number, line=line_number)
    return record


def _refuse_constant(name: str) -> None:
    raise ValueError(f'{name} is not a JSON value')


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) != len(pairs):
        raise ValueError('a key stands twice in one object')
    return record


def _field(file: DataFile, value: Any, column: str, number: int, line: int) -> str:
    if value is None:
        return ''
    if isinstance(value, bool):
        return 'true' if value else 'false'
    if not isinstance(value, str):
        raise InvalidData('a nested value where text or a number is needed', file=file.name, row=number, line=line, column=column)
    if not value.isascii() and any('\ud800' <= letter <= '\udfff' for letter in value):
        raise InvalidData('broken Unicode (a lone surrogate)', file=file.name, row=number, line=line, column=column)
    return value
