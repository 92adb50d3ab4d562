"""A list saved under a name of one's own: a tab beside the others, for nobody else, gone when it is forgotten."""

import pytest

from models.customers.models import Customer
from models.lowcode.models import SavedView
from models.sales.models import Quote
from tests.house.test_lists import rows
from tests.house.test_screen_rights import link
from tests.people import login, named

pytestmark = [pytest.mark.django_db, pytest.mark.books]


def tabs(client, model=Customer, **asked):
    return {tab["label"]: tab for tab in client.get(link(model, "changelist"), asked).context_data["cl"].tabs}


def save(client, name, query, model=Customer):
    return client.post(link(model, "views"), {"name": name, "query": query}, follow=True)


def test_it_works(people, client):
    login(client, "general_manager")
    query = "q=机电&o=2&p=3&saved=7"
    assert client.get(link(Customer, "changelist"), {"q": "机电"}).context_data["cl"].query_to_save
    shown = save(client, "Machines", query)
    listed = shown.context_data["cl"]
    assert listed.query == "机电" and listed.saved_view.name == "Machines" and listed.query_to_save == ""
    wanted = Customer.objects.filter(search_text__contains="机电")
    assert rows(shown) == list(wanted.order_by(*listed.queryset.query.order_by)) and len(rows(shown)) == wanted.count() > 3
    assert [label for label, tab in tabs(client, saved=listed.saved_view.pk, q="机电", o="2").items() if tab["is_active"]] == ["Machines"]
    assert tabs(client, saved=listed.saved_view.pk, q="机电")["All"]["link"] == "?"
    view = SavedView.objects.get()
    assert (view.owner, view.query, view.history.count()) == (named("zong").employee, "q=%E6%9C%BA%E7%94%B5&o=2", 1)


def test_the_same_name_replaces_it(people, client):
    login(client, "general_manager")
    for query in ("q=机电", "q=五金", "q=五金"):
        save(client, "Mine own", query)
    assert [view.query for view in SavedView.objects.all()] == ["q=%E4%BA%94%E9%87%91"]
    assert SavedView.objects.get().history.count() == 2


def test_nobody_sees_or_forgets_those_of_others(people, client):
    login(client, "general_manager")
    save(client, "Secret", "q=机电")
    view = SavedView.objects.get()
    login(client, "yewu1")
    assert "Secret" not in tabs(client)
    assert client.post(link(Customer, "forget_view", view.pk)).status_code == 404 and SavedView.objects.count() == 1
    login(client, "general_manager")
    assert client.post(link(Customer, "forget_view", view.pk)).status_code == 302
    assert "Secret" not in tabs(client) and not SavedView.objects.exists()


def test_a_name_and_something_to_keep_are_needed(people, client):
    login(client, "general_manager")
    for name, query in (("", "q=x"), ("Empty", "p=2"), ("  ", "")):
        assert "Give the view a name." in save(client, name, query).content.decode()
    assert not SavedView.objects.exists()


def test_lists_one_may_not_see_take_no_views(people, client):
    login(client, "cangguan")
    assert save(client, "x", "q=1", Quote).status_code == 403
    assert not SavedView.objects.exists()
