"""Documents that have a number and are not in force are voided, whatever state they stopped in; nothing is posted by that.

And what the lock of approval covers beyond the amounts.
"""

from datetime import timedelta
from decimal import Decimal

import pytest

from flows.models import ApprovalChain, ChainApprover, ChainLevel
from flows.route import decide, open_process, waiting_tasks
from models.audit.changes import changes
from models.base.documents import Approval, business_today
from models.base.guards import LockedDocument
from models.base.operations import Refusal, find_operation
from models.finance.models import CashEntry, CustomerBalance, CustomerEntry
from models.org.models import Role
from models.sales.models import Quote, SalesFigure
from models.sales.operations.deliveries import return_delivery, returnable
from models.sales.operations.quotes import order_quote
from models.sales.operations.returns import submit_return
from models.stock.models import Movement, Warehouse
from tests import people as desk

pytestmark = [pytest.mark.django_db, pytest.mark.books]
D = Decimal
LEDGERS = (CashEntry, CustomerEntry, Movement, SalesFigure)


@pytest.fixture
def boss(people):
    """The general manager; the finance manager is asked about every document first."""
    role = Role.objects.get(code="finance_manager")
    with changes("command"):
        ApprovalChain.objects.update(is_active=False)
        for kind in ("quote", "order", "return", "receipt", "refund"):
            chain = ApprovalChain.objects.create(code=f"all-{kind}", document=kind, labels={"en": "All"}, fallback_role=role)
            row = ChainLevel.objects.create(chain=chain, position=1, labels={"en": "Finance"})
            ChainApprover.objects.create(level=row, position=1, kind="role", role=role)
    return desk.named("zong")


def _return():
    delivery = desk.deliver(desk.make_order())
    document = return_delivery(delivery, by=desk.named("zong"))
    return submit_return(document, by=desk.named("zong"))


def _order():
    """Of a quote, which it holds."""
    quote = desk.approve(desk.make_quote())
    order = order_quote(quote, by=desk.named("zong"))
    return find_operation(type(order), "submit_order")(order, by=desk.named("zong"))


MAKERS = {
    "quote": desk.make_quote,
    "order": _order,
    "return": _return,
    "receipt": lambda: desk.receive(desk.customer().debtor, "12.00", approved=False),
    "refund": lambda: _refund(),
}


def _refund():
    desk.receive(desk.customer().debtor, "12.00")
    return desk.pay_back(desk.customer().debtor, "5.00", approved=False)


def _stop(document, how, boss):
    """Bring a pending document into a state in which nothing goes on."""
    name = document.DOCUMENT_CODE
    if how == "withdrawn":
        find_operation(type(document), f"withdraw_{name}")(document, by=desk.named("guanli"), reason="wrong")
    elif how in ("rejected", "returned"):
        task = waiting_tasks(open_process(document)).get()
        decide(task, desk.named("quyu"), "reject" if how == "rejected" else "return", comment="no")
    document.refresh_from_db()
    assert document.approval == how and document.number
    return document


@pytest.mark.parametrize("how", ["withdrawn", "rejected", "returned"])
@pytest.mark.parametrize("name", list(MAKERS))
def test_a_document_that_stopped_can_be_voided(boss, name, how):
    """Every ledger is as before, the route is over, and voiding it again is refused."""
    document = _stop(MAKERS[name](), how, boss)
    void = find_operation(type(document), f"void_{name}")
    before = [ledger.objects.count() for ledger in LEDGERS], list(CustomerBalance.objects.values_list("pk", "balance", "ordered"))
    void(document, by=boss, reason="given up")
    document.refresh_from_db()
    assert document.approval == Approval.VOID and open_process(document) is None
    assert before == ([ledger.objects.count() for ledger in LEDGERS], list(CustomerBalance.objects.values_list("pk", "balance", "ordered")))
    with pytest.raises(Refusal):
        void(document, by=boss, reason="again")
    if name == "return":
        assert [quantity for _row, quantity in returnable(document.delivery)] == [D(10)]
    if name == "order":
        assert document.quote.progress == Quote.Progress.ACCEPTED


def test_a_draft_without_a_number_is_deleted_instead(boss):
    """Voiding is for what has a number; one that was un-verified has one."""
    draft = desk.make_quote(submit=False)
    void = find_operation(Quote, "void_quote")
    with pytest.raises(Refusal, match="deleted, not voided"):
        void(draft, by=boss, reason="given up")
    quote = desk.approve(desk.make_quote())
    find_operation(Quote, "unverify_quote")(quote, by=boss, reason="wrong")
    assert (quote.approval, bool(quote.number)) == (Approval.DRAFT, True)
    void(quote, by=boss, reason="given up")
    assert quote.approval == Approval.VOID


def test_terms_are_locked_with_the_amounts(boss):
    """How long a quote holds, how goods are delivered, where a return goes: approved, nobody changes them."""
    quote = desk.approve(desk.make_quote())
    back = desk.approve(_return())
    other = Warehouse.objects.exclude(pk=back.warehouse_id).first()
    for document, name, value in (
        (quote, "valid_until", business_today() + timedelta(days=400)),
        (quote, "delivery_terms", "at our cost"),
        (back, "warehouse", other),
    ):
        with pytest.raises(LockedDocument), changes("form"):
            setattr(document, name, value)
            document.save(update_fields=[name])
        document.refresh_from_db()
