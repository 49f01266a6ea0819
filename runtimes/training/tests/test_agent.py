"""The agent as a process against a control plane over HTTP."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema

from agent_jobs import SLOW, check_events, children, claim_of, finished, submit, trainers, training
from agents import PACKAGE_PARENT, AgentProcess
from control_plane import TOKEN, ControlPlane

CONTRACT = PACKAGE_PARENT.parent / 'contract'


def test_trains_a_job_to_its_end(plane: ControlPlane, agent: AgentProcess, tmp_path: Path) -> None:
    job_id = submit(plane, tmp_path)
    finish = finished(plane, job_id)
    assert plane.jobs[job_id]['status'] == 'succeeded'
    jsonschema.validate(finish, json.loads((CONTRACT / 'finish-request.schema.json').read_text('utf-8')))
    assert {file['path'] for file in finish['files']} == {'model.onnx', 'neuroweaver.json', 'golden.json', 'evaluation.json'}
    states = [event['state'] for event in plane.events(job_id) if event['type'] == 'state']
    assert states == ['starting', 'loading', 'checking', 'training', 'evaluating', 'exporting', 'checking_parity', 'uploading']
    check_events(plane, job_id)


def test_enrols_with_the_token_and_works_with_its_own_credential(plane: ControlPlane, agent: AgentProcess) -> None:
    request = plane.enrolments[0]
    jsonschema.validate(request, json.loads((CONTRACT / 'enrol-request.schema.json').read_text('utf-8')))
    assert (request['kind'], request['capacity'], request['name']) == ('training', 1, 'shared')
    assert os.stat(agent.state_dir / 'credential.json').st_mode & 0o777 == 0o600


def test_a_trainer_is_forked_from_the_host_that_waits(plane: ControlPlane, agent: AgentProcess, tmp_path: Path) -> None:
    waiting = children(agent.process.pid)
    assert len(waiting) == 1
    job_id = submit(plane, tmp_path, hyper_parameters=SLOW, rows=4000)
    training(plane, job_id)
    assert children(agent.process.pid) == waiting and len(trainers(agent)) == 1
    plane.jobs[job_id]['cancel'] = True
    assert finished(plane, job_id)['outcome'] == 'cancelled'


def test_bad_data_fails_without_another_try(plane: ControlPlane, agent: AgentProcess, tmp_path: Path) -> None:
    claim = claim_of(plane, tmp_path)
    claim['dataset']['files'] = [{'path': 'data.csv', **plane.add_artifact(b'first,second,constant,city,label_\nx,1,7,Oslo,yes\n')}]
    finish = finished(plane, plane.submit(claim))
    assert (finish['outcome'], finish['error']['code'], finish['is_retryable']) == ('failed', 'invalid_data', False)
    assert 'row 1' in finish['error']['message']


def test_a_cancel_stops_the_trainer(plane: ControlPlane, agent: AgentProcess, tmp_path: Path) -> None:
    job_id = submit(plane, tmp_path, hyper_parameters=SLOW, rows=4000)
    training(plane, job_id)
    plane.jobs[job_id]['cancel'] = True
    assert finished(plane, job_id)['outcome'] == 'cancelled'
    assert len(trainers(agent)) == 0


def test_health_follows_the_heartbeat(plane: ControlPlane, agent: AgentProcess, tmp_path: Path) -> None:
    assert health(agent.state_dir).returncode == 0
    (tmp_path / 'heartbeat.json').write_text('{"accepted_at": "2026-01-01T00:00:00.000Z"}')
    stale = health(tmp_path)
    assert stale.returncode == 1 and 's old' in stale.stderr
    assert health(tmp_path / 'nowhere').returncode == 1


def health(state_dir: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, 'NEUROWEAVER_STATE_DIR': str(state_dir), 'PYTHONPATH': str(PACKAGE_PARENT)}
    return subprocess.run([sys.executable, '-m', 'neuroweaver_training', 'health'], env=environment, capture_output=True, text=True)


def test_a_trainer_knows_no_secret(plane: ControlPlane, agent: AgentProcess, tmp_path: Path) -> None:
    job_id = submit(plane, tmp_path, hyper_parameters=SLOW, rows=4000)
    training(plane, job_id)
    (pid,) = trainers(agent)
    environment = Path(f'/proc/{pid}/environ').read_bytes().decode()
    assert TOKEN not in environment and 'RUNTIME_TOKEN' not in environment
    plane.jobs[job_id]['cancel'] = True
    finished(plane, job_id)
