"""How debts arise and shrink: charging a source, crediting a return, using a credit for receivables."""

from decimal import Decimal

from django.contrib.contenttypes.models import ContentType
from django.utils.translation import gettext as _

from models.base.bulk import write_columns
from models.base.documents import business_today
from models.base.operations import Refusal, lock
from models.base.protocols import current_changeset
from models.finance.models import Allocation, Credit, CustomerEntry, Receivable
from models.finance.posting import dimensions, enter, in_base, locked_balance


def charge(source, *, customer, instalments, date, origin=None, ordered=Decimal(0)):
    """The customer owes the source's amount: one receivable per instalment [(amount, due date)].

    `origin`: the document the debt goes back to (an order); `ordered`: how much of it had been counted as ordered, in the
    source's currency. Returns the receivables.
    """
    rows = instalment_rows(source, customer, instalments, date, origin)
    enter(source, customer, CustomerEntry.Kind.CHARGE, sum((row.amount for row in rows), Decimal(0)), date=date, ordered=-ordered)
    return Receivable.objects.bulk_create(rows)


def instalment_rows(source, customer, instalments, date, origin=None):
    """The unsaved receivables of a charge."""
    common = sourced(source, customer, date)
    if origin is not None:
        common |= {
            "origin_type": ContentType.objects.get_for_model(origin),
            "origin_id": origin.pk,
            "origin_number": origin.number or origin.external_number,
        }
    return [
        Receivable(
            instalment=number,
            amount=amount,
            outstanding=amount,
            base_outstanding=in_base(source, amount),
            due_on=due_on,
            is_opening=source.is_opening,
            **common,
        )
        for number, (amount, due_on) in enumerate(instalments, 1)
    ]


def sourced(source, customer, date):
    """The columns of a record that came of a document."""
    return {
        "source_type": ContentType.objects.get_for_model(source),
        "source_id": source.pk,
        "source_number": source.number or source.external_number,
        "customer": customer,
        "date": date,
        "currency_id": source.currency_id,
        "rate": source.rate,
        "company_id": source.company_id,
        "owner_id": source.owner_id,
        "department_id": source.department_id,
        "region_id": source.region_id,
    }


def uncharge(source):
    """Take a charge back whole: refused once money was allocated to it or goods were returned against it."""
    lock_customers(_of_source(source))
    rows = lock(_of_source(source))
    if any(row.received or row.returned for row in rows):
        raise Refusal(_("Money was already allocated to %(number)s; take that back first.") % {"number": source.number}, code="allocated")
    for row in rows:
        row.returned, row.outstanding, row.base_outstanding = row.amount, Decimal(0), Decimal(0)
    write_columns(rows, ["returned", "outstanding", "base_outstanding"])
    total = sum((row.amount for row in rows), Decimal(0))
    if rows:
        enter(source, rows[0].customer, CustomerEntry.Kind.CHARGE, -total)
    return total


def lock_customers(records):
    """Lock the balances of the customers of receivables or credits; in every posting they come before the records themselves."""
    for company_id, customer_id in sorted(set(records.order_by().values_list("company_id", "customer_id"))):
        locked_balance(company_id, customer_id)


def _of_source(source):
    return Receivable.objects.filter(source_type=ContentType.objects.get_for_model(source), source_id=source.pk)


def give_credit(source, *, customer, amount, kind, date=None):
    """Open a credit for money received or goods returned and write the current account. Returns the Credit."""
    enter(source, customer, kind, -amount, date=date)
    return Credit.objects.create(amount=amount, open=amount, **sourced(source, customer, date or source.date))


def credit_return(source, *, customer, amount, charged):
    """Goods came back: lower what is still outstanding of the debts of `charged` (documents), the latest due first; the rest is a credit.

    Returns the Credit, or None where nothing was left.
    """
    enter(source, customer, CustomerEntry.Kind.RETURN, -amount)
    left = amount
    open_rows = Receivable.objects.none()
    for document in charged:
        open_rows = open_rows | _of_source(document)
    changed = []
    for row in sorted(lock(open_rows.filter(outstanding__gt=0)), key=lambda r: (r.due_on, r.pk), reverse=True):
        taken = min(left, row.outstanding)
        if not taken:
            break
        row.returned += taken
        row.outstanding -= taken
        row.base_outstanding = in_base(row, row.outstanding)
        left -= taken
        changed.append(row)
    write_columns(changed, ["returned", "outstanding", "base_outstanding"])
    if not left:
        return None
    return Credit.objects.create(amount=left, open=left, **sourced(source, customer, source.date))


def allocatable(credit):
    """The open receivables that a credit may be used for: of its customer and company, in its currency."""
    same = {"customer_id": credit.customer_id, "company_id": credit.company_id, "currency_id": credit.currency_id}
    return Receivable.objects.filter(**same, outstanding__gt=0)


def due_first(receivables, amount):
    """[(receivable, part)]: how an amount pays what is due first, as far as something is outstanding."""
    parts = []
    for row in sorted(receivables, key=lambda row: (row.due_on, row.pk)):
        part = min(amount, row.outstanding)
        if not part:
            break
        parts.append((row, part))
        amount -= part
    return parts


def allocate_due_first(source, credit):
    """Use what is open of a credit for what its customer owes, due first. Returns the allocations, none where he owes nothing."""
    credit = lock(Credit.objects.filter(pk=credit.pk))[0]
    return allocate(source, credit, due_first(lock(allocatable(credit)), credit.open))


