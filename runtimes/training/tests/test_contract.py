"""The messages of `runtimes/contract`: the examples are valid, and so is what this runtime writes and says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from jobs import make_spec, random_table, train
from neuroweaver_training.agent.devices import list_devices
from neuroweaver_training.agent.events import cleaned
from neuroweaver_training.recipes import NAMES, describe, hyper_parameters

CONTRACT = Path(__file__).resolve().parents[2] / 'contract'
EXAMPLES = sorted((CONTRACT / 'examples').glob('*.json'))


def validate(message: str, value: Any) -> None:
    schema = json.loads((CONTRACT / f'{message}.schema.json').read_text('utf-8'))
    jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker()).validate(value)


def test_there_are_examples() -> None:
    assert len(EXAMPLES) > 0


@pytest.mark.parametrize('path', EXAMPLES, ids=lambda path: path.name)
def test_an_example_is_valid(path: Path) -> None:
    validate(path.name.split('.')[0], json.loads(path.read_text('utf-8')))


@pytest.mark.parametrize('name', NAMES)
def test_a_recipe_describes_itself(name: str) -> None:
    recipe = describe(name)
    validate('recipe', recipe)
    jsonschema.Draft202012Validator.check_schema(recipe['hyperParameters'])
    for setting in recipe['hyperParameters']['properties'].values():
        assert setting['title'] and setting['description'] and 'default' in setting
    defaults = hyper_parameters(name, {})
    jsonschema.validate(defaults, recipe['hyperParameters'])


def test_a_run_leaves_valid_files_and_events(tmp_path: Path) -> None:
    text, columns = random_table(300)
    outcome = train(tmp_path, make_spec(tmp_path, text, columns, 'tabular-classification', hyper_parameters={'rounds': 20}))
    validate('manifest', outcome.file('neuroweaver.json'))
    validate('golden', outcome.file('golden.json'))
    result = outcome.file('result.json')
    upload = '0199a000-0000-7000-8000-00000000000a'
    files = [{'path': name, 'upload_id': upload} for name in result.pop('files')]
    validate('finish-request', {'outcome': 'succeeded', 'attempt': 1, 'files': files, **result})
    events = [event for event in map(cleaned, outcome.events) if event]
    assert {event['type'] for event in events} >= {'state', 'progress', 'metric', 'log'}
    validate('events-request', {'attempt': 1, 'events': [{'n': number, **event} for number, event in enumerate(events, 1)]})


def test_texts_of_events_are_cut_to_what_the_contract_takes() -> None:
    event = cleaned({'type': 'warning', 'message': 'a\0b' + '🚲' * 5000, 'code': 'x' * 500, 'at': '2026-01-01T00:00:00Z', 'extra': 1})
    assert event and set(event) == {'type', 'message', 'code', 'at'}
    assert len(event['message'].encode('utf-16-le')) // 2 in (1999, 2000) and '\0' not in event['message']
    assert cleaned({'type': 'checkpoint', 'path': 'x', 'step': 1}) is None
    validate('events-request', {'attempt': 1, 'events': [{'n': 1, **event}]})


def test_the_machine_is_described_validly() -> None:
    validate('heartbeat-request', {'boot_id': '0199a000-0000-7000-8000-00000000000a', 'devices': list_devices(), 'running': 0,
                                   'metrics': [], 'replicas': []})
