"""Base data as the administrator keeps it on its screens, and what others find of it: warehouses, units, services, log-ins."""

from decimal import Decimal

import pytest
from django.test import Client

from models.audit.changes import changes
from models.base.operations import Refusal
from models.customers.models import Customer
from models.org.models import Employee, Region, User
from models.products.models import Product, Unit
from models.sales.models import Quote
from models.stock.models import Balance, Movement, Warehouse
from tests import people as desk
from tests.filling import filled
from tests.house.test_lists import rows
from tests.house.test_screen_rights import link
from tests.house.test_screen_writing import quote_form

pytestmark = pytest.mark.django_db
D = Decimal


def add(client, model, **typed):
    """The record made on its screen."""
    before = set(model.objects.values_list("pk", flat=True))
    answer = client.post(link(model, "add"), filled(client.get(link(model, "add")), **typed))
    assert answer.status_code == 302, answer.context_data["errors"]
    return model.objects.exclude(pk__in=before).get()


def change(client, record, **typed):
    address = link(type(record), "change", record.pk)
    return client.post(address, filled(client.get(address), **typed))


@pytest.mark.req("STK-01")
def test_a_warehouse_comes_changes_and_goes(people, client):
    desk.login(client, "administrator")
    keeper, region = Employee.objects.get(code="E009"), Region.objects.order_by("code").first()
    data = {"code": "CK09", "name": "九号仓", "kind": "normal", "keeper": keeper.pk, "region": region.pk, "address": "滨江区一路 9 号"}
    made = add(client, Warehouse, **data)
    assert (made.code, made.name, made.kind, made.keeper, made.region, made.address, made.is_active) == (
        "CK09",
        "九号仓",
        "normal",
        keeper,
        region,
        "滨江区一路 9 号",
        True,
    )
    assert change(client, made, name="九号库", is_active="").status_code == 302
    made.refresh_from_db()
    assert (made.name, made.is_active) == ("九号库", False)
    assert client.post(link(Warehouse, "delete", made.pk), {"post": "yes"}).status_code == 302
    assert not Warehouse.objects.filter(code="CK09").exists()


@pytest.mark.req("PRD-05")
def test_quantities_have_the_decimals_of_their_unit(people, client):
    """A cable by the metre in hundredths: 1.25 is taken, 1.255 is not."""
    desk.login(client, "administrator")
    metre = add(client, Unit, name="测米", decimals="2")
    desk.login(client, "zong")
    add(client, Product, code="CABLE", name="Cable", unit=metre.pk, price="4")
    buyer = desk.customer()
    with changes("command"):
        Customer.objects.update(price_level=None)
    form = quote_form(buyer) | {"lines-0-product": "CABLE", "lines-0-unit": "测米"}
    refused = client.post(link(Quote, "add"), form | {"lines-0-quantity": "1.255"})
    assert refused.status_code == 200 and "测米 is counted with 2 decimals." in refused.content.decode()
    assert client.post(link(Quote, "add"), form | {"lines-0-quantity": "1.25"}).status_code == 302
    assert (Quote.objects.get().lines.get().quantity, Quote.objects.get().gross) == (D("1.25"), D("5.00"))


@pytest.mark.req("PRD-03")
def test_a_service_is_never_in_stock(people, client):
    """Entered as a service, sold and delivered for 300.00: nothing moves, and no opening stock of it is taken."""
    desk.login(client, "zong")
    service = add(client, Product, code="FIT", name="Fitting", kind="service", unit=desk.product().unit_id, price="300")
    assert rows(client.get(link(Product, "changelist"), {"kind": "service", "q": "FIT"})) == [service]
    order = desk.make_order(items=[(service, 1, "", 100, D(300))])
    assert desk.deliver(order).gross == D("300.00")
    assert not Movement.objects.filter(product=service).exists()
    with pytest.raises(Refusal):
        desk.stock_up(service, quantity=5)
    assert not Balance.objects.filter(product=service).exists()


@pytest.mark.req("ORG-23")
def test_an_account_is_frozen_and_opened_again(people, client):
    """Frozen, yewu1 cannot log in and what he has open is closed to him; his quote stays as it is."""
    seller, quote = desk.named("yewu1"), desk.make_quote(desk.customer_of(desk.named("yewu1")), submit=False)
    his = Client()
    assert his.login(username="yewu1", password=desk.PASSWORD)
    desk.login(client, "administrator")
    assert change(client, seller, is_active="").status_code == 302
    assert not Client().login(username="yewu1", password=desk.PASSWORD)
    assert his.get("/").status_code == 302
    assert Quote.objects.get() == quote and Quote.objects.get().owner == seller.employee
    assert change(client, User.objects.get(pk=seller.pk), is_active="on").status_code == 302
    assert Client().login(username="yewu1", password=desk.PASSWORD)


@pytest.mark.req("SRC-05")
def test_lists_are_sorted_by_several_columns(people, client):
    """Products by tax rate downwards, and those of one rate by price upwards; then the other way round."""
    desk.login(client, "zong")
    price, rate = 6, 7  # as the headings of the list count them
    for order, keys in ((f"-{rate}.{price}", ("-tax_rate", "price")), (f"{rate}.-{price}", ("tax_rate", "-price"))):
        found = rows(client.get(link(Product, "changelist"), {"o": order}))
        wanted = Product.objects.order_by(*keys).values_list("tax_rate", "price")[: len(found)]
        assert [(one.tax_rate, one.price) for one in found] == list(wanted) and len({one.price for one in found}) > 1
    page = client.get(link(Product, "changelist"), {"o": f"-{rate}"}).content.decode()
    assert f"o={price}.-{rate}" in page, "the heading of another column keeps the first"
