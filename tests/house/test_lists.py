"""What a list promises: cheap counts, totals of the whole filter, tabs, search in two characters, the table alone for HTMX."""

from decimal import Decimal

import pytest
from django.contrib import admin
from django.db.models import Sum

from admin_config import changelist
from models.audit.changes import changes
from models.customers.models import Customer
from models.products.models import Product
from models.sales.models import Order, Quote
from tests.house.test_screen_rights import link
from tests.people import login, make_order, make_quote, named

pytestmark = [pytest.mark.django_db, pytest.mark.books]


def rows(response):
    return list(response.context_data["cl"].result_list)


def test_it_works(people, client):
    login(client, "general_manager")
    response = client.get(link(Customer, "changelist"))
    listed = response.context_data["cl"]
    assert len(listed.result_list) == 25 and listed.count_text == str(Customer.objects.count())
    following = client.get(link(Customer, "changelist") + listed.next_link)
    assert rows(following)[0] not in rows(response) and following.context_data["cl"].first_shown == 26


def test_counting_stops_where_it_would_be_slow(people, client, monkeypatch):
    monkeypatch.setattr(changelist, "COUNTED", 30)
    login(client, "general_manager")
    listed = client.get(link(Customer, "changelist")).context_data["cl"]
    assert listed.count_text == "30+" and listed.next_link
    last = client.get(link(Customer, "changelist"), {"p": 3}).context_data["cl"]
    assert len(last.result_list) == Customer.objects.count() - 50 and not last.next_link


def test_totals_are_of_the_whole_filter_and_per_currency(people, client, monkeypatch):
    quotes = [make_quote(submit=False) for _ in range(3)]
    with changes("command"):
        Quote.objects.filter(pk=quotes[0].pk).update(currency="USD")
    monkeypatch.setattr(admin.site._registry[Quote], "list_per_page", 1)
    login(client, "general_manager")
    listed = client.get(link(Quote, "changelist")).context_data["cl"]
    found = {total["currency"]: total["sums"]["gross_total"] for total in listed.totals}
    expected = dict(Quote.objects.order_by().values_list("currency").annotate(Sum("gross")))
    assert len(listed.result_list) == 1 and found == expected and found["CNY"] == 2 * quotes[1].gross
    assert f"{found['CNY']:,.2f}" in listed.totals_html


def test_a_total_nobody_may_see_is_not_added_up(people, client):
    from models.org.models import FieldLimit, Role

    make_quote(submit=False)
    with changes("command"):
        FieldLimit.objects.create(role=Role.objects.get(code="general_manager"), record_type="sales.quote", field="gross", level=0)
    login(client, "general_manager")
    assert client.get(link(Quote, "changelist")).context_data["cl"].totals == []


def test_tabs_are_parts_of_the_list(people, client):
    mine = make_order(Customer.objects.filter(owner=named("yewu1").employee).first())
    other = make_order(Customer.objects.filter(owner=named("yewu2").employee).first(), submit=False)
    login(client, "zhuguan")
    address = link(Order, "changelist")
    assert {mine, other} <= set(rows(client.get(address)))
    assert rows(client.get(address, {"view": "drafts"})) == [other]
    assert rows(client.get(address, {"view": "approved"})) == [mine]
    login(client, "yewu1")
    assert rows(client.get(address, {"view": "mine"})) == [mine]


@pytest.mark.req("SRC-01")
@pytest.mark.parametrize("text", ["隆凯", "sflk", "KH0002", "0571-0000-0002", "ＫＨ０００２"])
def test_customers_are_found_by_any_part(text, people, client):
    """Two Chinese characters, pinyin initials, code, phone, full-width letters."""
    login(client, "general_manager")
    assert [one.code for one in rows(client.get(link(Customer, "changelist"), {"q": text}))] == ["KH0002"]
    assert b"KH0002" in client.get("/command/", {"q": text}).content


def test_documents_are_found_by_number_and_customer(people, client):
    order = make_order()
    make_order(Customer.objects.get(code="KH0003"))
    login(client, "general_manager")
    for text in (order.number, order.number[-4:], order.customer.name[4:8], order.customer.code):
        assert order in rows(client.get(link(Order, "changelist"), {"q": text})), text
    assert rows(client.get(link(Order, "changelist"), {"q": order.customer.code})) == [order]


def test_htmx_gets_the_table_alone(people, client):
    login(client, "general_manager")
    part = client.get(link(Customer, "changelist"), headers={"HX-Request": "true", "HX-Target": "list"})
    assert "<html" not in part.content.decode() and "result_list" in part.content.decode()
    assert "HX-Target" in part["Vary"]


def test_an_empty_list_says_why(people, client):
    login(client, "salesperson")
    none_yet = client.get(link(Quote, "changelist")).content.decode()
    assert "No quotes yet" in none_yet and "New quote" in none_yet
    nothing = client.get(link(Customer, "changelist"), {"q": "no such thing"}).content.decode()
    assert "Nothing matches" in nothing and "Clear" in nothing


def test_what_narrows_the_list_can_be_taken_away(people, client):
    """Filters and lookups of links alike are chips; each link takes one away."""
    login(client, "general_manager")
    listed = client.get(link(Product, "changelist"), {"is_active": "1", "category__code": "X", "q": "M8"}).context_data["cl"]
    assert [(chip["label"], chip["value"]) for chip in listed.chips] == [("On sale", "Yes"), ("Category code", "X")]
    assert all("is_active" not in chip["link"] for chip in listed.chips[:1])
    assert ("category__code", "X") in listed.kept_parameters


def test_amounts_read_as_money(people, client):
    with changes("command"):
        Customer.objects.filter(code="KH0002").update(credit_limit=Decimal("1234567.5"))
    login(client, "general_manager")
    assert "1,234,567.50" in client.get(link(Customer, "changelist"), {"q": "KH0002"}).content.decode()
