"""Do the books still add up? Every stored sum against its rows, in sentences; an empty list is what a test wants.

Written apart from the product's own sums, on purpose: it reads rows and adds them up in Python.
"""

import re
from collections import Counter, defaultdict
from decimal import Decimal
from io import StringIO

from django.core.management import call_command, get_commands
from django.core.management.base import CommandError

from models.base.documents import Approval
from models.finance.models import Allocation, CashEntry, Credit, CustomerBalance, CustomerEntry, Receipt, Receivable, Refund
from models.org.models import Company
from models.sales.models import Delivery, DeliveryLine, Order, OrderLine, Quote, Return, SalesFigure
from models.stock.models import Balance, Movement, Reservation

NUMBERED = (Quote, Order, Delivery, Return, Receipt, Refund)


def problems():
    """Everything that does not add up."""
    found = [*stock(), *money(), *documents(), *numbers()]
    if "verify_books" in get_commands():
        found += verified()
    return found


def verified():
    """What the product's own command finds."""
    said = StringIO()
    try:
        call_command("verify_books", stdout=said, stderr=said)
    except (CommandError, SystemExit) as failed:
        if getattr(failed, "code", 1) not in (0, None):
            return [f"verify_books: {failed}: {said.getvalue()[-2000:]}"]
    return []


def _sums(rows):
    """{key: Decimal} of (key…, amount) tuples."""
    sums = defaultdict(Decimal)
    for *key, amount in rows:
        sums[tuple(key)] += amount
    return sums


def _differences(name, stored, summed):
    keys = sorted(set(stored) | set(summed), key=str)
    wrong = [(key, stored.get(key, 0), summed.get(key, 0)) for key in keys if stored.get(key, 0) != summed.get(key, 0)]
    return [f"{name} {key}: {here} is stored, the rows say {there}" for key, here, there in wrong]


def stock():
    """On hand, reserved and value are the sums of their rows; promised goods are the order lines'; nothing is negative."""
    balances = list(Balance.objects.all())
    found = []
    for name, rows in (
        ("on_hand", Movement.objects.values_list("product_id", "warehouse_id", "quantity")),
        ("value", Movement.objects.values_list("product_id", "warehouse_id", "value")),
        ("reserved", Reservation.objects.values_list("product_id", "warehouse_id", "quantity")),
    ):
        stored = {(one.product_id, one.warehouse_id): getattr(one, name) for one in balances}
        found += _differences(name, stored, _sums(rows))
    lines = OrderLine.objects.exclude(reserved=0).values_list("product_id", "order__warehouse_id", "reserved")
    found += _differences("reserved by lines", {(one.product_id, one.warehouse_id): one.reserved for one in balances}, _sums(lines))
    for one in balances:
        if not 0 <= one.reserved <= one.on_hand:
            found.append(f"balance {one.product_id}: {one.on_hand} on hand, {one.reserved} reserved")
    return found


