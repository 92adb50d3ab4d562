"""A sales assistant enters for the salespeople assigned to her: who made a document and whose it is are two things."""

import pytest

from models.audit.changes import changes
from models.org.models import Assistance
from models.sales.models import Order
from tests import people as desk
from tests.house.test_screen_rights import link
from tests.house.test_screen_writing import quote_form

pytestmark = [pytest.mark.django_db, pytest.mark.books]


@pytest.fixture
def assistant(people, client):
    """褚 neiqin, who works for yewu1 and no longer for yewu2."""
    user = desk.named("neiqin")
    with changes("command"):
        Assistance.objects.filter(assistant=user.employee).exclude(salesperson=desk.named("yewu1").employee).delete()
    client.force_login(user)
    return desk.named("neiqin")


@pytest.mark.req("DAY-10")
def test_she_enters_for_her_salesperson(assistant, client):
    """The order is yewu1's and he handles it; she made it, submits it, and it goes to his superior."""
    seller = desk.named("yewu1")
    form = quote_form(desk.customer_of(seller), owner=seller.employee_id, handler=seller.employee_id, _submit_for_approval="1")
    assert client.post(link(Order, "add"), form).status_code == 302
    order = Order.objects.get()
    assert (order.created_by, order.handler, order.owner) == (assistant, seller.employee, seller.employee)
    assert order.approval == "pending" and order.number
    client.force_login(seller)
    assert list(client.get(link(Order, "changelist"), {"view": "mine"}).context_data["cl"].result_list) == [order]


@pytest.mark.req("DAY-10")
def test_not_for_others(assistant, client):
    """The customers of yewu2 are not there for her, nor can she make yewu2 the owner of yewu1's business."""
    seller, other = desk.named("yewu1"), desk.named("yewu2")
    foreign = quote_form(desk.customer_of(other), owner=other.employee_id, handler=other.employee_id)
    answer = client.post(link(Order, "add"), foreign)
    assert answer.status_code == 200 and "customer" in answer.context_data["adminform"].form.errors
    given_away = quote_form(desk.customer_of(seller), owner=other.employee_id, handler=other.employee_id)
    assert client.post(link(Order, "add"), given_away).status_code == 200
    assert not Order.objects.exists()


@pytest.mark.req("DAY-10")
def test_the_form_takes_the_salesperson_from_the_customer(assistant, client):
    """An empty form names nobody; with the customer come his salesperson as owner and handler, and where he works."""
    seller = desk.named("yewu1")
    buyer, empty = desk.customer_of(seller), client.get(link(Order, "add")).context_data["adminform"].form.initial
    assert not {"owner", "handler", "department", "region"} & set(empty)
    asked = client.get(link(Order, "defaults"), {"customer": buyer.pk}).json()
    assert [asked[name]["key"] for name in ("owner", "handler")] == [str(seller.employee_id)] * 2
    filled = client.get(link(Order, "add"), {"customer": buyer.pk}).context_data["adminform"].form.initial
    assert (filled["owner"], filled["department"]) == (seller.employee_id, seller.employee.department_id)
    client.force_login(seller)
    assert client.get(link(Order, "add")).context_data["adminform"].form.initial["owner"] == seller.employee_id
