"""The agent as a process against a control plane over HTTP, with the faults that it must bear."""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from agents import PACKAGE_PARENT, AgentProcess
from control_plane import TOKEN, ControlPlane
from jobs import make_spec, random_table

CONTRACT = PACKAGE_PARENT.parent / 'contract'
SLOW = {'rounds': 20_000, 'early_stopping_rounds': 0}


@pytest.fixture(scope='module')
def plane() -> Iterator[ControlPlane]:
    made = ControlPlane()
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope='module')
def agent(plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AgentProcess]:
    os.environ['NEUROWEAVER_CHECKPOINT_SECONDS'] = '0.3'
    made = AgentProcess(plane.url, TOKEN, tmp_path_factory.mktemp('agents') / 'shared')
    plane.wait_for(lambda: plane.heartbeats)
    yield made
    assert made.stop() == 0
    assert TOKEN not in made.log() and not any(credential in made.log() for credential in plane.credentials)
    for line in made.log().splitlines():
        assert {'id', 'timestamp', 'level', 'system', 'component', 'message'} <= json.loads(line).keys()


def claim_of(plane: ControlPlane, folder: Path, rows: int = 300, **changes: Any) -> dict[str, Any]:
    text, columns = random_table(rows)
    spec = make_spec(folder, text, columns, 'tabular-classification', **changes)
    spec['dataset']['files'] = [{'path': 'data.csv', **plane.add_artifact(text.encode())}]
    return {name: value for name, value in spec.items() if name not in ('job_id', 'attempt')}


def submit(plane: ControlPlane, folder: Path, **changes: Any) -> str:
    return plane.submit(claim_of(plane, folder, **changes))


def finished(plane: ControlPlane, job_id: str, seconds: float = 30) -> dict[str, Any]:
    return plane.wait_for(lambda: plane.jobs[job_id]['finish'], seconds)


def has_event(plane: ControlPlane, job_id: str, **wanted: Any) -> bool:
    return any(all(event.get(name) == value for name, value in wanted.items()) for event in plane.events(job_id))


def training(plane: ControlPlane, job_id: str) -> None:
    plane.wait_for(lambda: has_event(plane, job_id, type='state', state='training'))


def check_events(plane: ControlPlane, job_id: str, attempt: int = 1) -> None:
    """Numbered from 1 without a gap."""
    numbers = [event['n'] for event in plane.events(job_id, attempt)]
    assert numbers == list(range(1, len(numbers) + 1))


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


def test_a_trainer_starts_at_once(plane: ControlPlane, agent: AgentProcess, tmp_path: Path) -> None:
    delays = []
    for _ in range(5):
        submitted = time.monotonic()
        job_id = submit(plane, tmp_path, hyper_parameters={'rounds': 5})
        finished(plane, job_id)
        delays.append(plane.events(job_id)[0]['arrived'] - submitted)
    assert statistics.median(delays) < 0.1, delays


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
    asked = time.monotonic()
    assert finished(plane, job_id)['outcome'] == 'cancelled'
    assert time.monotonic() - asked < 3
    assert len(trainers(agent)) == 0


def test_a_lost_lease_ends_the_attempt_without_a_word(plane: ControlPlane, agent: AgentProcess, tmp_path: Path) -> None:
    job_id = submit(plane, tmp_path, hyper_parameters=SLOW, rows=4000)
    training(plane, job_id)
    with plane.changed:
        # The sweeper gave the job to another agent.
        plane.jobs[job_id]['attempt'] += 1
    plane.wait_for(lambda: plane.jobs[job_id]['refused'])
    other = submit(plane, tmp_path, hyper_parameters={'rounds': 5})
    assert finished(plane, other)['outcome'] == 'succeeded'
    assert plane.jobs[job_id]['finish'] is None
    assert not any(verb == 'finish' for verb, _ in plane.jobs[job_id]['refused'])
    wait_until(lambda: not any((agent.state_dir / 'jobs').iterdir()))


def test_nothing_is_lost_or_doubled_while_web_is_away(plane: ControlPlane, agent: AgentProcess, tmp_path: Path) -> None:
    job_id = submit(plane, tmp_path, hyper_parameters={'rounds': 600, 'early_stopping_rounds': 0}, rows=3000)
    training(plane, job_id)
    known = len(plane.events(job_id))
    plane.stop()
    time.sleep(2.5)
    assert len(plane.events(job_id)) <= known + 50
    plane.start()
    assert finished(plane, job_id)['outcome'] == 'succeeded'
    check_events(plane, job_id)


def test_lost_answers_do_not_double_anything(plane: ControlPlane, agent: AgentProcess, tmp_path: Path) -> None:
    dropped: list[str] = []

    def drop(method: str, path: str) -> bool:
        is_next = ('/events' in path or path == '/uploads') and dropped.count(path) < 2
        dropped.extend([path] if is_next else [])
        return is_next
    plane.drop_answers = drop
    try:
        job_id = submit(plane, tmp_path)
        assert finished(plane, job_id)['outcome'] == 'succeeded'
    finally:
        plane.drop_answers = lambda method, path: False
    assert plane.jobs[job_id]['doubles'] > 0
    check_events(plane, job_id)


def test_a_cut_upload_and_a_cut_download_go_on(plane: ControlPlane, agent: AgentProcess, tmp_path: Path) -> None:
    claim = claim_of(plane, tmp_path, rows=777)
    plane.cut_download_after = 1000
    plane.cut_patch_after = 500
    finish = finished(plane, plane.submit(claim))
    assert finish['outcome'] == 'succeeded'
    upload = plane.uploads[next(file['upload_id'] for file in finish['files'] if file['path'] == 'model.onnx')]
    assert upload['status'] == 'ready' and len(upload['content']) == upload['length'] > 500


