"""The runtime door of the control plane: enrolment, the credential, and signed calls."""

from __future__ import annotations

import copy
import hashlib
import json
import random
import threading
import uuid
from dataclasses import dataclass
from typing import Any

from .. import __version__
from ..files import write_json
from .devices import capacity, list_devices
from .http import Answer, Backoff, Connection, Unreachable
from .log import log
from .settings import Settings

DOOR = '/api/runtime/v1'
PROTOCOL = 1
LOST_LEASE_PATH = 'attempt'
RETRY_STATUSES = (408, 425, 429, 500, 502, 503, 504)


class LeaseLost(Exception):
    """The job belongs to another attempt now: stop, and send nothing more for it."""


class Halted(Exception):
    """The agent is shutting down."""


class NameTaken(Exception):
    """Another runtime has this one's name; it may be had when that falls silent."""

    def __init__(self, reason: str, retry_s: float) -> None:
        super().__init__(reason)
        self.retry_s = retry_s


# For an answer that does not say when to ask again.
NAME_RETRY_S = 15.0


@dataclass
class _Shared:
    """What a control and its copies for jobs have in common."""

    # The one that calls are signed with; None until this process has enrolled.
    credential: str | None = None
    # The one that was given last, to this process or to the one before: proof that the name is this runtime's.
    latest: str | None = None
    heartbeat_s: float = 5.0
    # The control plane will never take this process: it is too old, was removed, or shows what is no runtime token.
    is_unwelcome: bool = False


