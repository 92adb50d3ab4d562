"""Money: every figure beside a customer is the sum of rows that can be shown."""

from collections import defaultdict
from decimal import Decimal

from django.contrib.contenttypes.models import ContentType
from django.db.models import F, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from models.base.documents import Approval
from models.base.fields import AmountField
from models.base.money import money
from models.base.verification import Finding, check, differing, document_of, row_of, said
from models.customers.models import Customer
from models.finance.models import Allocation, CashEntry, Credit, CustomerBalance, CustomerEntry, Receipt, Receivable, Refund

ZERO = AmountField().value(Decimal(0))


def _sum_of(rows, key, name="amount"):
    """The sum of `name` of the rows whose `key` is the outer row, 0 where there are none."""
    sums = rows.filter(**{key: OuterRef("pk")}).order_by().values(key).annotate(total=Sum(name)).values("total")
    return Coalesce(Subquery(sums, output_field=AmountField()), ZERO)


def _codes(keys):
    """{customer id: code}."""
    return dict(Customer.objects.filter(pk__in=keys).values_list("pk", "code"))


@check(gettext_lazy("customer balance = entries of the current account"))
def customer_balances_are_sums():
    """What a customer owes a company is the sum of his current account, in base currency."""
    sums = CustomerEntry.objects.order_by().values_list("company_id", "customer_id").annotate(total=Sum("base_amount"))
    truth = {(company, customer): total for company, customer, total in sums}
    for balance in CustomerBalance.objects.select_related("customer").order_by("pk").iterator():
        true = truth.pop((balance.company_id, balance.customer_id), Decimal(0))
        if balance.balance != true:
            words = {"stored": said(balance.balance), "true": said(true)}
            sentence = _("The balance is %(stored)s, the entries add up to %(true)s.") % words
            yield Finding(balance.customer.code, row_of(balance), sentence)
    codes = _codes({customer for _company, customer in truth})
    for (_company, customer), total in truth.items():
        if total:
            sentence = _("There is no balance, but the entries add up to %(true)s.") % {"true": said(total)}
            yield Finding(codes[customer], "finance.customerbalance –", sentence)


@check(gettext_lazy("outstanding − open credits = current account"))
def open_items_are_the_account():
    """Per customer, company and currency: what is outstanding less what he has with us is the sum of his current account."""
    sums = defaultdict(lambda: [Decimal(0), Decimal(0), Decimal(0)])
    groups = ("company_id", "customer_id", "currency_id")
    for place, (rows, name) in enumerate(((Receivable, "outstanding"), (Credit, "open"), (CustomerEntry, "amount"))):
        for *group, total in rows.objects.order_by().values_list(*groups).annotate(total=Sum(name)):
            sums[tuple(group)][place] += total
    wrong = {group: found for group, found in sums.items() if found[0] - found[1] != found[2]}
    codes = _codes({customer for _company, customer, _currency in wrong})
    for (_company, customer, currency), (outstanding, credit, account) in wrong.items():
        sentence = _("%(outstanding)s outstanding less %(credit)s of open credits is not %(account)s, the current account.") % {
            "outstanding": said(outstanding),
            "credit": said(credit),
            "account": said(account),
        }
        yield Finding(codes[customer], f"{currency}", sentence)


@check(gettext_lazy("receivables = amounts − allocations − returns"))
def receivables_are_allocated():
    """What was received of a receivable is the sum of its allocations; what is outstanding is the rest, in both currencies."""
    rows = Receivable.objects.annotate(true=_sum_of(Allocation.objects.all(), "receivable"))
    for row in differing(rows, [("received", "true")]).order_by("pk"):
        sentence = _("%(stored)s received, the allocations add up to %(true)s.") % {"stored": said(row.received), "true": said(row.true)}
        yield Finding(row.title(), row_of(row), sentence)
    for row in Receivable.objects.select_related("company__currency").order_by("pk").iterator():
        outstanding = row.amount - row.received - row.returned
        base = money(outstanding * row.rate, row.company.currency.decimals)
        if (row.outstanding, row.base_outstanding) != (outstanding, base):
            sentence = _("%(stored)s outstanding (%(base)s in base currency), %(true)s (%(true_base)s) would be right.") % {
                "stored": said(row.outstanding),
                "base": said(row.base_outstanding),
                "true": said(outstanding),
                "true_base": said(base),
            }
            yield Finding(row.title(), row_of(row), sentence)


@check(gettext_lazy("credits = allocations and refunds"))
def credits_are_used():
    """What a credit was used and paid back for is the sum of its allocations."""
    used, paid_back = Allocation.objects.exclude(receivable=None), Allocation.objects.filter(receivable=None)
    rows = Credit.objects.annotate(true_used=_sum_of(used, "credit"), true_refunded=_sum_of(paid_back, "credit"))
    for row in differing(rows, [("used", "true_used"), ("refunded", "true_refunded")]).order_by("pk"):
        sentence = _("%(used)s allocated and %(refunded)s refunded, the rows add up to %(true_used)s and %(true_refunded)s.") % {
            "used": said(row.used),
            "refunded": said(row.refunded),
            "true_used": said(row.true_used),
            "true_refunded": said(row.true_refunded),
        }
        yield Finding(row.title(), row_of(row), sentence)


@check(gettext_lazy("allocations join what belongs together"))
def allocations_fit():
    """A credit was used only for receivables of its own customer and company, in its own currency."""
    wrong = ~Q(customer=F("credit__customer"))
    for name in ("customer", "company", "currency"):
        wrong |= ~Q(**{f"receivable__{name}": F(f"credit__{name}")})
    rows = Allocation.objects.exclude(receivable=None).filter(wrong)
    for row in rows.select_related("credit", "receivable").order_by("pk"):
        words = {"credit": row.credit.title(), "receivable": row.receivable.title()}
        sentence = _("%(credit)s was used for %(receivable)s, which is another customer's, company's or currency's.") % words
        yield Finding(row.source_number, row_of(row), sentence)


@check(gettext_lazy("money documents = cash and current account"))
def money_is_booked():
    """An approved receipt is in the cash and in the current account with its amount, a refund with the sign turned; others with nothing."""
    for model, sign in ((Receipt, 1), (Refund, -1)):
        kind = ContentType.objects.get_for_model(model)
        entries = {"source_type": kind}
        rows = model.objects.annotate(
            true_cash=_sum_of(CashEntry.objects.filter(**entries), "source_id"),
            true_account=_sum_of(CustomerEntry.objects.filter(**entries), "source_id"),
        )
        for row in rows.filter(Q(approval=Approval.APPROVED) | ~Q(true_cash=0) | ~Q(true_account=0)).order_by("pk").iterator():
            true = sign * row.amount if row.approval == Approval.APPROVED else Decimal(0)
            if (row.true_cash, row.true_account) != (true, -true):
                sentence = _("%(cash)s in cash and %(account)s in the current account, %(true)s and %(turned)s would be right.") % {
                    "cash": said(row.true_cash),
                    "account": said(row.true_account),
                    "true": said(true),
                    "turned": said(-true),
                }
                yield Finding(document_of(row), row_of(row), sentence)
