"""The first page of the day: what waits for whom, and nothing that is not his to do."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from dashboards.home import leads_others
from dashboards.work import WORK, work_of
from fixtures.deciding import decide_next
from models.audit.changes import changes
from models.base.documents import business_today
from models.customers.models import Interaction
from models.finance.models import Receivable
from tests import people as desk

pytestmark = pytest.mark.django_db
D = Decimal
TODAY = business_today


def waiting(user):
    """{title: [title of each item]} of a person's workbench."""
    return {str(one["title"]): [item.title for item in one["items"]] for one in work_of(user)}


@pytest.fixture
def seller(people):
    return desk.named("yewu2")


def test_nothing_waits_in_an_empty_company(client, people):
    for role in ("general_manager", "salesperson", "warehouse_keeper", "accountant", "administrator"):
        user = desk.login(client, role)
        assert work_of(user) == []
        assert "Nothing waits for you" in client.get(reverse("admin:workbench")).content.decode()


def test_a_salesperson_finds_his_drafts_and_what_came_back(people, seller):
    kept = desk.make_quote(by=seller, submit=False)
    returned = desk.make_quote(desk.customer(), [(desk.product("QH0079"), 400)], by=seller)
    decide_next(returned, "return", "Too much")
    titles = waiting(seller)["Your drafts"]
    returned.refresh_from_db()
    assert titles == [f"Quote {returned.number}", f"Quote {kept}"]
    assert "Your drafts" not in waiting(desk.named("yewu1"))


def test_a_decision_waits_for_whom_it_is_asked_of(people, seller):
    quote = desk.make_quote(desk.customer(), [(desk.product("QH0079"), 400)], by=seller)
    who = desk.named("zhuguan")
    assert waiting(who)["Waiting for you"] == [f"Quote {quote.number}"]
    assert "Waiting for you" not in waiting(seller)
    desk.approve(quote)
    assert "Waiting for you" not in waiting(who)


def note(customer, due, at=None, **values):
    with changes("form"):
        Interaction(customer=customer, subject="Call", next_contact_on=due, at=at or timezone.now(), **values).save()


def test_customers_to_contact_are_those_nobody_contacted_since(people, seller):
    mine = list(type(desk.customer()).objects.filter(owner=seller.employee).order_by("code")[:3])
    past = timezone.now() - timedelta(days=9)
    note(mine[0], TODAY() - timedelta(days=1), at=past)
    note(mine[1], TODAY() - timedelta(days=1), at=past)
    note(mine[1], TODAY() + timedelta(days=30))
    note(mine[2], TODAY() + timedelta(days=8))
    found = next(one for one in work_of(seller) if one["title"] == "Customers to contact")
    assert [(item.title, item.is_late) for item in found["items"]] == [(mine[0].name, True)]


def test_the_keeper_finds_what_is_to_go_out_and_to_come_in(people, seller):
    order = desk.make_order(desk.customer())
    delivery = desk.deliver(order, dispatch=False)
    keeper = desk.named("zhuguan")
    assert waiting(keeper)["Deliveries to dispatch"] == [str(delivery)]
    from models.sales.operations.deliveries import dispatch_delivery

    dispatch_delivery(delivery, by=keeper)
    document = desk.take_back(delivery, {1: 2}, received=False)
    found = waiting(keeper)
    assert "Deliveries to dispatch" not in found
    assert found["Returns to take in"] == [str(document)]


def test_finance_finds_late_debts_and_money_to_allocate(people, seller):
    order = desk.make_order(desk.customer(), date=TODAY() - timedelta(days=200))
    desk.deliver(order, date=TODAY() - timedelta(days=200))
    debt = Receivable.objects.get(origin_id=order.pk)
    receipt = desk.receive(debt.customer, D("5.00"))
    found = waiting(desk.named("kuaiji"))
    assert found["Overdue receivables"] == [debt.title()]
    assert found["Money to allocate"] == [receipt.number]


def test_every_list_behind_a_heading_holds_as_many(client, people, seller):
    """The count beside a heading is the list's, where the list shows just that."""
    for _time in range(8):
        order = desk.make_order(desk.customer())
        desk.deliver(order, dispatch=False)
    for role in ("general_manager", "regional_director"):
        user = desk.login(client, role)
        for one in work_of(user):
            if one["title"] in ("Deliveries to dispatch", "Orders to deliver", "Overdue receivables", "Money to allocate"):
                assert client.get(one["link"]).context["cl"].result_count == one["count"]


def test_only_who_leads_begins_with_the_board(client, people):
    assert leads_others(desk.named("zong")) and leads_others(desk.named("quyu")) and leads_others(desk.named("zhuguan"))
    assert not any(leads_others(desk.named(name)) for name in ("yewu1", "neiqin", "chuna"))
    desk.login(client, "general_manager")
    assert "board-charts" in client.get(reverse("admin:index")).content.decode()
    desk.login(client, "salesperson")
    assert "board-charts" not in client.get(reverse("admin:index")).content.decode()


def test_the_page_costs_few_queries(client, people, seller, django_assert_max_num_queries):
    for _time in range(3):
        desk.make_quote(by=seller, submit=False)
    client.force_login(seller)
    client.get(reverse("admin:workbench"))
    with django_assert_max_num_queries(45):
        client.get(reverse("admin:workbench"))
    assert len(WORK) == 9
