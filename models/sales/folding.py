"""Keeping the rollups: deltas are folded into sums, sums are compared with the orders and put right.

An order given to another owner after its approval keeps its old figures until the comparison finds them.
"""

from collections import defaultdict
from itertools import groupby
from operator import attrgetter

from django.db import connection, transaction
from django.db.models import BigIntegerField, Count, F, Q, Sum, Value
from django.db.models.functions import Cast, TruncMonth

from models.base.documents import Approval
from models.base.money import money
from models.sales.figures import GROUPED, SUMMED, SalesFigure, deltas
from models.sales.orders import Order, OrderLine

Dimension, Pending = SalesFigure.Dimension, SalesFigure.Pending
FOLDING = (Pending.FOLDING_DELTA, Pending.FOLDING_SUM)
ORDER_COLUMNS = ("pk", "date", "company_id", "owner_id", "department_id", "region_id", "customer_id", "rate", "net", "gross")
LINE_COLUMNS = ("order_id", "product_id", "base_quantity", "net", "gross")


_nobody = Cast(Value(None), BigIntegerField())
OF_ALL_OWNERS = {
    **{name: F(name) for name in GROUPED[:4]},
    **dict.fromkeys(GROUPED[4:], _nobody),
    "dimension": Value(Dimension.PRODUCT_OF_ALL),
}


def fold_all():
    """Fold all deltas into their sums; returns how many there were. Month by month and dimension by dimension, each in a transaction
    of its own, so that a year's import is folded as well as a minute's orders. Safe beside writers and other folds.
    """
    waiting = SalesFigure.objects.filter(pending=Pending.DELTA).order_by().values_list("dimension", "month").distinct()
    return sum(_fold(dimension, month) for dimension, month in list(waiting))


def _fold(dimension, month):
    """Claim the deltas, and the sums that they change; insert the new sums; delete what was claimed."""
    rows = SalesFigure.objects.filter(month=month).order_by()
    own = rows.filter(dimension=dimension)
    with transaction.atomic():
        found = own.filter(pending=Pending.DELTA).update(pending=Pending.FOLDING_DELTA)
        if not found:
            return 0
        keys = own.filter(pending=Pending.FOLDING_DELTA).values("key")
        own.filter(pending=None, key__in=keys).update(pending=Pending.FOLDING_SUM)
        claimed = own.filter(pending__in=FOLDING)
        _insert(claimed, {name: F(name) for name in GROUPED})
        if dimension == Dimension.PRODUCT:
            whole = rows.filter(dimension=Dimension.PRODUCT_OF_ALL)
            whole.filter(pending=None, key__in=keys).update(pending=Pending.FOLDING_SUM)
            new = Q(dimension=dimension, pending=Pending.FOLDING_DELTA) | Q(dimension=Dimension.PRODUCT_OF_ALL, pending=Pending.FOLDING_SUM)
            _insert(rows.filter(new), OF_ALL_OWNERS)
            whole.filter(pending__in=FOLDING).delete()
        claimed.delete()
    return found


def _insert(rows, columns):
    """INSERT … SELECT of the sums of `rows`, grouped by `columns`; sums that are all zero are left out."""
    groups = rows.values(**{f"of_{name}": expression for name, expression in columns.items()})
    sums = groups.annotate(**{f"sum_{name}": Sum(name) for name in SUMMED})
    some = Q()
    for name in SUMMED:
        some |= ~Q(**{f"sum_{name}": 0})
    query, values = sums.filter(some).values_list(*(f"of_{n}" for n in GROUPED), *(f"sum_{n}" for n in SUMMED)).query.sql_with_params()
    table = connection.ops.quote_name(SalesFigure._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} ({', '.join((*GROUPED, *SUMMED))}) {query}", values)


def _stop_writers():
    """Until the transaction ends nobody posts figures: who has begun is waited for, who comes later waits."""
    if connection.vendor == "postgresql":  # on SQLite the transaction alone does it
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {SalesFigure._meta.db_table} IN SHARE ROW EXCLUSIVE MODE")


def months():
    """Every month that has approved orders or figures, oldest first."""
    ordered = Order.objects.filter(approval=Approval.APPROVED).order_by().values_list(TruncMonth("date")).distinct()
    posted = SalesFigure.objects.order_by().values_list("month").distinct()
    return sorted({month for (month,) in ordered} | {month for (month,) in posted})


