"""Documents in dollars of a company that counts in yuan: one dollar is worth 7.20 from 2026-01-01 and 7.50 from 2026-07-01.

QH0001 costs 1.20 yuan at least 0.864, QH0079 300.00 yuan.
"""

from datetime import date
from decimal import Decimal

import pytest

from fixtures import drafts
from models.audit.changes import changes
from models.base.documents import on_business_day
from models.base.operations import Refusal
from models.finance.models import CustomerEntry
from models.org.models import Currency, ExchangeRate
from models.products.pricing import price_lines
from models.sales.copying import copy_document
from models.sales.models import Order, Quote
from models.sales.operations.orders import submit_order
from models.sales.operations.quotes import order_quote
from models.sales.querysets import last_prices
from tests import people as desk
from tests.filling import filled
from tests.house.test_screen_rights import link
from tests.house.test_screen_writing import quote_form

pytestmark = [pytest.mark.django_db, pytest.mark.books]
D = Decimal
SPRING, AUTUMN = date(2026, 3, 2), date(2026, 9, 1)


@pytest.fixture
def rates(people):
    with changes("command"):
        for day, rate in ((date(2026, 1, 1), "7.2"), (date(2026, 7, 1), "7.5")):
            ExchangeRate.objects.create(currency_id="USD", valid_from=day, rate=D(rate))


def dollars(quantity=10, **values):
    """A draft order of services at 100 dollars."""
    items = [drafts.Item(desk.product("QH0079"), D(quantity), price=D(100))]
    return desk.make_order(items=items, currency_id="USD", submit=False, **values)


@pytest.mark.req("FIN-33")
def test_a_document_takes_the_rate_of_its_day(rates):
    """1,000 dollars in March are 7,200 yuan of debt, in September 7,500."""
    for day, rate, yuan in ((SPRING, D("7.2"), D(7200)), (AUTUMN, D("7.5"), D(7500))):
        with on_business_day(day):
            order = dollars(date=day)
            assert (order.rate, order.base_gross) == (rate, yuan)
            submit_order(order, by=desk.seller_of(order))
            desk.deliver(desk.approve(order))
    entries = CustomerEntry.objects.filter(currency="USD").order_by("pk").values_list("amount", "base_amount")
    assert list(entries) == [(D(1000), D(7200)), (D(1000), D(7500))]


@pytest.mark.req("FIN-33")
def test_rates_are_kept_on_their_screen(rates, client):
    """7.60 from 2026-10-01, typed by the administrator: October counts it, September does not; a currency gets a name and decimals."""
    desk.login(client, "guanli")
    won = {"code": "KRW", "name": "韩元", "symbol": "₩", "decimals": "0", "is_active": "on"}
    assert client.post(link(Currency, "add"), filled(client.get(link(Currency, "add")), **won)).status_code == 302
    assert Currency.objects.get(code="KRW").decimals == 0
    rate = {"currency": "USD", "valid_from": "2026-10-01", "rate": "7.6"}
    assert client.post(link(ExchangeRate, "add"), filled(client.get(link(ExchangeRate, "add")), **rate)).status_code == 302
    for day, yuan in ((date(2026, 9, 30), D(7500)), (date(2026, 10, 1), D(7600))):
        with on_business_day(day):
            assert dollars(date=day).base_gross == yuan


@pytest.mark.req("FIN-33")
def test_what_comes_of_a_document_takes_the_rate_of_its_own_day(rates):
    with on_business_day(SPRING):
        quote = desk.make_quote(items=[drafts.Item(desk.product("QH0079"), D(1), price=D(100))], currency_id="USD")
        desk.approve(quote)
    assert quote.rate == D("7.2")
    with on_business_day(AUTUMN):
        order = order_quote(quote, by=desk.named("zong"))
        assert (order.date, order.rate) == (AUTUMN, D("7.5"))
        with changes("form"):
            assert copy_document(quote).rate == D("7.5")


