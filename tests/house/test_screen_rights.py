"""The policy at every door of a screen: rows, keys, filters, sorting, search, deeds, files, history, and fields that are hidden or masked.

`mine` belongs to the salesperson who is logged in, `foreign` to a colleague. What is foreign looks as if it were not there.
"""

import pytest
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.urls import reverse

from models.audit.changes import changes
from models.customers.models import Contact, Customer
from models.office.models import Attachment
from models.org.models import FieldLimit, Role
from models.sales.models import Quote
from tests.people import login, make_quote, named

pytestmark = pytest.mark.django_db


@pytest.fixture
def mine(people):
    return Customer.objects.filter(owner=named("yewu1").employee).order_by("pk").first()


@pytest.fixture
def foreign(people):
    return Customer.objects.filter(owner=named("yewu2").employee).order_by("pk").first()


@pytest.fixture
def me(client, people):
    return login(client, "yewu1")


def link(model, page, *arguments):
    return admin.site._registry[model].link(page, *arguments)


def posted(customer, **changed):
    """What the customer's form would post."""
    screen = admin.site._registry[Customer]
    names = [name for _title, options in screen.fieldsets for name in options["fields"]]
    values = {
        name: getattr(customer, customer._meta.get_field(name).attname) for name in [*names, "owner", "department", "region", "company"]
    }
    data = {name: "" if value is None else value for name, value in values.items()}
    for prefix in ("contacts", "addresses"):
        data |= {f"{prefix}-TOTAL_FORMS": 0, f"{prefix}-INITIAL_FORMS": 0}
    return data | changed


def test_it_works(me, mine, client):
    assert mine.name in client.get(link(Customer, "changelist")).content.decode()
    assert client.get(link(Customer, "change", mine.pk)).status_code == 200
    response = client.post(link(Customer, "change", mine.pk), posted(mine, city="Ningbo"))
    assert response.status_code == 302
    mine.refresh_from_db()
    assert mine.city == "Ningbo"


def test_foreign_rows_are_not_there(me, foreign, client):
    for page in ("change", "delete", "history", "files"):
        status = client.get(link(Customer, page, foreign.pk)).status_code
        assert status in (403, 404) and status == client.get(link(Customer, page, 10**9)).status_code, page
    assert client.post(link(Customer, "change", foreign.pk), posted(foreign, city="Ningbo")).status_code == 404
    for part in ("documents", "money", "timeline"):
        assert client.get(link(Customer, "part", foreign.pk, part)).status_code == 404
    foreign.refresh_from_db()
    assert foreign.city != "Ningbo"
    for query in ({}, {"q": foreign.name}, {"q": foreign.code}, {"view": "pool"}, {"owner": foreign.owner_id}):
        assert foreign not in client.get(link(Customer, "changelist"), query).context_data["cl"].result_list, query
    assert foreign.name not in client.get("/command/", {"q": foreign.name[:4]}).content.decode()


def test_deeds_on_foreign_documents_are_not_there(me, foreign, client):
    quote = make_quote(foreign, submit=False)
    assert client.post(link(Quote, "copy", quote.pk)).status_code == 404
    assert client.post(link(Quote, "do", quote.pk, "submit_quote")).status_code == 404
    quote.refresh_from_db()
    assert quote.approval == "draft"


def test_keys_offer_and_take_only_what_is_seen(me, mine, foreign, client):
    search = {"app_label": "sales", "model_name": "quote", "field_name": "customer"}
    offered = client.get("/autocomplete/", search | {"term": ""}).json()["results"]
    assert str(mine.pk) in {one["id"] for one in offered}
    assert str(foreign.pk) not in {one["id"] for one in offered}
    assert client.get("/autocomplete/", search | {"term": foreign.name}).json()["results"] == []
    data = {
        "customer": foreign.pk,
        "date": "2026-11-25",
        "currency": "CNY",
        "rate": "1",
        "discount": "100",
        "allowance": "0",
        "company": mine.company_id,
    }
    data |= {"lines-TOTAL_FORMS": 0, "lines-INITIAL_FORMS": 0, "owner": mine.owner_id}
    response = client.post(link(Quote, "add"), data)
    assert response.status_code == 200 and "customer" in response.context_data["adminform"].form.errors
    assert not Quote.objects.exists()


def test_a_foreign_current_value_is_kept(me, mine, foreign, client):
    """A key that already points outside the range stays valid, and is not named."""
    with changes("command"):
        Customer.objects.filter(pk=mine.pk).update(settlement_customer=foreign)
    page = client.get(link(Customer, "change", mine.pk)).content.decode()
    assert foreign.name not in page and f"#{foreign.pk}" in page
    mine.refresh_from_db()
    assert client.post(link(Customer, "change", mine.pk), posted(mine, city="Ningbo")).status_code == 302
    mine.refresh_from_db()
    assert (mine.city, mine.settlement_customer_id) == ("Ningbo", foreign.pk)


def test_the_state_after_the_change_must_be_in_range(me, mine, foreign, client):
    response = client.post(link(Customer, "change", mine.pk), posted(mine, owner=foreign.owner_id))
    assert response.status_code == 200 and response.context_data["adminform"].form.non_field_errors()
    mine.refresh_from_db()
    assert mine.owner_id != foreign.owner_id


