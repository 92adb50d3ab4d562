"""Money that came before the goods: what a customer has with us, and using it for what he buys."""

from decimal import Decimal

from django.contrib.contenttypes.models import ContentType
from django.db.models import Sum

from models.base.bulk import write_columns
from models.base.operations import lock
from models.base.records import dimensions
from models.finance.debts import allocate, allocation_row, lock_customers
from models.finance.models import Allocation, Credit, Receivable
from models.finance.posting import in_base


def open_credits(customer, company_id, currency_id):
    """The credits a customer has open with a company in a currency, locked, the oldest first. Lock his balance before."""
    return lock(Credit.objects.filter(customer=customer, company_id=company_id, currency_id=currency_id, open__gt=0))


def use_credits(source, credits, receivables, amount, *, date=None):
    """Use credits, in their order, for what is outstanding of the receivables, due first, `amount` at most. Returns what is left of it."""
    waiting = list(receivables.filter(outstanding__gt=0).order_by("due_on", "pk"))
    for credit in credits:
        parts, of_credit = [], credit.open
        for row in waiting:
            if part := min(amount, of_credit, row.outstanding):
                parts.append((row, part))
                row.outstanding, of_credit, amount = row.outstanding - part, of_credit - part, amount - part
        allocate(source, credit, parts, date=date)
    return amount


def give_credits_back(source):
    """What `source` itself had allocated and still stands is open again for the customer."""
    own = Allocation.objects.filter(source_type=ContentType.objects.get_for_model(source), source_id=source.pk)
    pairs = dict(_pairs(own))
    lock_customers(Credit.objects.filter(pk__in={credit for credit, _receivable in pairs}))
    credits = {row.pk: row for row in lock(Credit.objects.filter(pk__in={credit for credit, _receivable in pairs}))}
    rows = {row.pk: row for row in lock(Receivable.objects.filter(pk__in={receivable for _credit, receivable in pairs}))}
    standing = dict(_pairs(Allocation.objects.filter(credit__in=credits, receivable__in=rows)))
    common, entries = dimensions(source), []
    for pair, amount in sorted(pairs.items()):
        amount = min(amount, standing[pair])  # a voided receipt took its part back already
        if amount > 0:
            credit, row = credits[pair[0]], rows[pair[1]]
            credit.used, credit.open = credit.used - amount, credit.open + amount
            row.received, row.outstanding = row.received - amount, row.outstanding + amount
            row.base_outstanding = in_base(row, row.outstanding)
            entries.append(allocation_row(credit, row, -amount, common))
    write_columns(credits.values(), ["used", "open"])
    write_columns(rows.values(), ["received", "outstanding", "base_outstanding"])
    Allocation.objects.bulk_create(entries)


def _pairs(allocations):
    """[((credit id, receivable id), sum)]."""
    rows = allocations.exclude(credit=None).exclude(receivable=None).order_by()
    for credit, receivable, total in rows.values_list("credit", "receivable").annotate(total=Sum("amount")):
        yield (credit, receivable), total or Decimal(0)
