"""How a sent form is carried out: in one change set, once, merged with what others did meanwhile, refused in words without loss."""

import pytest
from django.contrib import admin

from models.audit.changes import changes
from models.audit.models import ChangeSet
from models.customers.models import Contact, Customer
from models.sales.models import Order, Quote
from tests.house.test_screen_rights import link, posted
from tests.people import approve, login, make_quote, named, product

pytestmark = [pytest.mark.django_db, pytest.mark.books]


@pytest.fixture
def mine(people):
    return Customer.objects.filter(owner=named("yewu1").employee).order_by("pk").first()


@pytest.fixture
def me(client, people):
    return login(client, "yewu1")


def quote_form(customer, lines=(("QH0001", "10"),), **changed):
    """What the form of a new quote would post."""
    data = {
        "customer": customer.pk,
        "date": "2026-11-25",
        "currency": "CNY",
        "rate": "1",
        "prices_include_tax": "on",
        "discount": "100",
        "allowance": "0",
        "owner": customer.owner_id,
        "company": customer.company_id,
        "lines-TOTAL_FORMS": len(lines),
        "lines-INITIAL_FORMS": 0,
    }
    for index, (code, quantity) in enumerate(lines):
        data |= {
            f"lines-{index}-product": code,
            f"lines-{index}-unit": product(code).unit.name,
            f"lines-{index}-quantity": quantity,
            f"lines-{index}-price_source": "rule",
            f"lines-{index}-discount": "100",
            f"lines-{index}-tax_rate": "13",
            f"lines-{index}-position": index + 1,
        }
    return data | changed


def hidden(response, name):
    """The value of a hidden input of the shown form."""
    return response.context_data[name]


def test_it_works(me, mine, client):
    """A new quote of two lines, priced by the server, in one change set of the person."""
    response = client.post(link(Quote, "add"), quote_form(mine, [("QH0001", "10"), ("QH0002", "5")], _token="t1"))
    quote = Quote.objects.get()
    assert response.status_code == 302 and response["Location"] == link(Quote, "change", quote.pk)
    assert quote.lines.count() == 2 and quote.gross == sum(line.gross for line in quote.lines.all()) > 0
    sets = ChangeSet.objects.filter(kind="form", user_id=me.pk)
    assert sets.count() == 1
    assert {row.changeset for row in quote.lines.first().history.all()} == {sets.get().pk}


def test_the_same_form_twice_makes_one(me, mine, client):
    data = quote_form(mine, _token="t1")
    first = client.post(link(Quote, "add"), data)
    again = client.post(link(Quote, "add"), data)
    assert Quote.objects.count() == 1 and again.status_code == 302 and again["Location"] == first["Location"]


def test_a_record_made_in_passing_is_kept(me, mine, client):
    """The small window beside a key: it saves, hands the new record over, and does so once."""
    data = posted(mine, code="NEW1", name="In passing", short_name="", _popup="1", _token="t1")
    answers = [client.post(f"{link(Customer, 'add')}?_popup=1", data) for _ in range(2)]
    new = Customer.objects.get(code="NEW1")
    for answer in answers:
        assert answer.status_code == 200 and f"&quot;{new.pk}&quot;" in answer.content.decode()


def test_a_used_token_with_other_content_loses_nothing(me, mine, client):
    """The browser's Back button brings the old token again: the form comes back with what was typed and a fresh token."""
    client.post(link(Quote, "add"), quote_form(mine, _token="t1"))
    response = client.post(link(Quote, "add"), quote_form(mine, [("QH0002", "7")], _token="t1"))
    assert response.status_code == 200 and Quote.objects.count() == 1
    assert response.context_data["adminform"].form.non_field_errors() and 'value="7"' in response.content.decode()
    assert hidden(response, "token") != "t1"
    assert client.post(link(Quote, "add"), quote_form(mine, [("QH0002", "7")], _token=hidden(response, "token"))).status_code == 302


def test_saving_and_submitting_is_one_deed(me, mine, client):
    client.post(link(Quote, "add"), quote_form(mine, _submit_for_approval="1", _token="t1"))
    quote = Quote.objects.get()
    assert quote.number and quote.approval in ("pending", "approved")


def test_a_refused_submit_saves_nothing_and_keeps_the_text(me, mine, client):
    response = client.post(link(Quote, "add"), quote_form(mine, [], remark="do not lose me", _submit_for_approval="1", _token="t1"))
    page = response.content.decode()
    assert response.status_code == 200 and "do not lose me" in page and not Quote.objects.exists()
    assert response.context_data["adminform"].form.non_field_errors()
    assert client.post(link(Quote, "add"), quote_form(mine, _submit_for_approval="1", _token="t1")).status_code == 302


