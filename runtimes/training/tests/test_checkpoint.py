"""A run that is killed and gone on with ends in the same bytes as one that never stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from jobs import make_spec, random_table, start_trainer, train
from test_text import small_set

TABULAR = {'lightgbm': {'rounds': 400, 'early_stopping_rounds': 0, 'feature_fraction': 0.8}, 'mlp': {'algorithm': 'mlp', 'epochs': 12}}


def spec_of(folder: Path, kind: str) -> dict[str, Any]:
    if kind == 'text':
        text, columns = small_set(240)
        return make_spec(folder, text, columns, 'text-classification',
                         hyper_parameters={'epochs': 3, 'hidden_size': 32, 'max_length': 32, 'batch_size': 8})
    text, columns = random_table(1500)
    return make_spec(folder, text, columns, 'tabular-classification', hyper_parameters=TABULAR[kind])


def stop_at_checkpoint(process: subprocess.Popen[bytes], number: int, with_signal: int) -> list[dict[str, Any]]:
    """Sends the signal at the n-th checkpoint; gives all events."""
    events, seen = [], 0
    assert process.stdout
    for line in process.stdout:
        try:
            events.append(json.loads(line))
        except ValueError:
            break
        seen += events[-1]['type'] == 'checkpoint'
        if events[-1]['type'] == 'checkpoint' and seen == number:
            os.kill(process.pid, with_signal)
    process.wait(20)
    return events


@pytest.mark.parametrize('kind', ['lightgbm', 'mlp', 'text'])
def test_resumes_after_a_kill_with_the_same_result(tmp_path: Path, kind: str) -> None:
    spec = spec_of(tmp_path, kind)
    process = start_trainer(tmp_path, spec, 'killed')
    events = stop_at_checkpoint(process, 2, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    last = [event for event in events if event['type'] == 'checkpoint'][-1]
    resumed = train(tmp_path, {**spec, 'checkpoint': {'step': last['step'], 'file': last['path']}}, 'resumed')
    whole = train(tmp_path, spec, 'whole')
    assert f'Going on from the checkpoint at step {last["step"]}' in resumed.messages('log')
    assert min(event['step'] for event in resumed.events if event['type'] == 'progress') > last['step'] > 0
    assert resumed.model_hash() == whole.model_hash()
    assert resumed.metrics == whole.metrics


def test_sigterm_ends_with_a_checkpoint(tmp_path: Path) -> None:
    process = start_trainer(tmp_path, spec_of(tmp_path, 'lightgbm'), 'stopped')
    events = stop_at_checkpoint(process, 1, signal.SIGTERM)
    assert process.returncode == 143
    assert [event['type'] for event in events[-2:]] == ['checkpoint', 'stopped']
    assert Path(events[-2]['path']).exists()


@pytest.mark.parametrize('damage', ['cut', 'foreign'])
def test_a_useless_checkpoint_starts_anew(tmp_path: Path, damage: str) -> None:
    spec = spec_of(tmp_path, 'lightgbm')
    process = start_trainer(tmp_path, spec, 'stopped')
    path = Path(stop_at_checkpoint(process, 1, signal.SIGTERM)[-2]['path'])
    if damage == 'cut':
        path.write_bytes(path.read_bytes()[:-100])
    other = {**spec, 'hyper_parameters': {'rounds': 5}, 'checkpoint': {'step': 1, 'file': str(path)}}
    outcome = train(tmp_path, other)
    assert outcome.status == 0 and 'training starts anew' in outcome.messages('warning')
