"""Boards: every number equals the list it leads to, within what each role may see; nobody sees a chart without the right."""

import csv
import json
from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.urls import reverse

from dashboards.boards import BOARDS, CHARTS
from dashboards.periods import period_of
from dashboards.selection import Selection
from fixtures.drafts import Item
from models.audit.changes import changes
from models.base.documents import business_today
from models.base.money import money
from models.finance.models import Receivable
from models.org.models import Company, Currency, FieldLimit, Role
from models.sales import folding
from models.sales.models import Opportunity, Stage
from tests import people as desk

pytestmark = [pytest.mark.django_db, pytest.mark.books]
D = Decimal
SEEING = ("general_manager", "regional_director", "salesperson", "accountant", "warehouse_keeper")


@pytest.fixture
def business(people):
    """Orders of all salespeople this year and last, deliveries, debts of all ages, a receipt, opportunities, open decisions."""
    today = business_today()
    buyers = [desk.customer_of(user, "YJ60") or desk.customer_of(user) for user in people.salespeople]
    for number, (buyer, days) in enumerate(zip(buyers * 3, (1, 40, 70, 130, 200, 300, 400, 500, 35), strict=True)):
        items = [Item(desk.product("QH0001"), D(100 + number), price=D("1.25")), Item(desk.product("QH0005"), D(3), price=D("99.90"))]
        order = desk.make_order(buyer, items, date=today - timedelta(days=days))
        if number % 3:
            desk.deliver(order, date=today - timedelta(days=days - 1))
        if number == 4:
            folding.fold_all()
    paid = Receivable.objects.filter(outstanding__gt=0).order_by("due_on").first()
    desk.receive(paid.customer, paid.outstanding, [paid])
    desk.make_order(buyers[0], [Item(desk.product("QH0001"), D(90000), price=D("1.25"))], approved=False)
    with changes("form"):
        for number, stage in enumerate(Stage.objects.exclude(outcome="lost")):
            for buyer in buyers:
                Opportunity(
                    name=f"Deal {number}",
                    customer=buyer,
                    stage=stage,
                    amount=D(1000 * (number + 1)) + D("0.55"),
                    company=buyer.company,
                    owner=buyer.owner,
                    department=buyer.department,
                    region=buyer.region,
                ).save()


def chart(client, key, **query):
    """The chart's numbers as a person's browser gets them."""
    return client.get(reverse("admin:board_data", args=[key]), query)


def total_behind(client, link, field):
    """What the list behind a link adds up to (records where the field is ""), in the company's currency."""
    page = client.get(link)
    assert page.status_code == 200, (link, page.status_code, page.get("Location"))
    rows = page.context["cl"].queryset
    if not field:
        return D(rows.count())
    has_rate = any(one.name == "rate" for one in rows.model._meta.fields)
    values = rows.values_list(field, "rate") if has_rate else ((value, 1) for value in rows.values_list(field, flat=True))
    return sum((money(value * rate) for value, rate in values), D(0))


@pytest.mark.parametrize("period", ["year", "last_year", "month"])
def test_every_bar_equals_the_list_behind_it(client, business, period):
    for role in SEEING:
        user, drawn = desk.login(client, role), 0
        for key, kind in CHARTS.items():
            if not kind.may_see(user) or (period != "year" and not kind.has_period):
                continue
            answer = json.loads(chart(client, key, period=period).content)
            for series, field in zip(answer["datasets"], kind.adds_up, strict=True):
                for label, value, link in zip(answer["labels"], series["data"], series["links"], strict=True):
                    if field is not None:
                        assert total_behind(client, link, field) == money(D(str(value))), (role, key, label, link)
                        drawn += bool(value)
        assert drawn or role == "warehouse_keeper", role


def test_every_tile_equals_the_list_behind_it(client, business):
    for role in SEEING:
        user = desk.login(client, role)
        for board in BOARDS:
            for tile in (kind(Selection(user, period_of("year"))) for kind in board.tiles if kind.may_see(user)):
                shown = tile.shown()
                assert total_behind(client, shown["link"], tile.adds_up[0]) == money(D(shown["value"])), (role, shown)


def test_scopes_divide_the_whole(client, business):
    user = desk.login(client, "general_manager")
    selection = Selection(user, period_of("year"))
    companies = [scope.code for scope in selection.scopes if scope.code.startswith("company-")]
    assert len(companies) > 1

    def sold(scope):
        rows = json.loads(chart(client, "salesbymonth", scope=scope).content)
        return sum(D(str(value)) for value in rows["datasets"][0]["data"])

    assert sold("all") == sum(sold(scope) for scope in companies) > 0
    for scope in companies:
        for key in ("salesbymonth", "topproducts", "receivablesbyage", "funnel", "stockbywarehouse", "waitingbyage"):
            answer = json.loads(chart(client, key, scope=scope).content)
            for label, value, link in zip(answer["labels"], answer["datasets"][0]["data"], answer["datasets"][0]["links"], strict=True):
                assert total_behind(client, link, CHARTS[key].adds_up[0]) == money(D(str(value))), (scope, label, link)


