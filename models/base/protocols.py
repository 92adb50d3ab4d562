"""Sockets that higher areas fill when they are ready, so that base need not import them."""


class Protocol:
    """A function that an area above supplies. Calling it before that raises RuntimeError with its name."""

    def __init__(self, name, promise, default=None):
        self.name, self.__doc__, self._function = name, promise, default

    def fill(self, function):
        """Supply the function; usable as a decorator."""
        self._function = function
        return function

    def __call__(self, *arguments, **named):
        if self._function is None:
            raise RuntimeError(f"Nothing supplies {self.name!r} yet: is its area installed?")
        return self._function(*arguments, **named)


open_changes = Protocol("open_changes", "changes(kind, *, user, reason) → context manager: one transaction, one change set. By audit.")
current_changeset = Protocol("current_changeset", "current_changeset() → UUID or None of the open change set. By audit.")
access_of = Protocol("access_of", "access_of(user) → Access: what a person's roles grant, resolved once per request. By org.")
draw_number = Protocol(
    "draw_number", "draw_number(document) → str: the next number of the document's series, counter locked last. By lowcode."
)
start_route = Protocol("start_route", "start_route(document, *, by): begin or resume the approval of a document just submitted. By flows.")
stop_route = Protocol("stop_route", "stop_route(document, *, by, reason): end the open approval of a withdrawn document. By flows.")
may_withdraw = Protocol(
    "may_withdraw", "may_withdraw(document, by) → Decision: is the open approval of the document this person's own matter? By flows."
)
exchange_rate = Protocol(
    "exchange_rate", "exchange_rate(currency_id, date) → Decimal or None: what one unit is worth in the company's currency. By org."
)
default_company_id = Protocol("default_company_id", "default_company_id(user) → int: the company of new records of this person. By org.")
