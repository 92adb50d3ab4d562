"""The customer's page: what is owed, what is left of the limit, what comes next, and everything of this customer in one place."""


class CustomerPages:
    """Mixin: tiles and tabs of a customer."""