def test_amounts_of_different_currencies_are_never_added(client, business):
    """A branch that keeps its books in dollars: a scope of its own instead of a sum of apples and pears."""
    branch = desk.named("yewu3").employee.company
    with changes("command"):
        Currency.objects.get_or_create(code="USD", defaults={"name": "US dollar"})
        Company.objects.filter(pk=branch.pk).update(currency="USD")
    user = desk.login(client, "general_manager")
    selection = Selection(user, period_of("year"))
    assert [(one.code, one.currency) for one in selection.scopes if one.code.startswith("all")] == [("all-CNY", "CNY"), ("all-USD", "USD")]
    whole, dollars = (
        json.loads(chart(client, "salesbymonth", **scope).content)["datasets"][0]["data"] for scope in ({}, {"scope": "all-USD"})
    )
    branch_only = json.loads(chart(client, "salesbymonth", scope=f"company-{branch.pk}").content)["datasets"][0]["data"]
    assert dollars == branch_only and sum(dollars) and sum(whole)
    for scope in ({}, {"scope": "all-USD"}):
        answer = json.loads(chart(client, "topcustomers", **scope).content)
        for value, link in zip(answer["datasets"][0]["data"], answer["datasets"][0]["links"], strict=True):
            assert total_behind(client, link, "gross") == money(D(str(value)))
    assert "USD" in client.get(reverse("admin:boards"), {"scope": "all-USD"}).content.decode()


def test_two_people_see_two_sums(client, business, people):
    """One after the other, in one process: nothing of the first is left for the second."""
    sums = []
    for user in people.salespeople:
        client.force_login(user)
        rows = json.loads(chart(client, "salesbymonth").content)
        sums.append(sum(D(str(value)) for value in rows["datasets"][0]["data"]))
    desk.login(client, "general_manager")
    rows = json.loads(chart(client, "salesbymonth").content)
    assert all(sums) and sum(sums) == sum(D(str(value)) for value in rows["datasets"][0]["data"])


def test_no_right_no_chart(client, business):
    nobody = desk.only("nothing", username="nobody") if Role.objects.filter(code="nothing").exists() else _nobody()
    client.force_login(nobody)
    for key in CHARTS:
        assert chart(client, key).status_code == 404
    assert client.get(reverse("admin:boards")).status_code == 404
    assert client.get(reverse("admin:index")).status_code == 200


def _nobody():
    with changes("command"):
        Role.objects.create(code="nothing", name="Nothing")
    return desk.only("nothing", username="nobody")


def test_a_hidden_amount_hides_its_charts(client, business):
    """A role that may see orders but not their totals gets no chart of totals."""
    with changes("command"):
        for code in ("warehouse_keeper",):
            role = Role.objects.get(code=code)
            FieldLimit.objects.get_or_create(role=role, record_type="sales.order", field="gross", defaults={"level": FieldLimit.Level.HIDE})
    user = desk.login(client, "warehouse_keeper")
    assert not CHARTS["salesbymonth"].may_see(user)
    assert chart(client, "salesbymonth").status_code == 404


def test_a_visitor_is_asked_to_log_in(client, db):
    for address in (reverse("admin:boards"), reverse("admin:board_data", args=["salesbymonth"]), reverse("admin:workbench")):
        assert client.get(address).status_code == 302


@pytest.mark.parametrize(
    "query", [{"period": "own", "from": "2026-99", "to": "x"}, {"period": "?"}, {"scope": "company-0"}, {"period": "own"}]
)
def test_nonsense_in_the_address_is_the_default(client, business, query):
    desk.login(client, "general_manager")
    assert client.get(reverse("admin:boards"), query).status_code == 200
    assert chart(client, "salesbymonth", **query).status_code == 200


def test_the_file_for_a_spreadsheet(client, business):
    desk.login(client, "general_manager")
    response = chart(client, "topcustomers", format="csv")
    text = response.content.decode("utf-8")
    assert text.count("\ufeff") == 1 and text.startswith("\ufeff")
    rows = list(csv.reader(StringIO(text[1:])))
    answer = json.loads(chart(client, "topcustomers").content)
    assert [row[0] for row in rows[1:]] == answer["labels"]
    assert [D(row[1]) for row in rows[1:]] == [D(str(value)) for value in answer["datasets"][0]["data"]]


def test_the_answer_carries_numbers_and_nothing_of_the_server(client, business):
    desk.login(client, "general_manager")
    response = chart(client, "salesbymonth")
    answer = json.loads(response.content)
    assert set(answer) == {"title", "kind", "isMoney", "unit", "note", "empty", "asOf", "labels", "datasets"}
    assert all(isinstance(value, int | float) for series in answer["datasets"] for value in series["data"])
    assert "no-store" in response["Cache-Control"]


@pytest.mark.parametrize("language", ["en", "zh-hans", "zh-hant"])
def test_every_board_opens_for_those_it_is_offered_to(client, business, language):
    client.cookies["language"] = language
    for role in SEEING:
        user = desk.login(client, role)
        for board in BOARDS:
            expected = 200 if board.charts_for(user) else 404
            assert client.get(reverse("admin:board", args=[board.code])).status_code == expected
        assert client.get(reverse("admin:index")).status_code == 200


def test_an_empty_company_says_so(client, people):
    desk.login(client, "general_manager")
    answer = json.loads(chart(client, "salesbymonth").content)
    assert answer["empty"]