def test_saving_without_a_change_writes_no_history(me, mine, client):
    page = client.get(link(Customer, "change", mine.pk))
    before, sets = mine.history.count(), ChangeSet.objects.count()
    assert client.post(link(Customer, "change", mine.pk), posted(mine, _base=hidden(page, "base"))).status_code == 302
    assert (mine.history.count(), ChangeSet.objects.count()) == (before, sets)


@pytest.fixture
def opened(me, mine, client):
    """The customer's form as it was opened, before a colleague changed city and phone."""
    form = posted(mine, _base=hidden(client.get(link(Customer, "change", mine.pk)), "base"))
    with changes("form", user=named("zhuguan")):
        colleague = Customer.objects.get(pk=mine.pk)
        colleague.city, colleague.phone = "Their city", "Their phone"
        colleague.save(update_fields=["city", "phone"])
    return form


def test_what_others_changed_stays(opened, mine, client):
    assert client.post(link(Customer, "change", mine.pk), opened | {"street": "My street"}).status_code == 302
    mine.refresh_from_db()
    assert (mine.city, mine.phone, mine.street) == ("Their city", "Their phone", "My street")


def test_the_same_field_changed_twice_is_said(opened, mine, client):
    response = client.post(link(Customer, "change", mine.pk), opened | {"city": "My city", "street": "My street"})
    errors = response.context_data["adminform"].form.errors
    assert list(errors) == ["city"] and "Their city" in errors["city"][0]
    mine.refresh_from_db()
    assert mine.city == "Their city" and mine.street != "My street"
    again = opened | {"city": "My city", "street": "My street", "phone": "Their phone", "_base": hidden(response, "base")}
    assert client.post(link(Customer, "change", mine.pk), again).status_code == 302
    mine.refresh_from_db()
    assert (mine.city, mine.phone, mine.street) == ("My city", "Their phone", "My street")


def test_rows_are_merged_too(me, mine, client):
    contact = Contact.objects.filter(customer=mine).first()
    row = {name: getattr(contact, name) for name in ("name", "job_title", "mobile", "phone", "email")}
    form = posted(mine, _base=hidden(client.get(link(Customer, "change", mine.pk)), "base"))
    form |= {"contacts-TOTAL_FORMS": 1, "contacts-INITIAL_FORMS": 1, "contacts-0-id": contact.pk, "contacts-0-customer": mine.pk}
    form |= {f"contacts-0-{name}": value for name, value in row.items()} | ({"contacts-0-is_main": "on"} if contact.is_main else {})
    with changes("form", user=named("zhuguan")):
        Contact.objects.filter(pk=contact.pk).update(mobile="139-9999-9999")
    assert client.post(link(Customer, "change", mine.pk), form | {"contacts-0-job_title": "Buyer"}).status_code == 302
    contact.refresh_from_db()
    assert (contact.mobile, contact.job_title) == ("139-9999-9999", "Buyer")


def test_lines_of_a_document_are_merged(me, mine, client):
    quote = make_quote(mine, [(product("QH0001"), 10), (product("QH0002"), 5)], by=me, submit=False)
    first, second = quote.lines.all()
    data = quote_form(mine, [("QH0001", "10"), ("QH0002", "5")], _base=hidden(client.get(link(Quote, "change", quote.pk)), "base"))
    data |= {"lines-INITIAL_FORMS": 2}
    for index, line in enumerate((first, second)):
        stored = {"id": line.pk, "quote": quote.pk, "price": line.price, "price_source": line.price_source}
        data |= {f"lines-{index}-{name}": value for name, value in stored.items()}
    with changes("form", user=named("zhuguan")):
        type(first).objects.filter(pk=first.pk).update(quantity=99)
    assert client.post(link(Quote, "change", quote.pk), data | {"lines-1-quantity": "7"}).status_code == 302
    assert [line.quantity for line in quote.lines.all()] == [99, 7]
    again = data | {"lines-0-quantity": "11", "lines-1-quantity": "7"}
    response = client.post(link(Quote, "change", quote.pk), again)
    assert response.status_code == 200 and "99" in str(response.context_data["inline_admin_formsets"][0].formset.errors)


def test_after_an_error_the_form_can_still_be_edited(me, mine, client):
    """The record in hand carries what was typed; whether it may be edited was decided on the stored one."""
    foreign = Customer.objects.filter(owner=named("yewu2").employee).first()
    response = client.post(link(Customer, "change", mine.pk), posted(mine, owner=foreign.owner_id, city="Ningbo"))
    page = response.content.decode()
    assert 'name="city" value="Ningbo"' in page and 'name="_save"' in page


def test_a_locked_document_is_not_written(me, mine, client):
    quote = approve(make_quote(mine, by=me))
    quote.refresh_from_db()
    data = quote_form(mine, [], allowance="1", remark="after all")
    assert client.post(link(Quote, "change", quote.pk), data).status_code == 403
    assert client.post(f"{link(Quote, 'change', quote.pk)}?edit=1", data).status_code == 302
    quote.refresh_from_db()
    assert (quote.allowance, quote.remark) == (0, "after all")


