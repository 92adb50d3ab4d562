"""Who acts. Serves labels and history; rights are always asked with an explicit user."""

from contextlib import contextmanager
from contextvars import ContextVar

_user = ContextVar("acting_user", default=None)


def current_user():
    """The person on whose behalf the present code runs, or None for the system."""
    return _user.get()


@contextmanager
def acting(user):
    """Make `user` (or None) the actor inside the block."""
    token = _user.set(user)
    try:
        yield user
    finally:
        _user.reset(token)