@pytest.mark.req("FIN-33")
def test_without_any_rate_it_is_refused_at_submit(people):
    order = dollars()
    assert order.rate == 1
    with pytest.raises(Refusal, match="no exchange rate for USD"):
        submit_order(order, by=desk.seller_of(order))
    with changes("form"):
        order.rate = D("7.11")
        order.save(update_fields=["rate"])
    submit_order(order, by=desk.seller_of(order))
    assert order.rate == D("7.11"), "a rate that was typed stays"


def test_the_companys_own_currency_is_worth_one(people):
    order = Order(company=desk.customer().company, currency_id="CNY", rate=D("7.2"))
    order.clean()
    assert order.rate == 1


def test_standard_and_floor_prices_are_turned_into_the_currency(rates):
    """1.20 / 7.50 = 0.16 dollars, the floor 0.864 / 7.50 = 0.1152; without a rate there is no price."""
    bolt = desk.product()
    (price,) = price_lines(None, "USD", AUTUMN, [(bolt, bolt.unit.name, D(1))])
    assert (price.price, price.list_price, price.floor) == (D("0.16"), D("0.16"), D("0.1152"))
    (price,) = price_lines(None, "EUR", AUTUMN, [(bolt, bolt.unit.name, D(1))])
    assert (price.price, price.list_price, price.floor) == (None, 0, None)
    (price,) = price_lines(None, "CNY", AUTUMN, [(bolt, bolt.unit.name, D(1))])
    assert (price.price, price.floor) == (D("1.2"), D("0.864"))


def test_last_prices_are_those_of_the_same_currency(rates):
    service, buyer = desk.product("QH0079"), desk.customer()
    order = dollars()
    submit_order(order, by=desk.seller_of(order))
    desk.approve(order)
    assert last_prices(buyer, [service.pk], "CNY", desk.seller_of(order)) == {}
    assert last_prices(buyer, [service.pk], "USD", desk.seller_of(order))[service.pk].price == D(100)


@pytest.mark.req("FIN-33")
def test_the_form_asks_for_the_rate(rates, client):
    """By currency and day, and with a customer who buys in dollars; "" where no rate is stored."""
    desk.login(client, "yewu1")
    buyer = desk.customer_of(desk.named("yewu1"))
    page = link(Quote, "defaults")
    assert client.get(page, {"currency": "USD", "date": "2026-03-02"}).json() == {"rate": {"key": "7.2", "text": ""}}
    assert client.get(page, {"currency": "EUR", "date": "2026-03-02"}).json()["rate"]["key"] == ""
    assert client.get(page, {"currency": "CNY", "date": "2026-03-02"}).json()["rate"]["key"] == "1"
    with changes("command"):
        buyer.currency_id = "USD"
        buyer.save(update_fields=["currency"])
    found = client.get(page, {"customer": buyer.pk, "date": "2026-08-02"}).json()
    assert (found["currency"]["key"], found["rate"]["key"]) == ("USD", "7.5")
    form = client.get(f"{link(Quote, 'add')}?customer={buyer.pk}").context_data["adminform"].form
    assert (form["currency"].value(), form["rate"].value()) == ("USD", "7.5")


@pytest.mark.req("FIN-33")
def test_a_sent_form_without_the_script_gets_the_rate_and_the_price(rates, client):
    """Ten bolts in dollars on 2026-09-01: 1.20 / 7.50 = 0.16 each, 1.60 in all, worth 12.00 yuan."""
    desk.login(client, "yewu1")
    buyer = desk.customer_of(desk.named("yewu1"))
    with changes("command"):
        buyer.price_level = None
        buyer.save(update_fields=["price_level"])
    client.post(link(Quote, "add"), quote_form(buyer, currency="USD", date="2026-09-01"))
    quote = Quote.objects.get()
    assert (quote.rate, quote.lines.get().price, quote.gross, quote.base_gross) == (D("7.5"), D("0.16"), D("1.60"), D("12.00"))
