"""Data and settings that cannot be trained on: the status, the code, and a message with the place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jobs import make_spec, train

NUMBERS = {'x': 'number', 'y': 'category'}
GOOD = 'x,y\n' + ''.join(f'{i},{"a" if i % 2 else "b"}\n' for i in range(40))
CLASSES, REGRESSION, TEXT = 'tabular-classification', 'tabular-regression', 'text-classification'


@pytest.mark.parametrize('content, columns, recipe, expected', [
    ('x,z\n1,a\n2,b\n', NUMBERS, CLASSES, ['column "y"', 'line 1', 'no such column']),
    ('x,y\n' + '1,a\n' * 30, NUMBERS, CLASSES, ['column "y"', 'only one class, "a"']),
    (GOOD + '5,rare\n', NUMBERS, CLASSES, ['"rare" has only one row', 'row 41']),
    (GOOD.replace('\n7,a', '\nseven,a'), NUMBERS, CLASSES, ['column "x"', 'row 8', 'line 9', '"seven" is not a number']),
    (GOOD.replace('\n7,a', '\nNaN,a'), NUMBERS, CLASSES, ['column "x"', 'row 8', '"NaN" is not a number']),
    (GOOD.replace('\n7,a', '\n1e400,a'), NUMBERS, CLASSES, ['column "x"', 'row 8', 'too large']),
    (GOOD.replace('\n7,a', '\n"7,a'), NUMBERS, CLASSES, ['row 8', 'line 9', 'never closed']),
    (GOOD.replace('\n7,a', '\n"7"x,a'), NUMBERS, CLASSES, ['row 8', 'line 9', 'closing quote']),
    (GOOD.replace('\n7,a', '\n7,a,9'), NUMBERS, CLASSES, ['row 8', 'line 9', '3 fields where the header has 2']),
    (GOOD.replace('\n7,a', '\n7,a\0'), NUMBERS, CLASSES, ['line 9', 'NUL']),
    (GOOD.encode('utf-16'), NUMBERS, CLASSES, ['not UTF-8']),
    ('x,y\n', NUMBERS, CLASSES, ['no rows']),
    ('', NUMBERS, CLASSES, ['no header']),
    ('x,y\n1,\n2,\n', NUMBERS, CLASSES, ['column "y"', 'missing in every row']),
    ('x,x,y\n1,1,a\n', NUMBERS, CLASSES, ['column "x"', 'twice']),
    ('x,y\n' + ''.join(f'{i},c{i}\n' for i in range(60)), NUMBERS, CLASSES, ['60 distinct values', 'too many']),
    ('x,y\n' + ''.join(f',{"a" if i % 2 else "b"}\n' for i in range(40)), NUMBERS, CLASSES, ['no feature column']),
    ('x,y\n' + ''.join(f'{i},3\n' for i in range(40)), {'x': 'number', 'y': 'number'}, REGRESSION, ['only one value']),
    ('x,y\n1,2\n3,four\n', {'x': 'number', 'y': 'number'}, REGRESSION, ['column "y"', 'row 2', '"four" is not a number']),
    ('x,y\n1,2\n3,4\n', {'x': 'number', 'y': 'number'}, REGRESSION, ['at least 5']),
    ('text,label\nhello,\n,b\n', {'text': 'text', 'label': 'category'}, TEXT, ['']),
    ('text,label\n' + 'a text,spam\n' * 9, {'text': 'text', 'label': 'category'}, TEXT, ['only one class']),
    ('text,kind\na,b\n', {'text': 'text', 'kind': 'category'}, TEXT, ['column "label"', 'no such column']),
])
def test_bad_data_names_its_place(tmp_path: Path, content: str | bytes, columns: dict[str, str], recipe: str, expected: list[str]) -> None:
    outcome = train(tmp_path, make_spec(tmp_path, content, columns, recipe))
    assert (outcome.status, outcome.last['type'], outcome.last['code']) == (2, 'error', 'invalid_data')
    for part in expected:
        assert part in outcome.last['message']


@pytest.mark.parametrize('line, expected', [
    ('{"x": 1, "y": "a"', 'not JSON'), ('[1, 2]', 'JSON object'), ('{"x": {"z": 1}, "y": "a"}', 'nested value'),
    ('{"x": NaN, "y": "a"}', 'not JSON'), ('{"x": 1, "x": 2, "y": "a"}', 'twice'), ('[' * 100_000, 'row 3'),
    ('{"x": 1, "y": "\\ud800"}', 'surrogate'),
])
def test_bad_jsonl_names_its_line(tmp_path: Path, line: str, expected: str) -> None:
    content = '{"x": 1, "y": "a"}\n\n{"x": 2, "y": "b"}\n' + line + '\n'
    outcome = train(tmp_path, make_spec(tmp_path, content, NUMBERS, CLASSES, file_name='data.jsonl'))
    assert outcome.last['code'] == 'invalid_data'
    assert expected in outcome.last['message'] and 'line 4' in outcome.last['message']


@pytest.mark.parametrize('changes, expected', [
    ({'hyper_parameters': {'leaves': 3}}, 'hyper_parameters.leaves: unknown'),
    ({'hyper_parameters': {'rounds': 0}}, 'hyper_parameters.rounds: must be from 1'),
    ({'hyper_parameters': {'rounds': 1.5}}, 'hyper_parameters.rounds: must be an integer'),
    ({'hyper_parameters': {'rounds': True}}, 'hyper_parameters.rounds: must be an integer'),
    ({'hyper_parameters': {'algorithm': 'magic'}}, 'hyper_parameters.algorithm: must be one of lightgbm, mlp'),
    ({'hyper_parameters': {'learning_rate': '0.1'}}, 'hyper_parameters.learning_rate: must be a number'),
    ({'columns': {}}, 'columns.target'),
    ({'columns': {'target': 'y', 'features': ['w']}}, 'no column "w"'),
    ({'columns': {'target': 'y', 'features': ['y']}}, 'is the target'),
    ({'split': {'test': 0.2, 'group_by': 'w'}}, 'no column "w"'),
    ({'recipe': 'poetry'}, 'there is no "poetry"'),
])
def test_bad_settings_name_the_field(tmp_path: Path, changes: dict[str, Any], expected: str) -> None:
    outcome = train(tmp_path, {**make_spec(tmp_path, GOOD, NUMBERS, CLASSES), **changes})
    assert (outcome.status, outcome.last['code']) == (2, 'invalid_spec')
    assert expected in outcome.last['message']


def test_a_feature_named_as_an_output_is_refused(tmp_path: Path) -> None:
    content = GOOD.replace('x,y', 'label,y')
    outcome = train(tmp_path, make_spec(tmp_path, content, {'label': 'number', 'y': 'category'}, CLASSES))
    assert outcome.last['code'] == 'invalid_spec' and '"label"' in outcome.last['message']


def test_a_missing_device_is_said_at_once(tmp_path: Path) -> None:
    for recipe, columns, params in ((CLASSES, NUMBERS, {}), (CLASSES, NUMBERS, {'algorithm': 'mlp'}),
                                    (TEXT, {'text': 'text', 'label': 'category'}, {})):
        content = GOOD if recipe == CLASSES else 'text,label\na,b\n'
        outcome = train(tmp_path, make_spec(tmp_path, content, columns, recipe, device='cuda', hyper_parameters=params))
        assert (outcome.status, outcome.last['code']) == (75, 'resource_unavailable')


def test_rows_without_target_are_left_out_with_a_warning(tmp_path: Path) -> None:
    outcome = train(tmp_path, make_spec(tmp_path, GOOD + '3,\n4,\n', NUMBERS, CLASSES))
    assert outcome.status == 0
    assert '2 rows have no value in the target "y" (the first is row 41)' in outcome.messages('warning')


def test_dates_and_long_texts_are_left_out_with_a_warning(tmp_path: Path) -> None:
    lines = [f'{i},2026-01-{i % 28 + 1:02},note {i},{"a" if i % 2 else "b"}' for i in range(120)]
    columns = {'x': 'number', 'day': 'datetime', 'note': 'text', 'y': 'category'}
    outcome = train(tmp_path, make_spec(tmp_path, 'x,day,note,y\n' + '\n'.join(lines), columns, CLASSES))
    warnings = outcome.messages('warning')
    assert 'Column "day" is left out: dates and times are not trained on' in warnings
    assert 'Column "note" is left out: it is text with 120 distinct values' in warnings
    assert [spec['name'] for spec in outcome.file('neuroweaver.json')['signature']['inputs']] == ['x']


def test_a_byte_order_mark_quotes_and_line_ends_are_read(tmp_path: Path) -> None:
    lines = [f'"{i}","class ""{"a" if i % 2 else "b,c"}"""' for i in range(40)]
    outcome = train(tmp_path, make_spec(tmp_path, b'\xef\xbb\xbf' + '\r\n'.join(['"x",y', *lines]).encode(), NUMBERS, CLASSES))
    assert outcome.file('neuroweaver.json')['labels'] == ['class "a"', 'class "b,c"']
