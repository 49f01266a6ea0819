"""The text recipe on docstrings of the standard library: which package is it from?"""

from __future__ import annotations

import ast
import json
import subprocess
import sysconfig
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from jobs import Outcome, csv_text, make_spec, train
from neuroweaver_training.recipes.text_tokenizer import encode_texts

# Distributions leave some of the standard library out.
PACKAGES = tuple(name for name in ('tkinter', 'asyncio', 'email', 'logging') if find_spec(name))
REPOSITORY = Path(__file__).resolve().parents[3]


@lru_cache
def docstrings() -> list[tuple[str, str]]:
    found = {}
    for package in PACKAGES:
        for path in sorted(Path(sysconfig.get_paths()['stdlib'], package).rglob('*.py')):
            if 'test' in path.parts:
                continue
            for node in ast.walk(ast.parse(path.read_text('utf-8'))):
                if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef)):
                    text = ' '.join((ast.get_docstring(node) or '').split())[:300]
                    if len(text) > 20:
                        found[text] = package
    return list(found.items())


def small_set(rows: int) -> tuple[str, dict[str, str]]:
    pairs = docstrings()
    order = np.random.default_rng(0).permutation(len(pairs))[:rows]
    return csv_text(['text', 'label'], [list(pairs[place]) for place in order]), {'text': 'text', 'label': 'category'}


@pytest.fixture(scope='module')
def trained(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    folder = tmp_path_factory.mktemp('text')
    text, columns = small_set(1000)
    return train(folder, make_spec(folder, text, columns, 'text-classification',
                                   hyper_parameters={'max_length': 48, 'hidden_size': 96, 'epochs': 6}))


def test_learns_from_texts(trained: Outcome) -> None:
    assert trained.metrics['macro_f1'] > 0.75
    evaluation = trained.file('evaluation.json')
    assert evaluation['baseline']['majority']['macro_f1'] < 0.4
    assert len(evaluation['per_class']) == len(PACKAGES)
    assert {event['name'] for event in trained.events if event['type'] == 'metric'} >= {'train_loss', 'val_loss', 'val_accuracy'}


def test_parity_covers_the_texts_that_go_wrong(trained: Outcome) -> None:
    golden, result = trained.file('golden.json'), trained.file('result.json')
    assert {'empty', 'truncated', 'non-ASCII', 'batch', 'longest'} <= {case['name'] for case in golden['cases']}
    assert result['parity']['passed'] and result['parity']['max_abs_error'] < 1e-4
    manifest = trained.file('neuroweaver.json')
    assert manifest['tokenizer'] == {'file': 'tokenizer.json', 'max_length': 48}
    assert manifest['labels'] == sorted(PACKAGES)


def test_cutting_keeps_the_last_special_token(trained: Outcome) -> None:
    tokenizer = Tokenizer.from_file(str(trained.out / 'tokenizer.json'))
    long, empty = encode_texts(tokenizer, ['word ' * 500, ''], 48)
    assert len(long) == 48 and (long[0], long[-1]) == (2, 3)
    assert empty.tolist() == [2, 3]


def test_goes_on_from_a_base_version(trained: Outcome, tmp_path: Path) -> None:
    text, columns = small_set(1000)
    files = [{'path': name, 'file': str(trained.out / name)} for name in ('model.onnx', 'neuroweaver.json', 'tokenizer.json')]
    outcome = train(tmp_path, make_spec(tmp_path, text, columns, 'text-classification', base={'model': 'm', 'version': 1, 'files': files},
                                        hyper_parameters={'epochs': 1, 'learning_rate': 1e-5}))
    previous = outcome.file('evaluation.json')['baseline']['previous_version']
    assert previous['accuracy'] == pytest.approx(trained.metrics['accuracy'])
    assert outcome.metrics['macro_f1'] > 0.75


def test_a_base_of_another_kind_is_refused(trained: Outcome, tmp_path: Path) -> None:
    text, columns = small_set(100)
    files = [{'path': 'model.onnx', 'file': str(trained.out / 'model.onnx')}]
    outcome = train(tmp_path, make_spec(tmp_path, text, columns, 'text-classification', base={'model': 'm', 'version': 1, 'files': files}))
    assert outcome.last['code'] == 'invalid_spec' and outcome.last['message'].startswith('base:')


SCRIPT = '''
import { readFileSync } from 'node:fs'
import { TextEncoder } from './runtimes/inference/tokenizer.ts'
const [file, length] = process.argv.slice(1)
const encoder = new TextEncoder(JSON.parse(readFileSync(file, 'utf8')), {}, Number(length))
const texts = JSON.parse(readFileSync(0, 'utf8'))
console.log(JSON.stringify(texts.map((text) => [...encoder.encode([text]).inputIds].map(Number))))
'''


def test_the_inference_runtime_cuts_texts_into_the_same_tokens(trained: Outcome) -> None:
    node = REPOSITORY / 'node_modules/.bin/node'
    if not node.exists() or not (REPOSITORY / 'runtimes/inference/tokenizer.ts').exists():
        pytest.skip('the inference runtime is not part of this copy')
    texts = [text for text, _ in docstrings()[:300]] + ['', '  \t\n', 'Zürich – 東京 🚲 ÀÉÎ ñandú ŠĐ', 'x' * 150, '[CLS] a [SEP]',
                                                        'ﬁ ½ İ ß Σς', '\u200b\ufeff zero', 'e\u0301']
    path = trained.out / 'tokenizer.json'
    done = subprocess.run([str(node), '--input-type=module-typescript', '-e', SCRIPT, '--', str(path), '48'], input=json.dumps(texts),
                          capture_output=True, text=True, cwd=REPOSITORY, timeout=60)
    assert done.returncode == 0, done.stderr
    ours = [row.tolist() for row in encode_texts(Tokenizer.from_file(str(path)), texts, 48)]
    differing = [text for text, mine, theirs in zip(texts, ours, json.loads(done.stdout)) if mine != theirs]
    assert differing == []
