"""The demo company: its roles, its people, and a short year of it that leaves the books right and work in every inbox."""

import random
from collections import Counter
from datetime import date
from decimal import Decimal
from io import StringIO

import pytest
from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.core.management import CommandError, call_command

from fixtures import loader
from fixtures.story import telling
from fixtures.story.deals import draw_deals
from fixtures.story.workdays import is_working, working_days
from fixtures.tables import read_json
from flows.records import OPEN, ApprovalTask
from models.audit.models import ChangeSet
from models.base import policy
from models.base.documents import Approval
from models.base.operations import all_operations
from models.base.verification import verify
from models.customers.models import Customer
from models.finance.credit import credit_status
from models.finance.models import Receipt
from models.org.models import RoleGrant, User
from models.sales.models import Delivery, Order, OrderLine, Quote, Return
from models.stock.models import Balance, Warehouse
from tests import people as desk

STANDARD = {"view", "add", "change", "delete", "import", "export", "print"}
ROLES = read_json("org/roles.json")
GRANTS = [
    (code, kind, scope, verb)
    for code, role in ROLES.items()
    for kind, scopes in role["grants"].items()
    for scope, verbs in scopes.items()
    for verb in verbs.split()
]


class TestRoles:
    def test_every_operation_is_granted_to_somebody(self):
        granted = {(kind, verb) for _code, kind, _scope, verb in GRANTS}
        wanted = {(one.model._meta.label_lower, one.right) for one in all_operations() if not one.route_only}
        assert wanted - granted == set()

    def test_grants_name_record_types_and_their_verbs(self):
        rights = Counter((one.model._meta.label_lower, one.right) for one in all_operations())
        for code, kind, _scope, verb in GRANTS:
            assert policy.record_type(apps.get_model(kind)) == kind, "rights are asked for another record type"
            assert verb in STANDARD or (kind, verb) in rights, (code, kind, verb)

    def test_scopes_find_an_attribute_on_their_records(self):
        """A grant of "own" on a record without an owner would grant nothing."""
        needed = {"own": "owner", "subordinates": "owner", "below": "department", "department": "department"}
        needed |= {"region": "region", "company": "company"}
        for code, kind, scope, _verb in GRANTS:
            if scope != "all":
                try:
                    apps.get_model(kind)._meta.get_field(needed[scope])
                except FieldDoesNotExist:
                    pytest.fail(f"{code}: {kind} has no {needed[scope]}")

    def test_limits_name_fields(self):
        for role in ROLES.values():
            for kind, levels in role.get("limits", {}).items():
                names = {field.name for field in apps.get_model(kind)._meta.get_fields()}
                for fields in levels.values():
                    assert set(fields.split()) <= names, kind


@pytest.mark.django_db
class TestPeople:
    def test_twelve_log_in_of_fifty(self, people):
        assert User.objects.count() == 12
        assert Customer.objects.count() == 60
        assert {user.username for user in people.salespeople} == {"yewu1", "yewu2", "yewu3"}
        assert people.finance_manager == people.regional_director
        assert people.auditor.username == "auditor"

    def test_loading_again_changes_nothing(self, people):
        before = ChangeSet.objects.count(), RoleGrant.objects.count()
        loader.load_reference()
        loader.load_company()
        assert (ChangeSet.objects.count(), RoleGrant.objects.count()) == before

    def test_what_each_sees(self, people):
        def customers(user):
            return policy.scope(user, Customer).count()

        own = Customer.objects.filter(owner=people.salesperson.employee).count()
        assert customers(people.salesperson) == own
        assert customers(people.sales_assistant) == 60  # she enters for every owner
        assert customers(people.warehouse_keeper) == Customer.objects.filter(company__code="HZ").count()
        assert customers(people.purchaser) == 0
        assert customers(people.general_manager) == 60
        assert customers(desk.only("sales_supervisor")) == 0  # nobody reports to this one

    def test_cost_is_hidden_from_who_sells(self, people):
        assert not policy.may_see(people.salesperson, OrderLine, "cost")
        assert policy.may_see(people.sales_supervisor, OrderLine, "cost")
        assert not policy.may_see(people.warehouse_keeper, OrderLine, "price")

    def test_prices_by_level(self, people):
        order = desk.make_order(desk.customer("KH0002"), [(desk.product("QH0001"), 10), (desk.product("QH0001"), 10, "箱")])
        by_piece, by_carton = order.lines.all()
        assert (by_piece.price, by_carton.price) == (Decimal("0.9"), Decimal("523.8"))  # 1.20 × 75 %; × 600 × 97 % from ten cartons


