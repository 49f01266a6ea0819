"""The tabular recipes on real data."""

from __future__ import annotations

import ast
import sysconfig
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn import datasets

from jobs import Outcome, bunch_csv, csv_text, make_spec, random_table, train
from neuroweaver_training.export.golden import array, open_session


def check_files(outcome: Outcome) -> None:
    """What every finished run leaves."""
    result, golden, evaluation = outcome.file('result.json'), outcome.file('golden.json'), outcome.file('evaluation.json')
    assert result['parity']['passed'] and result['parity']['cases'] == len(golden['cases']) >= 8
    assert sorted(result['files']) == sorted(path.name for path in outcome.out.iterdir()
                                             if path.name != 'result.json' and not path.name.startswith('checkpoint'))
    assert evaluation['metrics'].keys() == result['metrics'].keys()
    for figure in evaluation['metrics'].values():
        assert figure['low'] <= figure['value'] <= figure['high']
    parts = evaluation['split']
    data = evaluation['data']
    assert parts['train'] + parts['validation'] + parts['test'] == data['rows'] - data['rows_without_target'] - data['duplicates_dropped']


@pytest.mark.parametrize('algorithm', ['lightgbm', 'mlp'])
@pytest.mark.parametrize('name, least', [('breast_cancer', 0.92), ('wine', 0.9)])
def test_classifies_real_rows(tmp_path: Path, name: str, least: float, algorithm: str) -> None:
    text, columns = bunch_csv(getattr(datasets, f'load_{name}')(), True)
    outcome = train(tmp_path, make_spec(tmp_path, text, columns, 'tabular-classification', hyper_parameters={'algorithm': algorithm}))
    assert outcome.metrics['macro_f1'] > least
    check_files(outcome)
    evaluation = outcome.file('evaluation.json')
    assert evaluation['metrics']['macro_f1']['value'] > evaluation['baseline']['majority']['macro_f1'] + 0.3
    assert np.sum(evaluation['confusion_matrix']['counts']) == evaluation['split']['test']
    assert ('roc' in evaluation) == (name == 'breast_cancer')
    assert len(evaluation['feature_importance']) == len(columns) - 1


@pytest.mark.parametrize('algorithm', ['lightgbm', 'mlp'])
def test_predicts_numbers(tmp_path: Path, algorithm: str) -> None:
    text, columns = bunch_csv(datasets.load_diabetes(), False)
    outcome = train(tmp_path, make_spec(tmp_path, text, columns, 'tabular-regression', hyper_parameters={'algorithm': algorithm}))
    assert outcome.metrics['r2'] > 0.35
    check_files(outcome)
    evaluation = outcome.file('evaluation.json')
    assert evaluation['metrics']['rmse']['value'] < evaluation['baseline']['mean']['rmse']
    assert sum(evaluation['residuals']['histogram']['counts']) == evaluation['split']['test']


def stdlib_functions() -> tuple[str, dict[str, str]]:
    """Functions of the standard library: does one have a docstring? Numbers, categories, missing values, a text column."""
    rows = []
    for package in ('asyncio', 'email', 'importlib', 'json', 'logging', 'unittest', 'http', 'xml'):
        for path in sorted(Path(sysconfig.get_paths()['stdlib'], package).rglob('*.py')):
            for node in ast.walk(ast.parse(path.read_text('utf-8'))):
                if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                    rows.append(_function_row(node, package, path.stem))
    types = {'name': 'text', 'package': 'category', 'kind': 'category', 'decorator': 'category', 'arguments': 'number',
             'lines': 'number', 'default': 'number', 'documented': 'category'}
    return csv_text(list(types), rows), types


def _function_row(node: Any, package: str, module: str) -> list[Any]:
    decorator = ast.unparse(node.decorator_list[0]).split('(')[0] if node.decorator_list else None
    kind = 'dunder' if node.name.startswith('__') else 'private' if node.name.startswith('_') else 'public'
    share = len(node.args.defaults) / len(node.args.args) if node.args.args else None
    return [f'{module}.{node.name}', package, kind, decorator, len(node.args.args), (node.end_lineno or 0) - node.lineno + 1, share,
            'yes' if ast.get_docstring(node) else 'no']


def test_handles_categories_and_missing_values(tmp_path: Path) -> None:
    text, columns = stdlib_functions()
    outcome = train(tmp_path, make_spec(tmp_path, text, columns, 'tabular-classification'))
    assert outcome.metrics['auc'] > 0.8
    check_files(outcome)
    assert 'Column "name" is left out' in outcome.messages('warning')
    inputs = {spec['name']: spec for spec in outcome.file('neuroweaver.json')['signature']['inputs']}
    assert inputs['package']['datatype'] == 'BYTES' and 'asyncio' in inputs['package']['hint']['categories']
    assert inputs['lines']['datatype'] == 'FP32' and inputs['lines']['hint']['min'] >= 1


