"""The change set that is open in this context. A ContextVar, so threads and async tasks do not see each other's."""

from collections import Counter
from contextvars import ContextVar
from dataclasses import dataclass, field
from uuid import UUID


@dataclass
class OpenChangeSet:
    """An open change set as the triggers see it."""

    id: UUID
    user_id: int | None = None
    opening: bool = False
    touched: Counter = field(default_factory=Counter)  # rows written by model on SQLite; PostgreSQL counts for itself


OPEN: ContextVar[OpenChangeSet | None] = ContextVar("open_changeset", default=None)


def current_changeset():
    """The id of the open change set, or None."""
    open_set = OPEN.get()
    return open_set.id if open_set else None