def money():
    """Balances, receivables and credits are the sums of their rows; what is charged, received and returned agrees with the documents."""
    balances = list(CustomerBalance.objects.all())
    found = _differences(
        "customer balance",
        {(one.company_id, one.customer_id): one.balance for one in balances},
        _sums(CustomerEntry.objects.values_list("company_id", "customer_id", "base_amount")),
    )
    found += _differences(
        "ordered",
        {(one.company_id, one.customer_id): one.ordered for one in balances},
        _sums(_ordered()),
    )
    of_receivables = Allocation.objects.exclude(receivable=None)
    for name, rows in (("received", of_receivables.exclude(credit=None)), ("returned", of_receivables.filter(credit=None))):
        stored = {(one.pk,): getattr(one, name) for one in Receivable.objects.all()}
        found += _differences(name, stored, _sums(rows.values_list("receivable_id", "amount")))
    for one in Receivable.objects.all():
        if one.outstanding != one.amount - one.received - one.returned or min(one.outstanding, one.received, one.returned) < 0:
            found.append(f"receivable {one}: {one.amount} − {one.received} − {one.returned} ≠ {one.outstanding}")
    used = _sums(Allocation.objects.exclude(credit=None).values_list("credit_id", "amount"))
    found += _differences("used and refunded", {(one.pk,): one.used + one.refunded for one in Credit.objects.all()}, used)
    for one in Credit.objects.all():
        if one.open != one.amount - one.used - one.refunded - one.reversed or one.open < 0:
            found.append(f"credit {one}: {one.open} is open of {one.amount}")
    owed = _sums(Receivable.objects.values_list("company_id", "customer_id", "outstanding"))
    for key, amount in _sums(Credit.objects.values_list("company_id", "customer_id", "open")).items():
        owed[key] -= amount
    found += _differences("owed", {(one.company_id, one.customer_id): one.balance for one in balances}, owed)
    received = {(one.pk,): one.amount for one in Receipt.objects.filter(approval=Approval.APPROVED)}
    cash = _sums(CashEntry.objects.filter(source_type__model="receipt").values_list("source_id", "amount"))
    return found + _differences("cash of receipt", received, {key: amount for key, amount in cash.items() if amount})


def _ordered():
    """(company, customer, amount) of what approved orders have not charged yet."""
    late = Order.objects.filter(approval=Approval.APPROVED).exclude(progress=Order.Progress.CLOSED)
    for order in late.exclude(debt_arises=Company.ArisesAt.ORDER):
        gone = sum((line.delivered_gross for line in order.lines.all()), Decimal(0))
        yield order.company_id, order.debtor_id, order.gross - gone


def documents():
    """What lines count as delivered left once in deliveries; each dispatch moved its goods and charged its amount once."""
    gone = (Delivery.Progress.DISPATCHED, Delivery.Progress.SIGNED)
    left = DeliveryLine.objects.filter(delivery__progress__in=gone)
    found = _differences(
        "delivered",
        {(line.pk,): line.delivered for line in OrderLine.objects.all()},
        _sums(left.values_list("order_line_id", "quantity")),
    )
    moved = _sums(Movement.objects.filter(source_type__model="delivery").values_list("source_id", "product_id", "quantity"))
    stocked = [line for line in left.select_related("product") if line.product.is_stocked]
    wanted = _sums((line.delivery_id, line.product_id, -line.quantity * line.factor) for line in stocked)
    found += _differences("goods of delivery", wanted, {key: quantity for key, quantity in moved.items() if quantity})
    charges = CustomerEntry.objects.filter(source_type__model="delivery").values_list("source_id", "amount")
    charged = {(one.pk,): one.charged_gross for one in Delivery.objects.filter(progress__in=gone)}
    found += _differences("charge of delivery", charged, {key: amount for key, amount in _sums(charges).items() if amount})
    figures = _sums(SalesFigure.objects.filter(dimension="month").values_list("owner_id", "gross"))
    orders = _sums(Order.objects.filter(approval=Approval.APPROVED).values_list("owner_id", "gross"))
    return found + _differences("sales figure", {key: amount for key, amount in figures.items() if amount}, orders)


def numbers():
    """Every series of every kind of document runs 1, 2, 3 … without a double and without a gap."""
    found = []
    for model in NUMBERED:
        drawn = list(model.objects.exclude(number="").values_list("company_id", "number"))
        found += [f"number {number} was drawn {times} times" for (_c, number), times in Counter(drawn).items() if times > 1]
        series = defaultdict(list)
        for company, number in drawn:
            prefix, count = re.fullmatch(r"(.*?)(\d+)", number, re.DOTALL).groups() if "-" not in number else number.rsplit("-", 1)
            series[company, prefix].append(int(count))
        for (company, prefix), counts in series.items():
            missing = sorted(set(range(1, max(counts) + 1)) - set(counts))
            if missing:
                found.append(f"series {prefix} of company {company} lacks {missing[:10]}")
    return found