class Control:
    """Shared by all threads; each thread has its own connection."""

    def __init__(self, settings: Settings, halt: threading.Event) -> None:
        self.settings = settings
        self.halt = halt
        self.boot_id = str(uuid.uuid4())
        self._path = settings.state_dir / 'credential.json'
        self._lock = threading.Lock()
        self._local = threading.local()
        self._following: dict[str, str] = {}
        kept = self._read_kept()
        is_same = (kept.get('control_url'), kept.get('name')) == (settings.control_url, settings.name)
        # Good for calls too where the token is missing or was changed since.
        self._kept: str | None = kept.get('credential') if is_same else None
        self._shared = _Shared(latest=kept.get('credential'))

    def _read_kept(self) -> dict[str, Any]:
        try:
            kept = json.loads(self._path.read_text('utf-8'))
        except (OSError, ValueError):
            return {}
        return kept if isinstance(kept, dict) else {}

    def connection(self) -> Connection:
        if not hasattr(self._local, 'connection'):
            self._local.connection = Connection(self.settings.control_url)
        return self._local.connection

    def wait(self, seconds: float) -> None:
        """Sleeps, and raises Halted as soon as the agent is to stop."""
        if self.halt.wait(seconds):
            raise Halted()

    @property
    def heartbeat_s(self) -> float:
        return self._shared.heartbeat_s

    @property
    def is_unwelcome(self) -> bool:
        return self._shared.is_unwelcome

    def following(self, headers: dict[str, str]) -> Control:
        """The same door for one job: these headers go with every call, and say whose doing it is and which trace it is part of."""
        own = copy.copy(self)
        own._following = headers
        return own

    def call(self, method: str, path: str, body: dict[str, Any] | None = None, *, timeout_s: float = 15.0) -> Answer:
        """One signed call to the door, enrolling first where needed and once more after a 401. Raises Unreachable."""
        content = None if body is None else json.dumps(body, allow_nan=False).encode()
        headers = {'Content-Type': 'application/json'} if content is not None else {}
        return self.signed(method, DOOR + path, headers, content, timeout_s)

    def signed(self, method: str, path: str, headers: dict[str, str], body: bytes | None, timeout_s: float) -> Answer:
        """A call to any path of the control plane with this runtime's credential."""
        credential = self._shared.credential or self._enrol(None)
        answer = self._send(method, path, headers, body, timeout_s, credential)
        if answer.status != 401:
            return answer
        credential = self._enrol(credential)
        return self._send(method, path, headers, body, timeout_s, credential)

    def authorization(self) -> dict[str, str]:
        """The header for calls that are made elsewhere (streams)."""
        return {**self._following, 'Authorization': f'Bearer {self._shared.credential or self._enrol(None)}'}

    def _send(self, method: str, path: str, headers: dict[str, str], body: bytes | None, timeout_s: float, credential: str) -> Answer:
        signed = {**self._following, **headers, 'Authorization': f'Bearer {credential}'}
        answer = self.connection().request(method, path, signed, body, timeout_s)
        if answer.status in RETRY_STATUSES:
            raise Unreachable(f'HTTP {answer.status}: {answer.message()}')
        return answer

    def _enrol(self, refused: str | None) -> str:
        """Asks until a credential is given; several threads enrol once. Raises Halted."""
        with self._lock:
            if self._shared.credential and self._shared.credential != refused:
                return self._shared.credential
            self._shared.credential = None
            self._shared.credential = self._shared.latest = self._enrol_until_taken(refused)
            return self._shared.credential

    def _enrol_until_taken(self, refused: str | None) -> str:
        backoff, is_told = Backoff(0.2, 10.0), False
        while True:
            try:
                return self._ask_enrolment(refused)
            except NameTaken as error:
                if not is_told:
                    log('error', f'{error} It is asked for again until it is free.')
                    is_told = True
                self.wait(error.retry_s * random.uniform(1.0, 1.1))
            except Unreachable as error:
                pause = backoff.next_s()
                log('warn', 'Enrolment failed; trying again.', data={'retry_seconds': round(pause, 2)}, error=error)
                self.wait(pause)

    def _ask_enrolment(self, refused: str | None) -> str:
        kept = self._kept if self._kept != refused else None
        if not self.settings.token:
            if kept:
                return kept
            raise Unreachable('RUNTIME_TOKEN is not set, and there is no valid credential')
        latest = self._shared.latest
        request = {'kind': 'training', 'name': self.settings.name, 'version': __version__, 'protocol': PROTOCOL,
                   'boot_id': self.boot_id, 'devices': list_devices(), 'capacity': capacity(), 'url': None,
                   'previous_credential_sha256': hashlib.sha256(latest.encode()).hexdigest() if latest else None}
        headers = {'Content-Type': 'application/json', 'Authorization': f'Bearer {self.settings.token}'}
        answer = self.connection().request('POST', f'{DOOR}/enrol', headers, json.dumps(request).encode())
        if _is_name_taken(answer):
            raise NameTaken(answer.message(), _retry_s(answer))
        if answer.status in (403, 409):
            log('error', f'The control plane does not take this runtime: {answer.message()}')
            self._shared.is_unwelcome = True
            self.halt.set()
            raise Halted()
        if answer.status == 401 and kept:
            return kept
        if not answer.is_ok:
            raise Unreachable(f'enrolment refused: {answer.message()}')
        enrolled = answer.json()
        self._shared.heartbeat_s = enrolled['heartbeat_ms'] / 1000
        self._keep({'runtime_id': enrolled['runtime_id'], 'credential': enrolled['credential'], 'version': __version__,
                    'control_url': self.settings.control_url, 'name': self.settings.name})
        log('info', 'Enrolled.', data={'runtimeId': enrolled['runtime_id'], 'name': self.settings.name})
        return str(enrolled['credential'])

    def _keep(self, credential: dict[str, Any]) -> None:
        try:
            write_json(self._path, credential, mode=0o600)
        except OSError as error:
            # On a full disk it goes on with what it has in memory; after a restart it enrols again.
            log('error', 'The credential could not be kept.', error=error)


def _paths(answer: Answer) -> list[str]:
    """What an error is about: the first part of each of its details' paths."""
    details = answer.error().get('details') or []
    return [str(detail.get('path', '')).split('.')[0] for detail in details if isinstance(detail, dict)]


def is_lease_lost(answer: Answer) -> bool:
    """True for the 409 that names the attempt; a 409 about files that are not ready yet is another matter."""
    return answer.status == 409 and 'files' not in _paths(answer)


def _is_name_taken(answer: Answer) -> bool:
    """True for the 409 of an enrolment that names the name; any other is final."""
    return answer.status == 409 and 'name' in _paths(answer)


def _retry_s(answer: Answer) -> float:
    wait = answer.headers.get('retry-after', '')
    return min(float(wait), NAME_RETRY_S) if wait.isdigit() and int(wait) > 0 else NAME_RETRY_S
