"""Parts of an amount that goes with a quantity, cumulative: the parts of all quantities add up to the whole amount."""

from models.base.money import money


def share_of(amount, quantity, done, part, decimals=2, counted=None):
    """What `part` is worth after `done` of `quantity` was already counted: cumulative(done + part) − what was counted for `done`.

    `counted`: that amount where parts were taken back meanwhile, so that it need not be cumulative(done) to the cent.
    """
    if counted is None:
        counted = money(amount * done / quantity, decimals)
    return money(amount * (done + part) / quantity, decimals) - counted