class TestPlan:
    """What is drawn before the year is played."""

    def test_closed_at_the_festivals(self):
        days = working_days(date(2026, 2, 1), date(2026, 2, 28))
        assert date(2026, 2, 13) in days and date(2026, 2, 17) not in days and date(2026, 2, 25) in days
        assert not is_working(date(2026, 10, 1)) and not is_working(date(2026, 11, 21))

    @pytest.mark.django_db
    def test_the_same_seed_draws_the_same_deals(self, people):
        days, shelf, customers = working_days(date(2026, 1, 1), date(2026, 6, 30)), telling._shelf(), telling._customers()
        first, second = (draw_deals(random.Random(5), shelf, customers, days, 40) for _time in range(2))
        assert first == second and len(first) == 46

    @pytest.mark.django_db
    def test_amounts_are_those_of_the_company(self, people):
        days, shelf, customers = working_days(date(2026, 1, 1), date(2026, 12, 31)), telling._shelf(), telling._customers()
        deals = draw_deals(random.Random(7), shelf, customers, days, 1000)
        factors = {(product, unit): factor for product, units in shelf.units.items() for factor, unit in units}

        def full_price(item):
            return item.product.price * item.quantity * factors.get((item.product.pk, item.unit), 1)

        worth = sorted(sum(map(full_price, deal.items)) for deal in deals)
        assert 3500 < worth[len(worth) // 2] < 6000  # before price levels
        assert 0.03 < sum(one > 60_000 for one in worth) / len(worth) < 0.08
        assert all(4 <= len(deal.items) <= 10 for deal in deals)


@pytest.fixture
def year(people):
    telling.tell(0.25)
    return people


@pytest.mark.django_db
@pytest.mark.books
class TestYear:
    def test_the_story(self, year):
        """The books are right, and there is work in every inbox."""
        assert verify() == []
        assert Order.objects.filter(approval=Approval.APPROVED, progress=Order.Progress.DELIVERED).count() > 20
        waiting = Counter()
        for task in ApprovalTask.objects.filter(status__in=OPEN).select_related("owner", "role"):
            waiting[task.owner.username if task.owner_id else task.role.code] += 1
            assert task.created.date() <= task.process.document.changed_at.date()
        for who in ("zhuguan", "quyu", "zong", "kuaiji"):
            assert waiting[who], (who, waiting)
        assert Quote.objects.filter(approval=Approval.RETURNED).exists()
        assert Receipt.objects.filter(approval=Approval.PENDING).count() >= 3
        assert Return.objects.filter(approval=Approval.PENDING).exists()
        assert Return.objects.filter(approval=Approval.APPROVED, progress=Return.Progress.AWAITED).exists()
        assert Delivery.objects.filter(progress=Delivery.Progress.PICKED).count() >= 2
        assert Delivery.objects.filter(progress=Delivery.Progress.DRAFT).count() >= 2
        over = [one for one in Customer.objects.exclude(credit_limit=None) if credit_status(one, one.company_id).excess]
        assert len(over) >= 3
        kinds = set(ChangeSet.objects.exclude(user_id=None).values_list("kind", flat=True))
        assert {"form", "operation"} <= kinds  # every deed is somebody's


@pytest.mark.django_db
class TestCommand:
    def test_it_wants_an_empty_database(self, people):
        with pytest.raises(CommandError, match="already holds a company"):
            call_command("seed_demo")

    def test_it_makes_the_company_and_says_how_to_log_in(self):
        call_command("seed_demo", quick=True, verbosity=0)
        answer = StringIO()
        call_command("seed_demo", logins=True, stdout=answer)
        assert "demo-2026" in answer.getvalue() and len(answer.getvalue().splitlines()) == 13
        assert Warehouse.objects.count() == 6 and not Balance.objects.exists()
