"""What stands beside the fields of an order's form: the customer's addresses, and costs for those who may see them.

QH0001 is a bolt that costs 0.7176 and sells at 1.20 with 13 % tax.
"""

from decimal import Decimal

import pytest

from models.sales.models import Order, Quote
from models.stock.operations import default_warehouse
from tests import people as desk
from tests.house.test_screen_rights import link
from tests.house.test_screen_writing import quote_form

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.mark.req("DAY-09")
def test_the_address_is_chosen_among_the_customers(people, client):
    """KH0002 has two addresses; both are offered on the page of a new order, of a draft, and with the customer."""
    desk.login(client, "zong")
    buyer = desk.customer()
    texts = [one.title() for one in buyer.addresses.all()]
    assert len(texts) == 2
    draft = desk.make_order(buyer, submit=False)
    for page in (f"{link(Order, 'add')}?customer={buyer.pk}", link(Order, "change", draft.pk)):
        html = client.get(page).content.decode()
        place = html[html.index('data-fills="delivery_address"') :]
        assert all(f"<option>{text}</option>" in place for text in texts)
    found = client.get(link(Order, "defaults"), {"customer": buyer.pk}).json()["delivery_address"]
    assert (found["key"], found["choices"]) == (texts[0], texts)


def _line_beside(client, model, buyer, price, **header):
    item = {"key": 0, "text": "QH0001", "quantity": "1", "price": price, "discount": "100", "tax_rate": "13"}
    data = {"partner": buyer.pk, "currency": "CNY", "rate": "1", "includes_tax": "on", "items": [item]} | header
    answer = client.post(link(model, "lines_lookup", 0), data, content_type="application/json")
    return answer.json()["items"][0]["products"][0]


@pytest.mark.req("DAY-04")
def test_cost_and_margin_stand_beside_the_line_for_those_who_may_see_them(people, client):
    """1.13 with tax are 1.00 net: a margin of 28.2 %. A salesperson gets neither figure, on the page nor by the script."""
    desk.login(client, "zhuguan")
    buyer = desk.customer()
    found = _line_beside(client, Quote, buyer, "1.13")
    assert (found["cost"]["price"], found["margin"]["percent"]) == ("0.7176", "28.2")
    draft = desk.make_quote(buyer, [(desk.product(), 10, "", D(100), D("1.13"))], submit=False)
    html = client.get(link(Quote, "change", draft.pk)).content.decode()
    assert "0.7176" in html and "28.2" in html

    desk.login(client, draft.owner.user.username)
    found = _line_beside(client, Quote, buyer, "1.13")
    assert "cost" not in found and "margin" not in found
    html = client.get(link(Quote, "change", draft.pk)).content.decode()
    assert "0.7176" not in html and "28.2" not in html


@pytest.mark.req("DAY-04")
def test_stock_and_the_last_price_stand_beside_the_line(people, client):
    """Of 500 bolts 40 are promised to an order at 1.15: 460 are free, and 1.15 was the price of that order."""
    buyer = desk.customer_of(desk.named("yewu1"))
    place = default_warehouse(buyer.company_id)
    desk.stock_up(desk.product(), quantity=500, warehouse=place)
    order = desk.make_order(buyer, [(desk.product(), 40, "", D(100), D("1.15"))])
    desk.login(client, "yewu1")
    for model in (Quote, Order):
        found = _line_beside(client, model, buyer, "1.20", warehouse=place.pk)
        assert found["available"] == {"quantity": "460", "unit": "支"}
        assert (found["last"]["price"], found["last"]["number"]) == ("1.15", order.number)


def test_a_line_entered_on_the_screen_knows_its_cost(people, client):
    """The margin then asks the line, whatever the product costs later."""
    desk.login(client, "yewu1")
    buyer = desk.customer_of(desk.named("yewu1"))
    client.post(link(Quote, "add"), quote_form(buyer, [("QH0001", "10"), ("QH0079", "1")]))
    assert list(Quote.objects.get().lines.values_list("cost", flat=True)) == [D("0.7176"), D("96.69")]