def test_the_signature_is_what_the_graph_takes(tmp_path: Path) -> None:
    text, columns = random_table(300)
    outcome = train(tmp_path, make_spec(tmp_path, text, columns, 'tabular-classification'))
    manifest, session = outcome.file('neuroweaver.json'), open_session(outcome.out / 'model.onnx')
    assert [spec['name'] for spec in manifest['signature']['inputs']] == [value.name for value in session.get_inputs()]
    assert [spec['name'] for spec in manifest['signature']['outputs']] == [value.name for value in session.get_outputs()]
    assert manifest['labels'] == ['no', 'yes'] == manifest['signature']['outputs'][1]['labels']
    for case in outcome.file('golden.json')['cases']:
        label, probabilities = session.run(None, {value['name']: array(value) for value in case['inputs']})
        assert label.ravel().tolist() == case['outputs'][0]['data']
        assert np.abs(probabilities.ravel() - case['outputs'][1]['data']).max() < 1e-3


def test_labels_keep_their_own_text(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    rows = [[value, {0: '10', 1: '9.50', 2: '-1'}[int(value > 0) + int(value > 1)]] for value in random.normal(size=200)]
    outcome = train(tmp_path, make_spec(tmp_path, csv_text(['x', 'y'], rows), {'x': 'number', 'y': 'number'}, 'tabular-classification'))
    assert outcome.file('neuroweaver.json')['labels'] == ['-1', '9.50', '10']


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(tmp_path: Path) -> None:
    text, columns = random_table(400)
    spec = make_spec(tmp_path, text, columns, 'tabular-classification', hyper_parameters={'rounds': 40, 'feature_fraction': 0.7})
    first, again, other = (train(tmp_path, {**spec, 'seed': seed}, out) for seed, out in ((1, 'a'), (1, 'b'), (2, 'c')))
    assert first.model_hash() == again.model_hash() != other.model_hash()


def test_groups_stay_on_one_side(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    rows = [[f'g{i % 40}', value, 'a' if value > 0 else 'b'] for i, value in enumerate(random.normal(size=400))]
    spec = make_spec(tmp_path, csv_text(['group', 'x', 'y'], rows), {'group': 'category', 'x': 'number', 'y': 'category'},
                     'tabular-classification', split={'test': 0.25, 'group_by': 'group'})
    outcome = train(tmp_path, spec)
    evaluation = outcome.file('evaluation.json')
    assert evaluation['split']['method'] == 'grouped by group'
    assert evaluation['split']['test'] % 10 == 0 and 80 <= evaluation['split']['test'] <= 120
    assert evaluation['data']['features'] == ['x']


def test_duplicates_leave_the_test_part(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    rows = [[value, 'a' if value > 0 else 'b'] for value in random.normal(size=300)]
    outcome = train(tmp_path, make_spec(tmp_path, csv_text(['x', 'y'], rows + rows[:60]), {'x': 'number', 'y': 'category'},
                                        'tabular-classification'))
    assert outcome.file('evaluation.json')['data']['duplicates_dropped'] > 0
    assert 'also stand in the training part' in outcome.messages('warning')


def test_the_base_version_is_compared_with(tmp_path: Path) -> None:
    text, columns = random_table(400)
    spec = make_spec(tmp_path, text, columns, 'tabular-classification', hyper_parameters={'rounds': 2})
    first = train(tmp_path, spec, 'first')
    files = [{'path': name, 'file': str(first.out / name)} for name in ('model.onnx', 'neuroweaver.json')]
    second = train(tmp_path, {**spec, 'hyper_parameters': {}, 'base': {'model': 'm', 'version': 1, 'files': files}}, 'second')
    previous = second.file('evaluation.json')['baseline']['previous_version']
    assert previous['log_loss'] == pytest.approx(first.metrics['log_loss'], abs=1e-5)
    assert second.metrics['log_loss'] < previous['log_loss']


def test_reads_jsonl_and_several_files(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    values = random.normal(size=100)
    lines = [f'{{"x": {value}, "flag": {"true" if value > 0.5 else "null"}, "y": {1 if value > 0 else 0}}}' for value in values]
    spec = make_spec(tmp_path, '\n'.join(lines[:50]), {'x': 'number', 'flag': 'category', 'y': 'category'}, 'tabular-classification',
                     file_name='a.jsonl')
    (tmp_path / 'b.jsonl').write_text('\n'.join(lines[50:]))
    spec['dataset']['files'].append({'path': 'b.jsonl', 'file': str(tmp_path / 'b.jsonl')})
    outcome = train(tmp_path, spec)
    assert outcome.file('evaluation.json')['data']['rows'] == 100
    assert outcome.file('neuroweaver.json')['labels'] == ['0', '1']
