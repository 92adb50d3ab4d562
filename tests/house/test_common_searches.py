"""Searching a large table for something common: the same rows in the same order as by the index, found on the way through the list."""

import pytest
from django.db import connection

from admin_config import changelist
from admin_config.searching import Walk
from models.audit.changes import changes
from models.base import search_statistics
from models.customers.models import Customer
from tests.house.test_lists import rows
from tests.house.test_screen_rights import link
from tests.people import login

pytestmark = [pytest.mark.django_db, pytest.mark.postgresql]
FIRMS = 600


@pytest.fixture
def many(people, monkeypatch):
    """600 firms, one in three a machine works, one in a hundred of Harbin; a table of that size counts as large."""
    model = Customer.objects.first()
    with changes("command"):
        made = []
        for number in range(FIRMS):
            kind, place = ("机械厂" if number % 3 == 0 else "贸易行"), ("哈尔滨" if number % 100 == 0 else "杭州")
            firm = Customer(
                code=f"V{number:05}", name=f"{place}{number:03}{kind}", company=model.company, owner=model.owner, currency=model.currency
            )
            firm.compute_search_text()
            made.append(firm)
        Customer.objects.bulk_create(made)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE customers_customer")
    monkeypatch.setattr(search_statistics, "LARGE", 100)
    monkeypatch.setattr(search_statistics, "_kept", {})
    monkeypatch.setattr(changelist, "COUNTED", 30)


def listed(client, **asked):
    return client.get(link(Customer, "changelist"), asked).context_data["cl"]


def test_it_works(many, client):
    login(client, "general_manager")
    found = listed(client, q="机械", o="1")
    wanted = list(Customer.objects.filter(search_text__contains="机械").order_by(*found.queryset.query.order_by)[:50])
    assert found.walk is not None and found.walk.first(26) == wanted[:26]
    assert list(found.result_list) == wanted[:25] and found.count_text == "30+"
    following = client.get(link(Customer, "changelist"), {"q": "机械", "o": "1", "p": 2})
    assert rows(following) == wanted[25:50]


def test_what_is_rare_goes_by_the_index(many, client):
    login(client, "general_manager")
    found = listed(client, q="v00077")
    assert [one.code for one in found.result_list] == ["V00077"] and found.count_text == "1"
    asked = search_statistics.worth_asking("default", "customers_customer", ["v00", "077"], {"v0", "00", "v00", "077"})
    assert "077" in asked and "v00" not in asked


def test_a_way_too_long_is_not_walked(many, client, monkeypatch):
    monkeypatch.setattr(Walk, "LONGEST", 40)
    login(client, "general_manager")
    found = listed(client, q="机械", o="1")
    assert found.walk.first(26) is None and len(found.result_list) == 25


def test_a_person_walks_only_through_his_own(many, client):
    login(client, "yewu1")
    found = listed(client, q="机械")
    own = set(found.root_queryset.values_list("pk", flat=True))
    assert {one.pk for one in found.result_list} <= own and not any("贸易行" in one.name for one in found.result_list)