def test_an_operation_is_done_once_and_leads_to_its_result(me, mine, client):
    quote = approve(make_quote(mine, by=me))
    address = link(Quote, "do", quote.pk, "order_quote")
    first = client.post(address, {"_token": "t1"})
    again = client.post(address, {"_token": "t1"})
    order = Order.objects.get()
    assert first["Location"] == again["Location"] == link(Order, "change", order.pk)
    refused = client.post(address, {"_token": "t2"})
    assert refused.status_code == 200 and refused.context_data["error"] and Order.objects.count() == 1


def test_an_operation_asks_for_its_reason_and_keeps_it(people, mine, client):
    order_of = make_quote(mine)
    quote = approve(order_of)
    login(client, "zong")
    address = link(Quote, "do", quote.pk, "void_quote")
    assert client.get(address).status_code == 200
    assert client.post(address, {"_token": "t1", "reason": " "}).context_data["error"]
    assert client.post(address, {"_token": "t1", "reason": "Wrong customer"}).status_code == 302
    quote.refresh_from_db()
    assert quote.approval == "void"
    assert ChangeSet.objects.filter(kind="operation", reason="void_quote: Wrong customer").exists()
    assert "Wrong customer" in client.get(link(Quote, "history", quote.pk)).content.decode()


def test_a_copy_is_a_draft_of_its_own(me, mine, client):
    quote = approve(make_quote(mine, by=me))
    client.post(link(Quote, "copy", quote.pk), {"_token": "t1"})
    client.post(link(Quote, "copy", quote.pk), {"_token": "t1"})
    copy = Quote.objects.exclude(pk=quote.pk).get()
    assert (copy.approval, copy.number, copy.gross) == ("draft", "", quote.gross)


def test_buttons_are_those_that_will_not_refuse(people, mine, client):
    quote = approve(make_quote(mine))
    screen = admin.site._registry[Quote]
    page = client.get if login(client, "yewu1") else None
    keys = [button.key for button in page(link(Quote, "change", quote.pk)).context_data["buttons"]]
    assert "order_quote" in keys and "approve_quote" not in keys and "submit_quote" not in keys
    login(client, "cangguan")
    assert client.get(link(Quote, "change", quote.pk)).status_code in (403, 404)
    assert screen.offered()


@pytest.mark.req("ORG-24", "ADM-14")
def test_a_person_changes_password_and_language(me, client):
    """Neither is a tracked change of anything but the language; both hold at once."""
    with changes("command"):
        me.set_password("old-secret-1")
        me.save()
    client.force_login(me)
    data = {"old_password": "old-secret-1", "new_password1": "quite another 7", "new_password2": "quite another 7"}
    assert client.get("/password_change/").status_code == 200
    assert client.post("/password_change/", data).status_code == 302
    me.refresh_from_db()
    assert me.check_password("quite another 7")
    assert client.post("/language/", {"language": "zh-hant", "next": "https://elsewhere.example/"})["Location"] == "/"
    me.refresh_from_db()
    assert me.language == "zh-hant" and 'lang="zh-hant"' in client.get("/").content.decode()


def test_an_administrator_makes_a_login(people, client):
    from models.org.models import User

    login(client, "administrator")
    data = {"username": "fresh", "is_active": "on", "language": "", "employee": "", "_token": "t1"}
    assert client.post(link(User, "add"), data).context_data["adminform"].form.errors.keys() == {"new_password"}
    assert client.post(link(User, "add"), data | {"new_password": "quite another 7"}).status_code == 302
    assert User.objects.get(username="fresh").check_password("quite another 7")


@pytest.mark.req("ORG-13", "ORG-24")
def test_an_administrator_allots_a_login_and_resets_its_password(people, client):
    """One log-in an employee: the second is refused. The new password is the one that opens."""
    from models.org.models import Employee, User

    login(client, "administrator")
    without = Employee.objects.filter(user=None).order_by("code")
    assert without.exists(), "most people here have no log-in"
    chosen = without.first()
    data = {"is_active": "on", "language": "", "employee": chosen.pk, "new_password": "quite another 7"}
    assert client.post(link(User, "add"), data | {"username": "first", "_token": "t1"}).status_code == 302
    first = User.objects.get(username="first")
    assert first.employee == chosen
    second = client.post(link(User, "add"), data | {"username": "second", "_token": "t2"})
    assert "employee" in second.context_data["adminform"].form.errors and not User.objects.filter(username="second").exists()
    data |= {"username": "first", "new_password": "another again 8", "_token": "t3"}
    assert client.post(link(User, "change", first.pk), data).status_code == 302
    client.logout()
    assert not client.login(username="first", password="quite another 7")
    assert client.login(username="first", password="another again 8")
