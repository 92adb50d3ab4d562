"""When a debt falls due under a payment term."""

import calendar
from datetime import timedelta

from models.base.money import spread
from models.customers.models import PaymentTermLine


def month_end(date):
    """The last day of the month."""
    return date.replace(day=calendar.monthrange(date.year, date.month)[1])


def instalments(term, amount, date, decimals=2):
    """[(amount, due date)] of a debt that arises on `date`; the shares add up to the amount. No term or no shares: due at once."""
    lines = list(term.lines.all()) if term is not None else []
    if not lines:
        return [(amount, date)]
    shares = spread(amount, [line.percent for line in lines], decimals)
    rows = []
    for line, share in zip(lines, shares, strict=True):
        start = month_end(date) if line.basis == PaymentTermLine.Basis.MONTH_END else date
        if share:
            rows.append((share, start + timedelta(days=line.days)))
    return rows or [(amount, date)]
