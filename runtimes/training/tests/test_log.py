"""What the agent writes, ships and traces: one shape, one correlation id, and no secret."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from agent_jobs import claim_of, finished
from agents import PACKAGE_PARENT, AgentProcess
from conftest import LINE_KEYS
from control_plane import TOKEN, ControlPlane

TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'


class Receiver:
    """A log sink and an OTLP collector; fails as often as it is told to."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []
        self.spans: list[dict[str, Any]] = []
        self.failures = 0
        self.changed = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: Any) -> None:
                """Quiet."""

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers['Content-Length']))
                status = 200
                with receiver.changed:
                    if self.path == '/v1/traces':
                        receiver.spans += json.loads(body)['resourceSpans'][0]['scopeSpans'][0]['spans']
                    elif receiver.failures > 0:
                        receiver.failures -= 1
                        status = 503
                    else:
                        receiver.lines += [json.loads(line) for line in gzip.decompress(body).decode().splitlines()]
                    receiver.changed.notify_all()
                self.send_response(status)
                self.send_header('Content-Length', '0')
                self.end_headers()

        self._server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.url = f'http://127.0.0.1:{self._server.server_port}'
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def wait_for(self, question: Any) -> None:
        with self.changed:
            assert self.changed.wait_for(question, 20), [line['message'] for line in self.lines]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


def test_a_job_is_told_under_one_correlation_id(plane: ControlPlane, receiver: Receiver, tmp_path: Path,
                                                monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv('LOG_SINK_URL', f'{receiver.url}/logs')
    monkeypatch.setenv('OTEL_EXPORTER_OTLP_ENDPOINT', receiver.url)
    receiver.failures = 1
    other = ControlPlane()
    other.start()
    agent = AgentProcess(other.url, TOKEN, tmp_path / 'agents' / 'told')
    try:
        job_id = other.submit({**claim_of(other, tmp_path, hyper_parameters={'rounds': 5}), 'traceparent': TRACEPARENT})
        finished(other, job_id)
        receiver.wait_for(lambda: len(receiver.spans) >= 2 and any(line['message'] == 'Finished.' for line in receiver.lines))
    finally:
        agent.stop()
        other.stop()
    printed = [json.loads(line) for line in agent.log().splitlines()]
    assert all(set(line) == LINE_KEYS for line in printed)
    (correlation_id,) = {line['correlationId'] for line in printed} - {None}
    assert {'training', 'trainer'} <= {line['component'] for line in printed if line['correlationId'] == correlation_id}
    calls = {path.rsplit('/', 1)[-1] for path, given in other.correlations if given == correlation_id}
    assert {'events', 'finish', 'uploads'} <= calls
    # Shipped are the same lines, none of them lost with the refusal.
    assert [line['id'] for line in receiver.lines] == [line['id'] for line in printed][:len(receiver.lines)]
    spans = {span['name']: span for span in receiver.spans}
    job, trainer = spans['training job'], spans['trainer']
    assert (job['traceId'], job['parentSpanId']) == tuple(TRACEPARENT.split('-')[1:3])
    assert (trainer['traceId'], trainer['parentSpanId']) == (job['traceId'], job['spanId'])


SECRETS = ['nwk_' + 'A1b2' * 10, 'nwr_' + 'C3d4' * 10, 'eyJhbGciOi.eyJzdWIiOi.c2lnbmF0dXJl', 'a-token-from-the-settings',
           'p4ssw0rd-in-url', 'by-name-1']


def test_no_secret_is_written() -> None:
    program = f'''
from neuroweaver_training.agent.log import log
log('info', 'calls {SECRETS[0]} with Bearer {SECRETS[2]}', data={{'password': '{SECRETS[5]}', 'max_tokens': 5, 'deep': [{{'apiKey': '{SECRETS[5]}'}}]}})
try:
    raise ValueError('postgres://u:{SECRETS[4]}@host/db and {SECRETS[1]}')
except ValueError as error:
    log('error', 'it failed: {SECRETS[3]}', error=error)
'''
    environment = {**os.environ, 'PYTHONPATH': str(PACKAGE_PARENT), 'RUNTIME_TOKEN': SECRETS[3]}
    written = subprocess.run([sys.executable, '-c', program], env=environment, capture_output=True, text=True, check=True).stdout
    lines = [json.loads(line) for line in written.splitlines()]
    assert [secret for secret in SECRETS if secret in written] == []
    assert lines[0]['data'] == {'password': '[redacted]', 'max_tokens': 5, 'deep': [{'apiKey': '[redacted]'}]}
    assert lines[1]['error']['name'] == 'ValueError' and 'Traceback' in lines[1]['error']['stack']
