"""What every posting of money shares: dimensions, base amounts, and the customer's balance kept in step."""

from decimal import Decimal

from django.db.models import F

from models.base.money import money
from models.base.records import dimensions
from models.finance.models import CustomerBalance, CustomerEntry


def in_base(source, amount):
    """An amount of the source's currency in its company's currency."""
    if source.rate == 1:
        return amount
    return money(amount * source.rate, source.company.currency.decimals)


def locked_balance(company_id, customer_id):
    """The customer's balance with a company, made if missing, locked. Always before stock balances."""
    row = CustomerBalance.objects.filter(company_id=company_id, customer_id=customer_id)
    balance = row.select_for_update(no_key=True).first()
    if balance is None:
        CustomerBalance.objects.bulk_create([CustomerBalance(company_id=company_id, customer_id=customer_id)], ignore_conflicts=True)
        balance = row.select_for_update(no_key=True).get()
    return balance


def enter(source, customer, kind, amount, *, date=None, ordered=Decimal(0)):
    """Write the customer's current account and balance. `amount` is signed; `ordered` changes what is approved and not yet charged."""
    base = in_base(source, amount)
    locked_balance(source.company_id, customer.pk)
    if amount:
        CustomerEntry.objects.create(
            kind=kind, customer=customer, currency_id=source.currency_id, amount=amount, base_amount=base, **dimensions(source, date)
        )
    CustomerBalance.objects.filter(company_id=source.company_id, customer=customer).update(
        balance=F("balance") + CustomerBalance._meta.get_field("balance").value(base),
        ordered=F("ordered") + CustomerBalance._meta.get_field("ordered").value(in_base(source, ordered)),
    )


def change_ordered(source, customer, amount):
    """Raise (or lower) what the customer has ordered and is not yet charged for, in the source's currency."""
    enter(source, customer, "", Decimal(0), ordered=amount)
