"""Parts of an amount that goes with a quantity, cumulative: the parts of all quantities add up to the whole amount."""

from models.base.money import money


def share_of(amount, quantity, done, part, decimals=2):
    """What `part` is worth after `done` of `quantity` was already counted: cumulative(done + part) − cumulative(done)."""
    return money(amount * (done + part) / quantity, decimals) - money(amount * done / quantity, decimals)