def test_bulk_deeds_reach_only_what_is_in_range(client, people, mine, foreign):
    login(client, "zhuguan")
    data = {"action": "delete_selected", "_selected_action": [mine.pk, foreign.pk], "post": "yes", "index": 0}
    login(client, "yewu1")
    client.post(link(Customer, "changelist"), data)
    assert Customer.objects.filter(pk=foreign.pk).exists()


def test_files_are_as_visible_as_their_record(me, mine, foreign, client, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    with changes("command"):
        kept = [
            Attachment.objects.create(
                content_type=ContentType.objects.get_for_model(Customer),
                object_id=one.pk,
                name="秘密.html",
                file=ContentFile(b"<script>", name="x"),
            )
            for one in (mine, foreign)
        ]
    answer = client.get(link(Customer, "file", mine.pk, kept[0].pk))
    assert (
        answer.status_code == 200
        and answer["Content-Disposition"].startswith("attachment")
        and answer["X-Content-Type-Options"] == "nosniff"
    )
    assert client.get(link(Customer, "file", foreign.pk, kept[1].pk)).status_code == 404
    assert client.get(link(Customer, "file", mine.pk, kept[1].pk)).status_code == 404


def limit(name, level, kind="customers.customer", role="salesperson"):
    with changes("command"):
        FieldLimit.objects.update_or_create(role=Role.objects.get(code=role), record_type=kind, field=name, defaults={"level": level})


@pytest.mark.parametrize("level", [FieldLimit.Level.HIDE, FieldLimit.Level.MASK])
def test_a_field_below_reading_is_nowhere(level, me, mine, client):
    with changes("command"):
        Customer.objects.filter(pk=mine.pk).update(credit_limit="987654.32", phone="0571-98765432")
    for name in ("credit_limit", "phone"):
        limit(name, level)
    for address in (link(Customer, "changelist"), link(Customer, "change", mine.pk), link(Customer, "history", mine.pk)):
        page = client.get(address).content.decode()
        assert "987,654" not in page and "987654" not in page and "98765432" not in page, address
    shown = client.get(link(Customer, "changelist")).content.decode()
    assert ("•••" in shown) is (level == FieldLimit.Level.MASK)
    for query in ({"credit_limit__gt": 1}, {"phone": "0571-98765432"}):
        assert client.get(link(Customer, "changelist"), query).status_code == 400, query
    mine.refresh_from_db()
    assert client.post(link(Customer, "change", mine.pk), posted(mine, credit_limit="1", city="Ningbo")).status_code == 302
    mine.refresh_from_db()
    assert mine.city == "Ningbo" and str(mine.credit_limit).startswith("987654.32")


def test_a_field_for_reading_is_shown_and_not_taken(me, mine, client):
    limit("credit_limit", FieldLimit.Level.READ)
    with changes("command"):
        Customer.objects.filter(pk=mine.pk).update(credit_limit="987654.32")
    page = client.get(link(Customer, "change", mine.pk)).content.decode()
    assert "987,654.32" in page and 'name="credit_limit"' not in page
    mine.refresh_from_db()
    client.post(link(Customer, "change", mine.pk), posted(mine, credit_limit="1"))
    mine.refresh_from_db()
    assert str(mine.credit_limit).startswith("987654.32")


def test_lookups_are_those_the_list_declares(me, client):
    for query in (
        {"name__regex": "^杭"},
        {"payment_term__code": "YJ30"},
        {"created_by__password": "x"},
        {"owner__user__password__startswith": "m"},
    ):
        assert client.get(link(Customer, "changelist"), query).status_code == 400, query
    assert client.get(link(Customer, "changelist"), {"status__in": "active,lost"}).status_code == 200


def test_contacts_follow_their_own_rights(me, foreign, client):
    contact = Contact.objects.filter(customer=foreign).first()
    assert client.get(link(Contact, "change", contact.pk)).status_code == 404
    assert contact.name not in client.get(link(Contact, "changelist"), {"customer": foreign.pk}).content.decode()


def test_doors_that_ask_nobody_are_closed(people, client):
    """Django's redirect by content type and Unfold's cached search over all record types."""
    login(client, "administrator")
    customer = ContentType.objects.get_for_model(Customer)
    for address in (f"/r/{customer.pk}/1/", "/search/?s=a&extended=1"):
        assert client.get(address).status_code == 404, address
    assert client.get("/sales/").status_code == 302


def test_the_search_tells_nothing_hidden(me, mine, client):
    """A hidden phone finds nobody, in the list, behind a key and in the command search; what is seen still does."""
    with changes("command"):
        mine.phone = "0571-98765432"
        mine.save()
    assert client.get(link(Customer, "changelist"), {"q": "98765432"}).context_data["cl"].result_count == 1
    limit("phone", FieldLimit.Level.MASK)
    assert client.get(link(Customer, "changelist"), {"q": "98765432"}).context_data["cl"].result_count == 0
    assert client.get(link(Customer, "changelist"), {"q": mine.code}).context_data["cl"].result_count == 1
    query = {"app_label": "sales", "model_name": "quote", "field_name": "customer"}
    assert client.get(reverse("admin:autocomplete"), {**query, "term": "98765432"}).json()["results"] == []
    assert len(client.get(reverse("admin:autocomplete"), {**query, "term": mine.code}).json()["results"]) == 1