def test_a_refused_credential_is_renewed(plane: ControlPlane, agent: AgentProcess, tmp_path: Path) -> None:
    before = len(plane.enrolments)
    plane.credentials.clear()
    assert finished(plane, submit(plane, tmp_path))['outcome'] == 'succeeded'
    assert len(plane.enrolments) == before + 1


def test_health_follows_the_heartbeat(plane: ControlPlane, agent: AgentProcess, tmp_path: Path) -> None:
    assert health(agent.state_dir).returncode == 0
    (tmp_path / 'heartbeat.json').write_text('{"accepted_at": "2026-01-01T00:00:00.000Z"}')
    stale = health(tmp_path)
    assert stale.returncode == 1 and 's old' in stale.stderr
    assert health(tmp_path / 'nowhere').returncode == 1


def health(state_dir: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, 'NEUROWEAVER_STATE_DIR': str(state_dir), 'PYTHONPATH': str(PACKAGE_PARENT)}
    return subprocess.run([sys.executable, '-m', 'neuroweaver_training', 'health'], env=environment, capture_output=True, text=True)


def trainers(agent: AgentProcess) -> list[int]:
    """Processes two below the agent: the trainers that its host has forked."""
    return [pid for host in children(agent.process.pid) for pid in children(host)]


def children(pid: int) -> list[int]:
    found = []
    for entry in Path('/proc').iterdir():
        if entry.name.isdigit():
            try:
                if int((entry / 'stat').read_text().rsplit(')', 1)[1].split()[1]) == pid:
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def is_gone(pid: int) -> bool:
    try:
        return Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()[0] == 'Z'
    except OSError:
        return True


def wait_until(question: Any, seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not question():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_trainer_knows_no_secret(plane: ControlPlane, agent: AgentProcess, tmp_path: Path) -> None:
    job_id = submit(plane, tmp_path, hyper_parameters=SLOW, rows=4000)
    training(plane, job_id)
    (pid,) = trainers(agent)
    environment = Path(f'/proc/{pid}/environ').read_bytes().decode()
    assert TOKEN not in environment and 'RUNTIME_TOKEN' not in environment
    plane.jobs[job_id]['cancel'] = True
    finished(plane, job_id)


def test_a_killed_trainer_is_told_as_retryable_and_goes_on_from_its_checkpoint(plane: ControlPlane, agent: AgentProcess,
                                                                              tmp_path: Path) -> None:
    job_id = submit(plane, tmp_path, hyper_parameters={'rounds': 1500, 'early_stopping_rounds': 0}, rows=2000)
    checkpoint = plane.wait_for(lambda: plane.jobs[job_id]['checkpoint'])
    os.kill(trainers(agent)[0], signal.SIGKILL)
    plane.wait_for(lambda: plane.jobs[job_id]['attempt'] == 2)
    assert (plane.jobs[job_id]['finish']['error']['code'], plane.jobs[job_id]['finish']['is_retryable']) == ('killed', True)
    plane.wait_for(lambda: plane.jobs[job_id]['status'] == 'succeeded', 60)
    later = plane.events(job_id, 2)
    assert any('Going on from the checkpoint' in event.get('message', '') for event in later)
    assert min(event['step'] for event in later if event['type'] == 'progress') > checkpoint['step']
    check_events(plane, job_id, 2)


def test_an_agent_waits_for_a_control_plane_that_comes_later_and_leaves_nothing_behind(tmp_path: Path) -> None:
    plane = ControlPlane()
    plane.start()
    plane.stop()
    agent = AgentProcess(plane.url, TOKEN, tmp_path / 'early')
    try:
        time.sleep(0.5)
        plane.start()
        plane.wait_for(lambda: plane.heartbeats)
        job_id = submit(plane, tmp_path, hyper_parameters=SLOW, rows=4000)
        training(plane, job_id)
        running = children(agent.process.pid) + trainers(agent)
        assert len(running) == 2
        agent.signal(signal.SIGKILL)
        wait_until(lambda: all(map(is_gone, running)))
    finally:
        agent.process.kill()
        agent.process.wait()
        plane.stop()


def test_a_stopped_agent_hands_its_job_back_with_a_checkpoint(tmp_path: Path) -> None:
    plane = ControlPlane()
    plane.start()
    agent = AgentProcess(plane.url, TOKEN, tmp_path / 'stopped')
    try:
        job_id = submit(plane, tmp_path, hyper_parameters=SLOW, rows=4000)
        training(plane, job_id)
        assert agent.stop() == 0
        job = plane.jobs[job_id]
        assert (job['status'], job['finish']['error']['code'], job['finish']['is_retryable']) == ('queued', 'killed', True)
        assert job['checkpoint']['step'] > 0
    finally:
        agent.process.kill()
        plane.stop()


def test_a_frozen_agent_finds_its_lease_lost(tmp_path: Path) -> None:
    plane = ControlPlane()
    plane.start()
    agent = AgentProcess(plane.url, TOKEN, tmp_path / 'frozen')
    try:
        job_id = submit(plane, tmp_path, hyper_parameters={'rounds': 300, 'early_stopping_rounds': 0}, rows=3000)
        training(plane, job_id)
        agent.signal(signal.SIGSTOP)
        with plane.changed:
            plane.jobs[job_id]['attempt'] += 1
        # Its trainer goes on and ends while the agent sees nothing.
        time.sleep(2)
        agent.signal(signal.SIGCONT)
        plane.wait_for(lambda: plane.jobs[job_id]['refused'])
        wait_until(lambda: not any((agent.state_dir / 'jobs').iterdir()))
        assert plane.jobs[job_id]['finish'] is None
        assert plane.jobs[job_id]['checkpoint'] is None
    finally:
        agent.stop()
        plane.stop()
