"""A small control plane for tests: the runtime protocol and tus over real HTTP, with faults that a test can ask for."""

from __future__ import annotations

import hashlib
import json
import re
import ssl
import threading
import time
import uuid
from http.server import ThreadingHTTPServer
from typing import Any, Callable

from control_plane_files import FileDoors

TOKEN = 'a-token-that-only-enrols'
DOOR = '/api/runtime/v1'


class ControlPlane:
    """State under one lock; `changed` wakes whoever waits for it."""

    def __init__(self, lease_ms: int = 3000, heartbeat_ms: int = 200) -> None:
        self.lease_ms, self.heartbeat_ms = lease_ms, heartbeat_ms
        self.changed = threading.Condition()
        self.credentials: set[str] = set()
        self.enrolments: list[dict[str, Any]] = []
        self.heartbeats: list[dict[str, Any]] = []
        self.jobs: dict[str, dict[str, Any]] = {}
        self.uploads: dict[str, dict[str, Any]] = {}
        self.artifacts: dict[str, bytes] = {}
        self.calls: list[tuple[str, str, int]] = []
        self.correlations: list[tuple[str, str | None]] = []
        self.cut_patch_after: int | None = None
        self.cut_download_after: int | None = None
        self.drop_answers: Callable[[str, str], bool] = lambda method, path: False
        # Why an enrolment is refused because another runtime has the name, and how often it was.
        self.name_taken: str | None = None
        self.refusals = 0
        # Why an enrolment is refused for good.
        self.removed: str | None = None
        self.is_draining = False
        # Certificate and key, where it speaks TLS.
        self.certificate: tuple[str, str] | None = None
        self.claim_limit_ms = 2000
        self.port = 0
        self._server: ThreadingHTTPServer | None = None

    def start(self) -> None:
        """Listens; after a stop on the same port again."""
        plane = self

        class Handler(_Handler):
            control = plane

        self._server = _Server(('127.0.0.1', self.port), Handler)
        self.port = self._server.server_port
        if self.certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*self.certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Goes away: open connections are cut, new ones refused."""
        if self._server:
            self._server.shutdown()
            self._server.cut()
            self._server.server_close()
            self._server = None

    @property
    def url(self) -> str:
        return f'{"https" if self.certificate else "http"}://127.0.0.1:{self.port}'

    def add_artifact(self, content: bytes) -> dict[str, Any]:
        sha256 = hashlib.sha256(content).hexdigest()
        self.artifacts[sha256] = content
        return {'sha256': sha256, 'size_bytes': len(content)}

    def submit(self, claim: dict[str, Any], needs: str | None = None) -> str:
        """`needs` is the device whose queue it goes to, where that is another than the job itself is told."""
        job_id = str(uuid.uuid4())
        with self.changed:
            self.jobs[job_id] = {'claim': claim, 'needs': needs or claim['device'], 'status': 'queued', 'attempt': 0, 'cancel': False, 'events': {}, 'finish': None,
                                 'checkpoint': None, 'created': time.monotonic(), 'lease_until': 0.0, 'refused': []}
            self.changed.notify_all()
        return job_id

    def wait_for(self, question: Callable[[], Any], seconds: float = 30.0) -> Any:
        """Waits until `question` answers something true; fails with the state otherwise."""
        with self.changed:
            self.changed.wait_for(question, seconds)
            found = question()
        assert found, f'not reached in {seconds} s; calls: {self.calls[-20:]}'
        return found

    def requeue(self, job_id: str) -> None:
        """What the lease sweeper does."""
        with self.changed:
            self.jobs[job_id]['status'] = 'queued'
            self.changed.notify_all()

    def events(self, job_id: str, attempt: int | None = None) -> list[dict[str, Any]]:
        job = self.jobs[job_id]
        return [job['events'][key] for key in sorted(job['events']) if attempt is None or key[0] == attempt]

    def take(self, request: dict[str, Any]) -> dict[str, Any] | None:
        end = time.monotonic() + min(request['wait_ms'], self.claim_limit_ms) / 1000
        wanted = [*request['devices'], *(['auto'] if request['auto'] else [])]
        with self.changed:
            while self._server is not None:
                for job_id, job in self.jobs.items():
                    if job['status'] == 'queued' and job['needs'] in wanted:
                        return self._lease(job_id, job)
                if time.monotonic() >= end:
                    return None
                self.changed.wait(min(0.2, max(0.0, end - time.monotonic())))
        return None

    def _lease(self, job_id: str, job: dict[str, Any]) -> dict[str, Any]:
        job['status'], job['attempt'] = 'running', job['attempt'] + 1
        job['claimed'] = time.monotonic()
        self.changed.notify_all()
        return {**job['claim'], 'job_id': job_id, 'attempt': job['attempt'], 'correlation_id': str(uuid.uuid4()),
                'lease_ms': self.lease_ms, 'heartbeat_ms': self.heartbeat_ms, 'checkpoint': job['checkpoint']}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._open: set[Any] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def cut(self) -> None:
        for connection in self._open:
            try:
                connection.shutdown(2)
            except OSError:
                pass

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Cut connections are part of the tests."""


