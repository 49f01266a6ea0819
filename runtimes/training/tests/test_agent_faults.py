"""The agent when connections, processes, leases and machines fail."""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from agent_jobs import SLOW, check_events, children, claim_of, finished, is_gone, submit, trainers, training, wait_until
from agents import AgentProcess
from control_plane import TOKEN, ControlPlane

StartAgent = Callable[..., AgentProcess]


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


def test_a_name_that_another_runtime_has_is_asked_for_again_told_once_and_kept_by_proof(own_plane: ControlPlane, start_agent: StartAgent,
                                                                                        tmp_path: Path) -> None:
    own_plane.name_taken = 'The name is taken by another training runtime.'
    agent = start_agent(own_plane.url, TOKEN, tmp_path / 'taken')
    own_plane.wait_for(lambda: own_plane.refusals == 3)
    assert agent.process.poll() is None
    own_plane.name_taken = None
    own_plane.wait_for(lambda: own_plane.heartbeats)
    assert agent.log().count('The name is taken') == 1
    assert own_plane.enrolments[0]['previous_credential_sha256'] is None
    kept = json.loads((agent.state_dir / 'credential.json').read_text('utf-8'))['credential']
    proof = hashlib.sha256(kept.encode()).hexdigest()
    agent.signal(signal.SIGKILL)
    agent.process.wait()
    agent = start_agent(own_plane.url, TOKEN, tmp_path / 'taken')
    own_plane.wait_for(lambda: len(own_plane.enrolments) == 2)
    assert own_plane.enrolments[1]['previous_credential_sha256'] == proof


def test_a_credential_that_was_kept_is_good_while_the_token_is_another(own_plane: ControlPlane, start_agent: StartAgent,
                                                                       tmp_path: Path) -> None:
    agent = start_agent(own_plane.url, TOKEN, tmp_path / 'changed')
    own_plane.wait_for(lambda: own_plane.heartbeats)
    assert agent.stop() == 0
    beats = len(own_plane.heartbeats)
    agent = start_agent(own_plane.url, 'a-token-of-yesterday', tmp_path / 'changed')
    own_plane.wait_for(lambda: len(own_plane.heartbeats) > beats)
    assert len(own_plane.enrolments) == 1
    assert agent.stop() == 0


def test_a_stop_that_the_kernel_gives_to_another_thread_is_heard(own_plane: ControlPlane, start_agent: StartAgent, tmp_path: Path) -> None:
    agent = start_agent(own_plane.url, TOKEN, tmp_path / 'deaf')
    own_plane.wait_for(lambda: own_plane.heartbeats)
    pid = agent.process.pid
    thread = max(int(task.name) for task in Path(f'/proc/{pid}/task').iterdir())
    assert thread != pid
    assert ctypes.CDLL(None, use_errno=True).tgkill(pid, thread, signal.SIGTERM) == 0
    assert agent.process.wait(10) == 0


def test_a_draining_runtime_that_is_removed_ends_and_says_why(own_plane: ControlPlane, start_agent: StartAgent, tmp_path: Path) -> None:
    own_plane.is_draining = True
    agent = start_agent(own_plane.url, TOKEN, tmp_path / 'removed')
    # Whoever asks again has taken the answer before in: it claims nothing any more.
    own_plane.wait_for(lambda: len(own_plane.heartbeats) >= 2)
    own_plane.removed = 'This runtime was removed by an admin.'
    own_plane.credentials.clear()
    assert agent.process.wait(10) == 78
    assert 'does not take this runtime: This runtime was removed by an admin.' in agent.log()


def test_why_an_enrolment_fails_is_an_error_of_its_line_which_terminals_show(own_plane: ControlPlane, start_agent: StartAgent,
                                                                             tmp_path: Path) -> None:
    agent = start_agent(own_plane.url, 'another-token', tmp_path / 'refused')
    own_plane.wait_for(lambda: own_plane.refusals >= 2)
    line = next(line for line in map(json.loads, agent.log().splitlines()) if line['level'] == 'warn')
    assert (line['message'], line['error']['message']) == ('Enrolment failed; trying again.', 'enrolment refused: wrong token')


def test_settings_that_are_wrong_are_told_once_and_end_it_for_good(tmp_path: Path) -> None:
    agent = AgentProcess('neuroweaver.example.org', TOKEN, tmp_path / 'wrong')
    assert agent.process.wait(20) == 78
    assert 'The settings are wrong: NEUROWEAVER_CONTROL_URL must be an http or https address' in agent.log()


