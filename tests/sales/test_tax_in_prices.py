"""Prices with tax or without, typed on the screen of a quote: six rates and exempt, each line and the total; 100.00 a line.

With tax included 100.00 at 13 % hold 100 × 13 / 113 = 11.50 of tax; without it 13.00 are added.
"""

from decimal import Decimal

import pytest

from admin_config.printing.layouts import layouts_of
from admin_config.printing.printout import printout
from models.audit.changes import changes
from models.org.models import Company
from models.products.models import Product
from models.sales.facts import OrderFacts
from models.sales.models import Quote
from models.sales.operations.quotes import order_quote, revise_quote, submit_quote
from tests import people as desk
from tests.house.test_screen_rights import link
from tests.house.test_screen_writing import quote_form

pytestmark = [pytest.mark.django_db, pytest.mark.books, pytest.mark.req("DAY-01")]
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


def test_an_exempt_line_bears_no_tax(people, client):
    """免税: 100.00 + 88.50 at 13 % + 100.00 at 0 % = 288.50 net; 11.50 of tax; 300.00. Order, new version and print keep the word."""
    quote, page = entered(client, typed("13") | {"is_exempt": "on"}, typed("13"), typed("0"))
    exempt, taxed, zero = quote.lines.all()
    assert [(line.is_exempt, line.tax_rate) for line in (exempt, taxed, zero)] == [(True, 0), (False, 13), (False, 0)]
    assert amounts(quote) == [("100.00", "0.00", "100.00"), ("88.50", "11.50", "100.00"), ("100.00", "0.00", "100.00")]
    assert (quote.net, quote.tax, quote.gross) == (D("288.50"), D("11.50"), D("300.00"))
    assert all(text in page for text in ("288.50", "11.50", "300.00"))
    desk.approve(submit_quote(quote, by=desk.named("yewu1")))
    order = order_quote(quote, by=desk.named("yewu1"))
    assert [line.is_exempt for line in order.lines.all()] == [True, False, False]
    assert amounts(order) == amounts(quote) and (order.net, order.tax, order.gross) == (quote.net, quote.tax, quote.gross)
    assert OrderFacts(order).unchanged_from_quote
    assert [line.is_exempt for line in revise_quote(quote, by=desk.named("yewu1")).lines.all()] == [True, False, False]
    assert rates_printed(quote) == rates_printed(order) == ["exempt", "13", "0"]
    with changes("command"):
        order.lines.filter(position=3).update(is_exempt=True)
    assert not OrderFacts(order).unchanged_from_quote


def test_without_tax_in_the_price_nothing_is_added_to_an_exempt_line(people, client):
    """100.00 exempt stay 100.00; 100.00 at 13 % become 113.00."""
    quote, page = entered(client, typed("13") | {"is_exempt": "on"}, typed("13"), prices_include_tax=None)
    assert amounts(quote) == [("100.00", "0.00", "100.00"), ("100.00", "13.00", "113.00")]
    assert (quote.net, quote.tax, quote.gross) == (D("200.00"), D("13.00"), D("213.00"))
    assert "213.00" in page


def test_lines_of_an_exempt_product_begin_exempt(people, client):
    """Where no rate was typed the product says so; a typed rate stays a rate."""
    with changes("command"):
        Product.objects.filter(code="QH0001").update(is_exempt=True)
    quote, _page = entered(client, typed(""), typed("9"))
    assert [(line.is_exempt, line.tax_rate) for line in quote.lines.all()] == [(True, 0), (False, 9)]
    draft = desk.make_quote(submit=False)
    assert [(line.is_exempt, line.tax_rate, line.tax) for line in draft.lines.all()] == [(True, 0, 0)]


def rates_printed(document):
    """The column of tax rates on the company's paper, one text a line."""
    layout = next(one for one in layouts_of(type(document)) if one.code == "a4")
    made = printout(layout, document, desk.named("zong"))
    at = [column.heading for column in made.columns].index("Tax %")
    return [row[at][0] for page in made.pages for row in page.rows]
