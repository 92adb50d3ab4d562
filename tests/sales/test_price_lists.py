"""Price lists made on their screen, and the price each customer then gets on a quote. A bolt's standard price is 1.20, a screw's 0.65."""

from datetime import timedelta
from decimal import Decimal

import pytest

from models.audit.changes import changes
from models.base.documents import business_today
from models.lowcode.models import Option
from models.products.models import PriceList
from models.sales.models import Quote
from tests import people as desk
from tests.filling import filled, rows
from tests.house.test_screen_rights import link
from tests.house.test_screen_writing import quote_form

pytestmark = [pytest.mark.django_db, pytest.mark.books]
D = Decimal


def price_list(client, code, bolt, screw, **values):
    """A list with a price of both products, typed by the administrator."""
    amounts = (("QH0001", bolt), ("QH0002", screw))
    prices = [{"product": desk.product(one).pk, "from_quantity": "0", "price": price} for one, price in amounts]
    page = client.get(link(PriceList, "add"))
    data = filled(page, code=code, name=code, currency="CNY", **values, **rows("items", *prices))
    answer = client.post(link(PriceList, "add"), data)
    assert answer.status_code == 302, answer.context_data["errors"]


def offered(client, buyer):
    """[(price, rule)] of a bolt and a screw on a new quote."""
    client.post(link(Quote, "add"), quote_form(buyer, [("QH0001", "1"), ("QH0002", "1")]))
    return list(Quote.objects.latest("pk").lines.values_list("price", "price_rule"))


@pytest.mark.req("PRD-07", "PRD-10")
def test_each_customer_gets_the_price_of_his_list(people, client):
    """One list for a customer, one for his level, one that ended yesterday, one switched off: both products are in all of them."""
    level = Option.objects.get(option_list__code="price_level", code="vip")
    buyers = [desk.customer_of(desk.named(name)) for name in ("yewu1", "yewu2", "yewu3")]
    with changes("command"):
        PriceList.objects.update(is_active=False)
        for buyer, own in zip(buyers, (level, level, None), strict=True):
            buyer.price_level = own
            buyer.save(update_fields=["price_level"])
    desk.login(client, "guanli")
    yesterday = (business_today() - timedelta(days=1)).isoformat()
    price_list(client, "OWN", "0.90", "0.50", customer=buyers[0].pk)
    price_list(client, "LEVEL", "1.00", "0.60", price_level=level.pk, valid_from=yesterday)
    price_list(client, "OVER", "0.10", "0.10", valid_to=yesterday)
    price_list(client, "OFF", "0.20", "0.20", is_active="")
    desk.login(client, "zong")
    assert [offered(client, buyer) for buyer in buyers] == [
        [(D("0.9"), "OWN"), (D("0.5"), "OWN")],
        [(D("1"), "LEVEL"), (D("0.6"), "LEVEL")],
        [(D("1.2"), "standard price"), (D("0.65"), "standard price")],
    ]
