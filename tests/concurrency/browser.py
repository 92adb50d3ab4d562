"""A browser of one person who is logged in: reads forms, sends them, and sends them again where no answer comes."""

import time

import requests
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore

from tests.bench.browser import Fields

CSRF = "c" * 32
PATIENCE = 60
LOST = requests.ConnectionError, requests.exceptions.ChunkedEncodingError


def logged_in(user):
    """The key of a new session of the user."""
    session = SessionStore()
    session[SESSION_KEY], session[HASH_SESSION_KEY] = str(user.pk), user.get_session_auth_hash()
    session[BACKEND_SESSION_KEY] = "models.org.backends.RoleBackend"
    session.create()
    return session.session_key


class Browser:
    """Requests of one session."""

    def __init__(self, address, session):
        self.address, self.requests = address, requests.Session()
        self.requests.cookies.update({"sessionid": session, "csrftoken": CSRF})

    def fields(self, path):
        """{name: value} of the forms of a page as they come."""
        parser = Fields()
        answer = self.requests.get(self.address + path, timeout=PATIENCE, allow_redirects=False)
        assert answer.status_code == 200, (path, answer.status_code, answer.headers.get("Location"))
        parser.feed(answer.text)
        return {name: value for name, value in parser.values.items() if name not in ("q", "next", "csrfmiddlewaretoken")}

    def send(self, path, fields, **headers):
        """The answer to a form. Raises one of LOST where none comes."""
        return self.requests.post(
            self.address + path,
            data=fields | {"csrfmiddlewaretoken": CSRF},
            headers={"Referer": self.address + path, **headers},
            timeout=PATIENCE,
            allow_redirects=False,
        )

    def insist(self, path, fields):
        """Send a form until an answer comes."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                return self.send(path, fields)
            except LOST:
                assert time.monotonic() < end, "no answer ever"
                time.sleep(0.1)


def told(answer):
    """What a person makes of an answer: the status and where it leads."""
    return [answer.status_code, answer.headers.get("Location", "")]
