"""The product's web application, which kills its own process where a request asks for it: the header X-Die names the moment.

Only tests serve it. The moments are exact: just before the database is told to commit, just after it has, and when the answer is ready
but nothing of it has left the process.
"""

import os
import signal
import threading

from django.db.backends.base.base import BaseDatabaseWrapper

from backoffice.wsgi import application as product

BEFORE_COMMIT, AFTER_COMMIT, BEFORE_ANSWER = MOMENTS = ("before the commit", "after the commit", "before the answer")
request = threading.local()


def die_at(moment):
    if getattr(request, "moment", None) == moment:
        os.kill(os.getpid(), signal.SIGKILL)


def mortal_commit(self, commit=BaseDatabaseWrapper._commit):
    die_at(BEFORE_COMMIT)
    commit(self)
    die_at(AFTER_COMMIT)


BaseDatabaseWrapper._commit = mortal_commit


def application(environ, start_response):
    request.moment = environ.get("HTTP_X_DIE")
    try:
        answer = product(environ, start_response)
        die_at(BEFORE_ANSWER)
        return answer
    finally:
        request.moment = None
