"""What the server says about drafts: which forms keep one, and which are saved."""

import pytest

from models.customers.models import Customer
from models.products.models import Unit
from tests import people as desk
from tests.house.test_screen_rights import link

pytestmark = pytest.mark.django_db


def page(client, address, **query):
    return client.get(address, query).content.decode()


def test_which_forms_keep_a_draft(people, client):
    """What can be written does, with its record's key; a window opened in passing and a page to read do not."""
    customer = desk.customer()
    desk.login(client, "zong")
    assert f"customers.customer:{customer.pk}" in page(client, link(Customer, "change", customer.pk))
    assert "customers.customer:new" in page(client, link(Customer, "add"))
    assert "data-draft=" not in page(client, link(Customer, "add"), _popup=1)
    client.force_login(desk.only("auditor"))
    assert "data-draft=" not in page(client, link(Customer, "change", customer.pk))


def test_a_saved_form_says_its_token_and_a_refused_one_does_not(people, client):
    desk.login(client, "guanli")
    refused = client.post(link(Unit, "add"), {"_token": "first", "name": ""})
    assert refused.status_code == 200 and "saved_drafts" not in refused.cookies
    saved = client.post(link(Unit, "add"), {"_token": "second-1", "name": "Quay", "decimals": "0"})
    assert saved.status_code == 302
    assert saved.cookies["saved_drafts"].value == "second-1"
