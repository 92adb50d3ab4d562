"""What a customer's file says about paying, typed on its screen: invoicing data, addresses, who settles, and when each share falls due.

A hundred bolts at 1.20 are 120.00.
"""

from datetime import date
from decimal import Decimal

import pytest

from fixtures import drafts
from models.base.documents import on_business_day
from models.customers.models import Customer, PaymentTerm
from models.finance.models import CustomerBalance, Receivable
from tests import people as desk
from tests.filling import filled, rows
from tests.house.test_screen_rights import link

pytestmark = [pytest.mark.django_db, pytest.mark.books]
D = Decimal


def term(client, code, *shares):
    """A payment term made on its screen; shares are (percent, counted from, days)."""
    desk.login(client, "guanli")
    lines = [{"position": at, "percent": percent, "basis": basis, "days": days} for at, (percent, basis, days) in enumerate(shares, 1)]
    answer = client.post(
        link(PaymentTerm, "add"), filled(client.get(link(PaymentTerm, "add")), code=code, name=code, **rows("lines", *lines))
    )
    assert answer.status_code == 302, answer.context_data["errors"]
    return PaymentTerm.objects.get(code=code)


def change(client, buyer, **typed):
    """The customer's form, sent by the general manager."""
    desk.login(client, "zong")
    answer = client.post(link(Customer, "change", buyer.pk), filled(client.get(link(Customer, "change", buyer.pk)), **typed))
    assert answer.status_code == 302, answer.context_data["errors"]
    return Customer.objects.get(pk=buyer.pk)


def sold(buyer):
    """A hundred bolts ordered and dispatched on 12 March 2026; the receivables in order of their days."""
    with on_business_day(date(2026, 3, 12)):
        desk.deliver(desk.make_order(buyer, [drafts.Item(desk.product(), D(100), price=D("1.20"))], date=date(2026, 3, 12)))
    rows = Receivable.objects.order_by("instalment").values_list("customer__code", "instalment", "due_on", "amount", "outstanding")
    return list(rows)


@pytest.mark.req("DAY-09")
def test_invoicing_data_and_several_addresses(people, client):
    """What the form stores the next form shows; two addresses are offered for the goods."""
    data = {
        "tax_number": "91330108MA27XL0K2P",
        "invoice_title": "隆凯五金有限公司",
        "bank": "工商银行杭州分行",
        "bank_account": "1202 0206 0990 0123",
        "invoice_address": "杭州市滨江区一路 1 号",
        "invoice_phone": "0571-88000000",
    }
    further = rows("addresses", {"city": "宁波市", "street": "北仑港 8 号", "consignee": "王仓管"}, stored=2)
    buyer = change(client, desk.customer(), **data, **further)
    assert {name: getattr(buyer, name) for name in data} == data
    assert [one.street for one in buyer.addresses.order_by("pk")][-1] == "北仑港 8 号" and buyer.addresses.count() == 3
    page = client.get(link(Customer, "change", buyer.pk)).content.decode()
    assert all(text in page for text in data.values())


@pytest.mark.req("DAY-09", "FIN-01")
def test_shares_with_retention_are_owed_by_who_settles(people, client):
    """30 % at once, 60 % after 30 days, 10 % kept for a year: 36.00, 72.00 and 12.00, all owed by the customer that settles."""
    settles = Customer.objects.filter(company=desk.customer().company, settlement_customer=None).exclude(code="KH0002").first()
    agreed = term(client, "306010", ("30", "debt", 0), ("60", "debt", 30), ("10", "retention", 365))
    buyer = change(client, desk.customer(), payment_term=agreed.pk, settlement_customer=settles.pk)
    assert sold(buyer) == [
        (settles.code, 1, date(2026, 3, 12), D("36.00"), D("36.00")),
        (settles.code, 2, date(2026, 4, 11), D("72.00"), D("72.00")),
        (settles.code, 3, date(2027, 3, 12), D("12.00"), D("12.00")),
    ]
    assert CustomerBalance.objects.get(customer=settles).balance == D("120.00")
    assert not CustomerBalance.objects.filter(customer=buyer).exclude(balance=0).exists()


@pytest.mark.req("DAY-09")
def test_by_the_month(people, client):
    """月结 45: counted from the end of March, due on 15 May."""
    buyer = change(client, desk.customer(), payment_term=term(client, "YJ45", ("100", "month_end", 45)).pk)
    assert sold(buyer) == [("KH0002", 1, date(2026, 5, 15), D("120.00"), D("120.00"))]