def test_the_authority_of_a_company_is_named_as_it_is_to_node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plane = ControlPlane()
    plane.certificate = (str(tmp_path / 'cert.pem'), str(tmp_path / 'key.pem'))
    subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '1']
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-out', plane.certificate[0], '-keyout',
                    plane.certificate[1], *subject], check=True, capture_output=True)
    plane.start()
    monkeypatch.setenv('NODE_EXTRA_CA_CERTS', plane.certificate[0])
    agent = AgentProcess(plane.url, TOKEN, tmp_path / 'trusting')
    try:
        plane.wait_for(lambda: plane.heartbeats)
    finally:
        agent.process.kill()
        plane.stop()


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


def test_an_agent_waits_for_a_control_plane_that_comes_later_and_leaves_nothing_behind(own_plane: ControlPlane, start_agent: StartAgent,
                                                                                       tmp_path: Path) -> None:
    own_plane.stop()
    agent = start_agent(own_plane.url, TOKEN, tmp_path / 'early')
    time.sleep(0.5)
    own_plane.start()
    own_plane.wait_for(lambda: own_plane.heartbeats)
    job_id = submit(own_plane, tmp_path, hyper_parameters=SLOW, rows=4000)
    training(own_plane, job_id)
    running = children(agent.process.pid) + trainers(agent)
    assert len(running) == 2
    agent.signal(signal.SIGKILL)
    wait_until(lambda: all(map(is_gone, running)))


def test_a_stopped_agent_hands_its_job_back_with_a_checkpoint(own_plane: ControlPlane, start_agent: StartAgent, tmp_path: Path) -> None:
    agent = start_agent(own_plane.url, TOKEN, tmp_path / 'stopped')
    job_id = submit(own_plane, tmp_path, hyper_parameters=SLOW, rows=4000)
    training(own_plane, job_id)
    assert agent.stop() == 0
    job = own_plane.jobs[job_id]
    assert (job['status'], job['finish']['error']['code'], job['finish']['is_retryable']) == ('queued', 'killed', True)
    assert job['checkpoint']['step'] > 0


def test_a_frozen_agent_finds_its_lease_lost(own_plane: ControlPlane, start_agent: StartAgent, tmp_path: Path) -> None:
    agent = start_agent(own_plane.url, TOKEN, tmp_path / 'frozen')
    job_id = submit(own_plane, tmp_path, hyper_parameters={'rounds': 300, 'early_stopping_rounds': 0}, rows=3000)
    training(own_plane, job_id)
    agent.signal(signal.SIGSTOP)
    with own_plane.changed:
        own_plane.jobs[job_id]['attempt'] += 1
    # Its trainer goes on and ends while the agent sees nothing.
    time.sleep(2)
    agent.signal(signal.SIGCONT)
    own_plane.wait_for(lambda: own_plane.jobs[job_id]['refused'])
    wait_until(lambda: not any((agent.state_dir / 'jobs').iterdir()))
    assert own_plane.jobs[job_id]['finish'] is None
    assert own_plane.jobs[job_id]['checkpoint'] is None


def test_a_damaged_file_of_the_cache_is_fetched_anew(plane: ControlPlane, agent: AgentProcess, tmp_path: Path) -> None:
    claim = claim_of(plane, tmp_path, rows=322)
    file = claim['dataset']['files'][0]
    cache = agent.state_dir / 'cache'
    cache.mkdir(exist_ok=True)
    (cache / file['sha256']).write_bytes(b'0' * file['size_bytes'])
    assert finished(plane, plane.submit(claim))['outcome'] == 'succeeded'


def test_a_full_disk_gives_the_job_to_others_and_the_agent_lives(plane: ControlPlane, agent: AgentProcess, tmp_path: Path) -> None:
    claim = claim_of(plane, tmp_path, rows=321)
    cache = agent.state_dir / 'cache'
    cache.mkdir(exist_ok=True)
    # Every write to it finds no space left.
    (cache / f'{claim["dataset"]["files"][0]["sha256"]}.part').symlink_to('/dev/full')
    finish = finished(plane, plane.submit(claim))
    assert (finish['outcome'], finish['is_retryable'], finish['error']['code']) == ('failed', True, 'resource_unavailable')
    assert 'is full' in finish['error']['message'] and str(cache) in finish['error']['message']
    beats = len(plane.heartbeats)
    plane.wait_for(lambda: len(plane.heartbeats) > beats)
    assert agent.process.poll() is None
