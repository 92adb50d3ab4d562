"""The sums of a document, exact and rounded in one place."""

from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

HUNDRED = Decimal(100)


def round_half_up(number, places):
    """`number` rounded half away from zero to `places` decimals: the only rounding in the product."""
    return Decimal(number).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def money(number, decimals=2):
    """An amount in a currency of that many decimals (2 for CNY, 0 for JPY)."""
    return round_half_up(number, decimals)


class LineAmounts(NamedTuple):
    """amount: quantity × price × discount as the document says (with or without tax); gross = net + tax."""

    amount: Decimal
    net: Decimal
    tax: Decimal
    gross: Decimal


def line_amounts(quantity, price, discount, tax_rate, prices_include_tax, is_gift=False, decimals=2):
    """The amounts of one line. `discount` is the percentage paid (90 = 九折); `tax_rate` is in percent.

    Rounds once per step and half-up: first the amount, then the tax out of it; net and gross follow by subtraction or addition.
    """
    amount = Decimal(0) if is_gift else money(quantity * price * discount / HUNDRED, decimals)
    return taxed(amount, tax_rate, prices_include_tax, decimals)


def taxed(amount, tax_rate, prices_include_tax, decimals=2):
    """Net, tax and gross of an amount that includes tax or not."""
    if prices_include_tax:
        tax = money(amount * tax_rate / (HUNDRED + tax_rate), decimals)
        return LineAmounts(amount, amount - tax, tax, amount)
    tax = money(amount * tax_rate / HUNDRED, decimals)
    return LineAmounts(amount, amount, tax, amount + tax)


def price_from_amount(amount, quantity, discount):
    """The price that gives this amount, six decimals; None where quantity or discount is zero."""
    divisor = quantity * discount
    return round_half_up(amount * HUNDRED / divisor, 6) if divisor else None


def spread(total, weights, decimals=2):
    """`total` divided in proportion to `weights`, each share rounded, the remainder on the largest weight (the first of equals).

    The shares always add up to `total`. All weights zero: everything on the first.
    """
    if not weights:
        return []
    whole = sum(weights)
    if not whole:
        return [total] + [Decimal(0)] * (len(weights) - 1)
    shares = [money(total * weight / whole, decimals) for weight in weights]
    largest = max(range(len(weights)), key=lambda i: abs(weights[i]))
    shares[largest] += total - sum(shares)
    return shares