def _posting(source, credit, date=None):
    """What the ledger rows of a credit take from `source`; without one from the document that opened it, on the day of the posting."""
    if source is not None:
        return dimensions(source, date)
    names = ("source_type_id", "source_id", "source_number", "company_id", "owner_id", "department_id", "region_id")
    return {name: getattr(credit, name) for name in names} | {"date": date or business_today(), "changeset": current_changeset()}


def allocate(source, credit, amounts, *, date=None):
    """Use a credit for receivables: [(receivable, amount)]. Refused beyond what either has open, across customers or currencies.

    `source`: the document that does so, or None where a person does it to the credit itself.
    """
    amounts = [(receivable, amount) for receivable, amount in amounts if amount]
    if not amounts:
        return []
    credit = lock(Credit.objects.filter(pk=credit.pk))[0]
    rows = {row.pk: row for row in lock(Receivable.objects.filter(pk__in=[receivable.pk for receivable, _amount in amounts]))}
    common = _posting(source, credit, date)
    entries = []
    for receivable, amount in amounts:
        row = rows[receivable.pk]
        _check_allocation(credit, row, amount)
        row.received += amount
        row.outstanding -= amount
        row.base_outstanding = in_base(row, row.outstanding)
        credit.used += amount
        credit.open -= amount
        entries.append(allocation_row(credit, row, amount, common))
    write_columns(rows.values(), ["received", "outstanding", "base_outstanding"])
    credit.save(update_fields=["used", "open"])
    return Allocation.objects.bulk_create(entries)


def _check_allocation(credit, receivable, amount):
    words = {
        "number": receivable.title(),
        "amount": f"{amount:,.2f}",
        "open": f"{receivable.outstanding:,.2f}",
        "left": f"{credit.open:,.2f}",
    }
    if amount < 0:
        raise Refusal(_("An allocation must be more than 0."), code="amount")
    if credit.customer_id != receivable.customer_id:
        raise Refusal(_("%(number)s is owed by another customer.") % words, code="customer")
    if credit.currency_id != receivable.currency_id or credit.company_id != receivable.company_id:
        raise Refusal(_("%(number)s is in another currency or company.") % words, code="currency")
    if not receivable.outstanding:
        raise Refusal(_("%(number)s is settled already: nothing is outstanding.") % words, code="settled")
    if amount > receivable.outstanding:
        raise Refusal(_("%(number)s: %(open)s is outstanding, %(amount)s was to be allocated.") % words, code="over_allocation")
    if amount > credit.open:
        raise Refusal(_("Only %(left)s is left to allocate, %(amount)s was asked for %(number)s.") % words, code="over_allocation")


def allocation_row(credit, receivable, amount, common):
    """The unsaved ledger row of an allocation."""
    return Allocation(
        credit=credit,
        receivable=receivable,
        customer_id=credit.customer_id,
        currency_id=credit.currency_id,
        amount=amount,
        base_amount=in_base(credit, amount),
        **common,
    )


def pay_back(source, parts):
    """Take the parts [(locked credit, amount)] out of the customer's credits: they are paid back by `source`."""
    common = dimensions(source)
    for credit, amount in parts:
        credit.refunded += amount
        credit.open -= amount
        credit.save(update_fields=["refunded", "open"])
    return Allocation.objects.bulk_create([allocation_row(credit, None, amount, common) for credit, amount in parts])


def take_back_refund(source):
    """The credits that `source` paid back are open again."""
    locked_balance(source.company_id, source.customer_id)
    rows = Allocation.objects.filter(source_type=ContentType.objects.get_for_model(source), source_id=source.pk, receivable=None)
    credits = {credit.pk: credit for credit in lock(Credit.objects.filter(pk__in=rows.values("credit")))}
    pay_back(source, [(credits[row.credit_id], -row.amount) for row in rows])


def allocated(credit):
    """{receivable id: amount} of what a credit is used for now."""
    sums = {}
    for row in credit.allocations.exclude(receivable=None):
        sums[row.receivable_id] = sums.get(row.receivable_id, Decimal(0)) + row.amount
    return {key: amount for key, amount in sums.items() if amount}


def take_back_allocations(source, credit, amounts=None, *, date=None):
    """Reverse the allocations of a credit, all or {receivable id: amount} of them, so that the receivables are outstanding again.

    `source`: as for `allocate`. Refused beyond what is allocated. Returns the credit.
    """
    credit = lock(Credit.objects.filter(pk=credit.pk))[0]
    used = allocated(credit)
    amounts = used if amounts is None else {key: amount for key, amount in amounts.items() if amount}
    rows = lock(Receivable.objects.filter(pk__in=amounts))
    common = _posting(source, credit, date)
    entries = []
    for row in rows:
        amount = amounts[row.pk]
        _check_release(row, amount, used.get(row.pk, Decimal(0)))
        row.received -= amount
        row.outstanding += amount
        row.base_outstanding = in_base(row, row.outstanding)
        credit.used -= amount
        credit.open += amount
        entries.append(allocation_row(credit, row, -amount, common))
    write_columns(rows, ["received", "outstanding", "base_outstanding"])
    credit.save(update_fields=["used", "open"])
    Allocation.objects.bulk_create(entries)
    return credit


def _check_release(receivable, amount, used):
    if amount < 0:
        raise Refusal(_("An allocation must be more than 0."), code="amount")
    if amount > used:
        words = {"number": receivable.title(), "used": f"{used:,.2f}", "amount": f"{amount:,.2f}"}
        raise Refusal(_("%(number)s: %(used)s is allocated from here, %(amount)s was to be released.") % words, code="over_release")
