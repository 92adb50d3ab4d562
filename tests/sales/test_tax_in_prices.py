"""Prices with tax or without, typed on the screen of a quote: six rates, each line and the total. One piece at 100.00 a line.

With tax included 100.00 at 13 % hold 100 × 13 / 113 = 11.50 of tax; without it 13.00 are added.
"""

from decimal import Decimal

import pytest

from models.audit.changes import changes
from models.org.models import Company
from models.sales.models import Quote
from tests import people as desk
from tests.house.test_screen_rights import link
from tests.house.test_screen_writing import quote_form

pytestmark = [pytest.mark.django_db, pytest.mark.books]
D = Decimal
RATES = ("13", "9", "6", "3", "1", "0")


def entered(client, *lines, **changed):
    """The stored quote of these lines ({cell: text} each), and the text of its page."""
    desk.login(client, "yewu1")
    form = quote_form(desk.customer_of(desk.named("yewu1")), [("QH0001", "1")] * len(lines))
    for number, line in enumerate(lines):
        form |= {f"lines-{number}-{name}": text for name, text in line.items()}
    form |= changed
    answer = client.post(link(Quote, "add"), {name: value for name, value in form.items() if value is not None})
    assert answer.status_code == 302, answer.context_data["errors"]
    return Quote.objects.get(), client.get(answer["Location"]).content.decode()


def typed(rate, price="100"):
    return {"price": price, "price_source": "manual", "tax_rate": rate}


def amounts(quote):
    """(net, tax, gross) of each line, as text."""
    return [tuple(f"{value:.2f}" for value in (line.net, line.tax, line.gross)) for line in quote.lines.all()]


def test_prices_with_tax(people, client):
    """88.50 + 91.74 + 94.34 + 97.09 + 99.01 + 100.00 = 570.68 net; 29.32 of tax; 600.00."""
    quote, page = entered(client, *map(typed, RATES))
    assert quote.prices_include_tax
    assert amounts(quote) == [
        ("88.50", "11.50", "100.00"),
        ("91.74", "8.26", "100.00"),
        ("94.34", "5.66", "100.00"),
        ("97.09", "2.91", "100.00"),
        ("99.01", "0.99", "100.00"),
        ("100.00", "0.00", "100.00"),
    ]
    assert (quote.net, quote.tax, quote.gross) == (D("570.68"), D("29.32"), D("600.00"))
    assert all(text in page for text in ("570.68", "29.32", "600.00"))


def test_prices_without_tax(people, client):
    """The switch is off: 13.00 + 9.00 + 6.00 + 3.00 + 1.00 = 32.00 of tax are added to 600.00."""
    quote, page = entered(client, *map(typed, RATES), prices_include_tax=None)
    assert not quote.prices_include_tax
    assert amounts(quote) == [("100.00", f"{rate}.00", f"{100 + int(rate)}.00") for rate in RATES]
    assert (quote.net, quote.tax, quote.gross) == (D("600.00"), D("32.00"), D("632.00"))
    assert all(text in page for text in ("600.00", "32.00", "632.00"))


def test_the_amount_gives_the_price_back(people, client):
    """100.00 for 3 pieces are 33.333333 each; at 95 % of the price 35.087719. Prices keep six decimals, amounts two."""
    back = {"quantity": "3", "amount": "100", "price": "1", "price_source": "back", "tax_rate": "13"}
    quote, page = entered(client, back, back | {"discount": "95"}, typed("13", "0.123456"))
    assert [(line.price, line.amount) for line in quote.lines.all()] == [
        (D("33.333333"), D("100.00")),
        (D("35.087719"), D("100.00")),
        (D("0.123456"), D("0.12")),
    ]
    assert quote.gross == D("200.12")
    assert "33.333333" in page and "200.12" in page


def test_the_companys_way_is_where_a_new_document_begins(people, client):
    """含税 or 不含税 is the company's to say; a document may say otherwise."""
    desk.login(client, "yewu1")
    for says in (False, True):
        with changes("command"):
            Company.objects.filter(code="HZ").update(prices_include_tax=says)
        assert client.get(link(Quote, "add")).context_data["adminform"].form.initial["prices_include_tax"] is says