class _Handler(FileDoors):
    control: ControlPlane

    def _handle(self) -> None:
        body = b'' if self.command == 'PATCH' else self.rfile.read(int(self.headers.get('Content-Length') or 0))
        with self.control.changed:
            self.control.calls.append((self.command, self.path, self.headers.get('Authorization') is not None))
            self.control.correlations.append((self.path, self.headers.get('x-correlation-id')))
        token = (self.headers.get('Authorization') or '').removeprefix('Bearer ')
        if self.path == f'{DOOR}/enrol':
            self._enrol(json.loads(body), token)
        elif token not in self.control.credentials:
            self._drain()
            self._error(401, 'unauthorized', 'unknown credential')
        elif self.path.startswith('/uploads'):
            self._tus(token)
        else:
            self._door(self.path.removeprefix(DOOR), body)

    do_GET = do_POST = do_PATCH = do_HEAD = _handle

    def _drain(self) -> None:
        if self.command == 'PATCH':
            self.rfile.read(int(self.headers.get('Content-Length') or 0))

    def _enrol(self, request: dict[str, Any], token: str) -> None:
        if token != TOKEN:
            self._refuse(401, 'unauthorized', 'wrong token')
            return
        if self.control.removed:
            self._refuse(403, 'forbidden', self.control.removed)
            return
        if self.control.name_taken:
            self._refuse(409, 'conflict', self.control.name_taken, 'name', {'Retry-After': '1'})
            return
        credential = str(uuid.uuid4())
        with self.control.changed:
            self.control.credentials.add(credential)
            self.control.enrolments.append(request)
            self.control.changed.notify_all()
        self._answer(200, {'runtime_id': str(uuid.uuid4()), 'credential': credential, 'heartbeat_ms': self.control.heartbeat_ms})

    def _refuse(self, *error: Any) -> None:
        with self.control.changed:
            self.control.refusals += 1
            self.control.changed.notify_all()
        self._error(*error)

    def _door(self, path: str, body: bytes) -> None:
        control = self.control
        request = json.loads(body or b'{}')
        if path == '/heartbeat':
            with control.changed:
                control.heartbeats.append(request)
                control.changed.notify_all()
            self._answer(200, {'server_time': '2026-01-01T00:00:00Z', 'is_draining': control.is_draining})
        elif path == '/training/claim':
            claim = control.take(request)
            self._answer(200 if claim else 204, claim)
        elif match := re.fullmatch(r'/training/jobs/([0-9a-f-]+)/(\w+)', path):
            self._job(control.jobs[match[1]], match[2], request)
        elif match := re.fullmatch(r'/uploads/([0-9a-f-]+)', path):
            self._upload_status(match[1])
        elif match := re.fullmatch(r'/artifacts/([0-9a-f]{64})', path):
            self._artifact(match[1])
        else:
            self._error(404, 'not_found', 'no such address')

    def _job(self, job: dict[str, Any], verb: str, request: dict[str, Any]) -> None:
        control = self.control
        with control.changed:
            if job['status'] != 'running' or request['attempt'] != job['attempt']:
                job['refused'].append((verb, request['attempt']))
                control.changed.notify_all()
                status, answer = 409, None
            else:
                status, answer = self._job_change(job, verb, request)
                control.changed.notify_all()
        if status == 200:
            self._answer(200, answer)
        elif answer == 'files':
            self._error(409, 'conflict', 'an upload is not ready', 'files')
        else:
            self._error(409, 'conflict', 'the lease is lost', 'attempt')

    def _job_change(self, job: dict[str, Any], verb: str, request: dict[str, Any]) -> tuple[int, Any]:
        if verb == 'heartbeat':
            job['lease_until'] = time.monotonic() + self.control.lease_ms / 1000
            return 200, {'cancel': job['cancel']}
        if verb == 'events':
            for event in request['events']:
                key = (request['attempt'], event['n'])
                job['doubles'] = job.get('doubles', 0) + (key in job['events'])
                job['events'].setdefault(key, {**event, 'arrived': time.monotonic()})
            return 200, {'accepted': len(request['events'])}
        if verb == 'checkpoints':
            upload = self.control.uploads[request['upload_id']]
            job['checkpoint'] = {'step': request['step'], **self.control.add_artifact(bytes(upload['content']))}
            return 200, {'ok': True}
        for file in request.get('files', []):
            if self.control.uploads[file['upload_id']]['status'] != 'ready':
                return 409, 'files'
        job['finish'], job['finished'] = request, time.monotonic()
        is_again = request['outcome'] == 'failed' and request['is_retryable'] and job['attempt'] < 3
        job['status'] = 'queued' if is_again else request['outcome']
        return 200, {'status': job['status'], 'version': 1 if request['outcome'] == 'succeeded' else None}