def differences(month, *, repair=False):
    """[(group, column, stored, true)] where a month's figures are not those of its approved orders; `repair` puts them right."""
    with transaction.atomic():
        if repair:
            _stop_writers()
        stored, true = _stored(month), _true(month)
        wrong = [
            (group, name, stored[group][name], true[group][name])
            for group in sorted(stored.keys() | true.keys(), key=str)
            for name in SUMMED
            if stored[group][name] != true[group][name]
        ]
        if repair and wrong:
            SalesFigure.objects.filter(month=month).delete()
            rows = [SalesFigure(pending=None, **dict(zip(GROUPED, group, strict=True)), **sums) for group, sums in true.items()]
            SalesFigure.objects.bulk_create(rows, batch_size=2000)
    return wrong


def _sums():
    return defaultdict(lambda: dict.fromkeys(SUMMED, 0))


def _stored(month):
    """Deltas and sums as boards read them. Products of all owners are read as if everything were folded."""
    sums = _sums()
    rows = SalesFigure.objects.filter(month=month).order_by().values_list(*GROUPED, "pending").annotate(*(Sum(name) for name in SUMMED))
    for *group, pending, orders, quantity, net, gross in rows:
        for key in _groups(tuple(group), pending is not None):
            _add(sums[key], (orders, quantity, net, gross))
    return _without_zeros(sums)


def _true(month):
    """The sums of the month's approved orders."""
    sums = _sums()
    orders = Order.objects.filter(approval=Approval.APPROVED, date__gte=month, date__lt=_next(month)).order_by("pk")
    lines = OrderLine.objects.filter(order__in=orders.order_by().values("pk")).order_by("order_id").values_list(*LINE_COLUMNS, named=True)
    of_order = groupby(lines.iterator(), key=attrgetter("order_id"))
    key, waiting = next(of_order, (None, ()))
    for order in orders.values_list(*ORDER_COLUMNS, "company__currency__decimals", named=True).iterator():
        own = list(waiting) if key == order.pk else []
        if key == order.pk:
            key, waiting = next(of_order, (None, ()))
        for row in deltas(order, own, places=order.company__currency__decimals):
            for group in _groups(tuple(getattr(row, name) for name in GROUPED), True):
                _add(sums[group], (row.orders, row.quantity, row.net, row.gross))
    return _without_zeros(sums)


def _groups(group, is_delta):
    """The group itself and, for a product's delta, the group over all owners it will be folded into."""
    yield group
    if is_delta and group[0] == Dimension.PRODUCT:
        yield (Dimension.PRODUCT_OF_ALL.value, *group[1:4], None, None, None)


def _add(sums, values, names=SUMMED):
    for name, value in zip(names, values, strict=True):
        sums[name] += value


def _without_zeros(sums):
    kept = _sums()
    kept.update({group: values for group, values in sums.items() if any(values.values())})
    return kept


def _next(month):
    return month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)


def strayed_months():
    """The months whose orders and figures differ, owner by owner: found without reading any line."""
    names = GROUPED[3:]
    approved = Order.objects.filter(approval=Approval.APPROVED).order_by()
    true, stored = _sums(), _sums()
    # A posting between the two queries makes a month look strayed; `differences` will find it right.
    for month, *group, orders, gross in approved.filter(rate=1).values_list(TruncMonth("date"), *names).annotate(Count("pk"), Sum("gross")):
        _add(true[month, *group], (orders, gross), ("orders", "gross"))
    for order in approved.exclude(rate=1).values_list("date", *names, "rate", "gross", "company__currency__decimals", named=True):
        group = (order.date.replace(day=1), *(getattr(order, name) for name in names))
        _add(true[group], (1, money(order.gross * order.rate, order.company__currency__decimals)), ("orders", "gross"))
    figures = SalesFigure.objects.filter(dimension=Dimension.MONTH).order_by()
    for *group, orders, gross in figures.values_list("month", *names).annotate(Sum("orders"), Sum("gross")):
        _add(stored[tuple(group)], (orders, gross), ("orders", "gross"))
    true, stored = _without_zeros(true), _without_zeros(stored)
    return sorted({group[0] for group in true.keys() | stored.keys() if true[group] != stored[group]})
