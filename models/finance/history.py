"""Money of the past, posted in bulk: the same rows as `finance.debts` writes, for thousands of documents in a few statements."""

from collections import defaultdict
from decimal import Decimal

from models.base.bulk import write_columns
from models.base.inserting import insert_rows
from models.base.money import money
from models.base.operations import lock
from models.base.records import dimensions
from models.finance.debts import allocation_row, instalment_rows, sourced
from models.finance.models import CashEntry, Credit, CustomerBalance, CustomerEntry, Receivable
from models.finance.posting import in_base


class Accounts:
    """Current accounts, carried forward in memory while documents are posted one after the other; `store` writes them.

    Sources need their keys, and their company and its currency loaded, or each costs queries.
    """

    def __init__(self):
        self.receivables, self.credits, self.entries, self.cash = [], [], [], []
        self.owed, self.ordered = defaultdict(Decimal), defaultdict(Decimal)

    def _enter(self, source, customer, kind, amount, date):
        base = in_base(source, amount)
        common = dimensions(source, date)
        self.entries.append(
            CustomerEntry(kind=kind, customer=customer, currency_id=source.currency_id, amount=amount, base_amount=base, **common)
        )
        self.owed[source.company_id, customer.pk] += base

    def charge(self, source, customer, instalments, *, date, origin=None):
        """The customer owes the source's amount, in instalments [(amount, due date)]."""
        rows = instalment_rows(source, customer, instalments, date, origin)
        self._enter(source, customer, CustomerEntry.Kind.CHARGE, sum((row.amount for row in rows), Decimal(0)), date)
        self.receivables += rows

    def order(self, source, customer, amount):
        """The customer has ordered for this amount and is not yet charged."""
        self.ordered[source.company_id, customer.pk] += in_base(source, amount)

    def receive(self, receipt):
        """Money came in: cash, current account, and a credit that is returned unsaved."""
        common = dimensions(receipt)
        self.cash.append(
            CashEntry(
                account_id=receipt.account_id,
                customer_id=receipt.customer_id,
                currency_id=receipt.currency_id,
                amount=receipt.amount,
                base_amount=in_base(receipt, receipt.amount),
                **common,
            )
        )
        self._enter(receipt, receipt.customer, CustomerEntry.Kind.RECEIPT, -receipt.amount, receipt.date)
        credit = Credit(amount=receipt.amount, open=receipt.amount, **sourced(receipt, receipt.customer, receipt.date))
        self.credits.append(credit)
        return credit

    def store(self):
        """Write what was posted, and bring the balances along."""
        self._store_balances()
        for rows in (self.receivables, self.credits, sorted(self.entries, key=lambda row: row.date), self.cash):
            insert_rows(rows)

    def _store_balances(self):
        keys = sorted({*self.owed, *self.ordered})
        query = CustomerBalance.objects.filter(customer__in={customer for _company, customer in keys})
        known = set(query.values_list("company_id", "customer_id"))
        missing = [CustomerBalance(company_id=company, customer_id=customer) for company, customer in set(keys) - known]
        CustomerBalance.objects.bulk_create(missing, ignore_conflicts=True)
        rows = [row for row in lock(query) if (row.company_id, row.customer_id) in set(keys)]
        for row in rows:
            row.balance += self.owed[row.company_id, row.customer_id]
            row.ordered += self.ordered[row.company_id, row.customer_id]
        write_columns(rows, ["balance", "ordered"])


class Settling:
    """Uses credits for what their customers owe, what is due first being paid first."""

    def __init__(self, customer_ids):
        self.open, self.changed, self.rows = defaultdict(list), {}, []
        for row in lock(Receivable.objects.filter(customer__in=customer_ids, outstanding__gt=0).select_related("company__currency")):
            self.open[row.customer_id, row.company_id, row.currency_id].append(row)
        for rows in self.open.values():
            rows.sort(key=lambda row: (row.due_on, row.date, row.pk), reverse=True)

    def use(self, source, credit):
        """Allocate what the credit has open, as far as something is outstanding."""
        waiting = self.open[credit.customer_id, credit.company_id, credit.currency_id]
        while credit.open and waiting:
            self._allocate(source, credit, waiting[-1], credit.open)
            if not waiting[-1].outstanding:
                waiting.pop()

    def use_for(self, source, credit, receivable_id, amount):
        """Allocate up to `amount` of the credit to one receivable, as far as it is outstanding."""
        waiting = self.open[credit.customer_id, credit.company_id, credit.currency_id]
        for row in waiting:
            if row.pk == receivable_id:
                self._allocate(source, credit, row, amount)
                if not row.outstanding:
                    waiting.remove(row)
                return

    def _allocate(self, source, credit, row, amount):
        part = min(amount, credit.open, row.outstanding)
        credit.company = row.company
        row.received += part
        row.outstanding -= part
        row.base_outstanding = money(row.outstanding * row.rate, row.company.currency.decimals)
        credit.used += part
        credit.open -= part
        self.rows.append((credit, row, part, dimensions(source)))
        self.changed[row.pk] = row

    def store(self):
        """Write the receivables and, now that the credits have keys, the allocations."""
        write_columns(self.changed.values(), ["received", "outstanding", "base_outstanding"])
        insert_rows([allocation_row(*row) for row in self.rows])
