"""Specifications and runs of the trainer for tests."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from neuroweaver_training.trainer.emit import Emitter
from neuroweaver_training.trainer.main import run

Rows = list[list[Any]]


def csv_text(header: list[str], rows: Rows) -> str:
    """RFC 4180; None becomes an empty field."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerows([header, *[['' if value is None else value for value in row] for row in rows]])
    return stream.getvalue()


def make_spec(folder: Path, content: str | bytes, columns: dict[str, str], recipe: str, *, file_name: str = 'data.csv',
              **changes: Any) -> dict[str, Any]:
    """A claim with local paths. columns: name → type."""
    data = content.encode() if isinstance(content, str) else content
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / file_name
    path.write_bytes(data)
    roles = {} if recipe.startswith('text') else {'target': list(columns)[-1]}
    spec: dict[str, Any] = {
        'job_id': '0199a000-0000-7000-8000-000000000001', 'attempt': 1, 'name': 'test', 'model_name': 'test', 'recipe': recipe,
        'columns': roles, 'hyper_parameters': {}, 'split': {'test': 0.2}, 'seed': 0, 'device': 'cpu', 'gpus': 0,
        'dataset': {'name': 'data', 'version': 1, 'digest': hashlib.sha256(data).hexdigest(), 'format': Path(file_name).suffix[1:],
                    'files': [{'path': file_name, 'file': str(path)}],
                    'columns': [{'name': name, 'type': kind} for name, kind in columns.items()]},
        'base': None, 'checkpoint': None,
    }
    return {**spec, **changes}


@dataclass
class Outcome:
    """What a run left: its exit status, its events and its files."""

    status: int
    events: list[dict[str, Any]]
    out: Path

    def file(self, name: str) -> Any:
        return json.loads((self.out / name).read_text('utf-8'))

    @property
    def last(self) -> dict[str, Any]:
        return self.events[-1]

    @property
    def metrics(self) -> dict[str, float]:
        assert self.last['type'] == 'done', self.last
        return self.file('result.json')['metrics']

    def messages(self, kind: str) -> str:
        return '\n'.join(event['message'] for event in self.events if event['type'] == kind)

    def model_hash(self) -> str:
        return hashlib.sha256((self.out / 'model.onnx').read_bytes()).hexdigest()


def train(folder: Path, spec: dict[str, Any], out: str = 'out') -> Outcome:
    """Runs the trainer in this process."""
    spec_path, events_path = folder / 'spec.json', folder / f'{out}.events'
    spec_path.write_text(json.dumps(spec), 'utf-8')
    with open(events_path, 'wb') as stream:
        status = run(spec_path, folder / out, Emitter(stream.fileno()))
    return Outcome(status, [json.loads(line) for line in events_path.read_text('utf-8').splitlines()], folder / out)


def start_trainer(folder: Path, spec: dict[str, Any], out: str, checkpoint_seconds: float = 0.05) -> subprocess.Popen[bytes]:
    """A trainer process of its own; its events can be read from its stdout."""
    spec_path = folder / f'{out}.spec.json'
    spec_path.write_text(json.dumps(spec), 'utf-8')
    environment = {**os.environ, 'NEUROWEAVER_CHECKPOINT_SECONDS': str(checkpoint_seconds), 'OMP_NUM_THREADS': '1',
                   'PYTHONPATH': str(Path(__file__).resolve().parents[1])}
    command = [sys.executable, '-m', 'neuroweaver_training', 'train', '--spec', str(spec_path), '--out', str(folder / out)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def bunch_csv(bunch: Any, is_classes: bool) -> tuple[str, dict[str, str]]:
    """A data set of scikit-learn as CSV text and column types."""
    names = [str(name) for name in bunch.feature_names]
    targets = [str(bunch.target_names[code]) for code in bunch.target] if is_classes else [float(value) for value in bunch.target]
    rows = [[*map(float, values), target] for values, target in zip(bunch.data, targets)]
    return csv_text([*names, 'target'], rows), {**dict.fromkeys(names, 'number'), 'target': 'category' if is_classes else 'number'}


def random_table(rows: int, seed: int = 0) -> tuple[str, dict[str, str]]:
    """Two numbers with missing values, ties and a constant; a category with missing values; a class that hangs on them."""
    random = np.random.default_rng(seed)
    first = np.round(random.normal(size=rows), 1)
    second = random.normal(size=rows).astype(np.float32)
    city = random.choice(['Oslo', 'Zürich', '東京', 'Lima'], rows)
    score = first + 0.5 * second + np.array([{'Oslo': -1, 'Zürich': 0, '東京': 1, 'Lima': 2}[name] for name in city])
    label = np.where(score + random.normal(size=rows) * 0.5 > 0.5, 'yes', 'no')
    hidden = random.random((rows, 3)) < 0.1
    table = [[None if hidden[i, 0] else first[i], None if hidden[i, 1] else float(second[i]), 7, None if hidden[i, 2] else city[i],
              label[i]] for i in range(rows)]
    types = {'first': 'number', 'second': 'number', 'constant': 'number', 'city': 'category', 'label_': 'category'}
    return csv_text(list(types), table), types
