"""Products sold by the bottle and by the box: 12 bottles of water to a box, 24 of juice, each box with its own barcode and price."""

from decimal import Decimal

import pytest

from models.audit.changes import changes
from models.products.models import Product, ProductUnit, Unit
from models.sales.models import Order
from models.sales.operations.orders import submit_order
from models.stock.models import Balance
from tests import people as desk
from tests.filling import filled, rows
from tests.house.test_screen_rights import link
from tests.house.test_screen_writing import quote_form

pytestmark = [pytest.mark.django_db, pytest.mark.books]
D = Decimal


def unit(name):
    return Unit.objects.get_or_create(name=name)[0].pk


@pytest.fixture
def shelf(people, client):
    """Water at 2.00 the bottle and 22.00 the box of 12, juice at 5.00 and 110.00 the box of 24, made on the screen of products."""
    desk.login(client, "zong")
    with changes("command"):
        bottle, box = unit("瓶"), unit("箱")
    for code, price, barcode, factor, box_price in (("WATER", "2", "6901", "12", "22"), ("JUICE", "5", "6902", "24", "110")):
        page = client.get(link(Product, "add"))
        further = rows("units", {"unit": box, "factor": factor, "barcode": f"{barcode}00", "price": box_price})
        answer = client.post(link(Product, "add"), filled(page, code=code, name=code, unit=bottle, price=price, barcode=barcode, **further))
        assert answer.status_code == 302, answer.context_data["errors"]
    made = [Product.objects.get(code=code) for code in ("WATER", "JUICE")]
    desk.stock_up(*made, quantity=60)
    return made


@pytest.mark.req("DAY-07", "STK-12")
def test_each_product_has_its_own_box(shelf, client):
    """2 boxes of water (44.00), 1 of juice (110.00) and 3 bottles of water (6.00): 60 − 27 and 60 − 24 bottles are left."""
    assert list(ProductUnit.objects.filter(product__in=shelf).order_by("factor").values_list("factor", "barcode", "price")) == [
        (12, "690100", 22),
        (24, "690200", 110),
    ]
    buyer = desk.customer_of(desk.named("yewu1"))
    with changes("command"):
        buyer.price_level = None
        buyer.save(update_fields=["price_level"])
    form = quote_form(buyer, [("QH0001", "2"), ("QH0001", "1"), ("QH0001", "3")])
    for number, scanned in enumerate(("690100", "690200", "6901")):
        form |= {f"lines-{number}-product": scanned, f"lines-{number}-unit": ""}
    desk.login(client, "yewu1")
    assert client.post(link(Order, "add"), form).status_code == 302
    order = Order.objects.get()
    lines = list(order.lines.values_list("product__code", "unit", "quantity", "factor", "base_quantity", "price"))
    assert lines == [("WATER", "箱", 2, 12, 24, 22), ("JUICE", "箱", 1, 24, 24, 110), ("WATER", "瓶", 3, 1, 3, 2)]
    assert order.gross == D("160.00")

    submit_order(order, by=desk.seller_of(order))
    desk.deliver(desk.approve(order))
    left = dict(Balance.objects.filter(product__in=shelf, warehouse=order.warehouse).values_list("product__code", "on_hand"))
    assert left == {"WATER": 33, "JUICE": 36}
    desk.login(client, "zong")
    page = client.get("/stock/balance/", {"q": "WATER"}).content.decode()
    assert ">33<" in page
