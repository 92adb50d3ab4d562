"""Returns: no more comes back than was delivered, and what was taken in by mistake goes out again. Bolts are at 1.20."""

from decimal import Decimal

import pytest

from fixtures import drafts
from models.audit.changes import changes
from models.base.documents import Approval
from models.base.operations import Refusal, operations_of
from models.finance.models import Credit, CustomerBalance, Receivable
from models.org.models import Company
from models.sales.models import Return
from models.sales.operations.deliveries import return_delivery, reverse_delivery, sign_delivery
from models.sales.operations.returns import receive_return, reverse_return, submit_return
from models.stock.models import Balance
from tests import people as desk

pytestmark = [pytest.mark.django_db, pytest.mark.books]
D = Decimal


@pytest.fixture
def buyer(people):
    customer = desk.customer()
    with changes("command"):
        customer.credit_limit = None
        customer.save(update_fields=["credit_limit"])
    return customer


@pytest.fixture
def delivery(buyer):
    """30 bolts (36.00) that are out."""
    return desk.deliver(order_of(buyer))


def order_of(buyer, quantity=30):
    return desk.make_order(buyer, [drafts.Item(desk.product(), D(quantity), price=D("1.20"))])


def books(delivery):
    """(owed, ordered, outstanding, with us, on hand, stock value, returned of the delivery, of the order)."""
    line = delivery.lines.get()
    debtor = delivery.customer.debtor
    balance = CustomerBalance.objects.get(customer=debtor)
    place = Balance.objects.get(product__code="QH0001", warehouse_id=delivery.warehouse_id)
    return (
        balance.balance,
        balance.ordered,
        sum(Receivable.objects.filter(customer=debtor).values_list("outstanding", flat=True)),
        sum(Credit.objects.filter(customer=debtor).values_list("open", flat=True)),
        place.on_hand,
        place.value,
        line.returned,
        line.order_line.returned,
    )


def fresh(document):
    return type(document).objects.get(pk=document.pk)


def take_out(document, **named):
    return reverse_return(fresh(document), by=desk.named("zhuguan"), reason="counted wrong", **named)


class TestReversing:
    """10 bolts (12.00) of the delivery were taken in, which was a mistake."""

    def test_the_books_are_as_before(self, delivery):
        before = books(delivery)
        document = desk.take_back(delivery, {1: 10})
        assert books(delivery)[:4] == (D("24.00"), 0, D("24.00"), 0)
        document = take_out(document)
        assert (document.approval, document.progress) == (Approval.VOID, Return.Progress.REVERSED)
        assert books(delivery) == before
        assert desk.take_back(delivery, {1: 30}).gross == D("36.00")
        assert books(delivery)[0] == 0

    def test_it_gives_the_delivery_free_too(self, delivery):
        take_out(desk.take_back(delivery, {1: 10}))
        reverse_delivery(fresh(delivery), by=desk.named("zhuguan"), reason="wrong truck")
        assert books(delivery)[:2] == (0, D("36.00"))

    def test_the_credit_of_paid_goods_goes(self, buyer, delivery):
        desk.receive(buyer.debtor, D("36.00"), list(Receivable.objects.filter(customer=buyer.debtor)))
        before = books(delivery)
        document = desk.take_back(delivery, {1: 10})
        assert books(delivery)[:4] == (D("-12.00"), 0, 0, D("12.00"))
        take_out(document)
        assert books(delivery) == before

    @pytest.mark.parametrize("use", ["refunded", "allocated"])
    def test_a_credit_that_was_used_stays(self, buyer, delivery, use):
        from models.finance.advances import open_credits, use_credits

        desk.receive(buyer.debtor, D("36.00"), list(Receivable.objects.filter(customer=buyer.debtor)))
        document = desk.take_back(delivery, {1: 10})
        if use == "refunded":
            desk.pay_back(buyer.debtor, D("5.00"))
        else:
            other = desk.deliver(order_of(buyer, 1))
            with changes("command"):
                rows = Receivable.objects.filter(source_id=other.pk)
                use_credits(other, open_credits(buyer.debtor, buyer.company_id, "CNY"), rows, D("1.20"))
        before = books(delivery)
        with pytest.raises(Refusal) as refusal:
            take_out(document)
        assert refusal.value.code == "credit_used" and document.number in str(refusal.value)
        assert (books(delivery), fresh(document).progress) == (before, Return.Progress.RECEIVED)

    def test_of_two_returns_each_takes_back_its_own(self, delivery):
        """12.00 and 6.00 come back; without the first the customer owes 30.00, without both 36.00."""
        first, second = desk.take_back(delivery, {1: 10}), desk.take_back(delivery, {1: 5})
        assert books(delivery)[0] == D("18.00")
        take_out(first)
        assert books(delivery)[:3] == (D("30.00"), 0, D("30.00"))
        take_out(second)
        assert books(delivery)[:3] == (D("36.00"), 0, D("36.00"))

    def test_cents_of_parts_add_up_after_a_reversal(self, buyer):
        """3 bolts at 3.333333 are 10.00: 3.33, then 3.34; the first is reversed, and the last two are worth 6.66, together 10.00."""
        order = desk.make_order(buyer, [drafts.Item(desk.product(), D(3), price=D("3.333333"))])
        delivery = desk.deliver(order)
        first, second = desk.take_back(delivery, {1: 1}), desk.take_back(delivery, {1: 1})
        assert (first.gross, second.gross) == (D("3.33"), D("3.34"))
        take_out(first)
        assert desk.take_back(delivery, {1: 2}).gross == D("6.66")
        assert books(delivery)[0] == 0

    def test_before_and_after_the_signature(self, buyer):
        """What came back before the customer signed was not charged; reversed after it, it is."""
        with changes("command"):
            Company.objects.update(debt_arises=Company.ArisesAt.SIGNED)
        delivery = desk.deliver(order_of(buyer))
        early = desk.take_back(delivery, {1: 10})
        take_out(early)
        assert books(delivery)[:2] == (0, D("36.00"))
        late = desk.take_back(delivery, {1: 10})
        sign_delivery(fresh(delivery), by=desk.named("zhuguan"))
        take_out(late)
        assert books(delivery)[:3] == (D("36.00"), 0, D("36.00"))
        assert fresh(delivery).charged_gross == D("36.00")
        reverse_delivery(fresh(delivery), by=desk.named("zhuguan"), reason="wrong truck")
        assert books(delivery)[:3] == (0, D("36.00"), 0)

    def test_goods_that_left_again_cannot_be_taken_out(self, delivery):
        document = desk.take_back(delivery, {1: 10})
        desk.deliver(desk.make_order(items=[(desk.product(), books(delivery)[4])]))
        with pytest.raises(Refusal) as refusal:
            take_out(document)
        assert refusal.value.code == "stock"

    def test_who_may(self, people, delivery):
        document = desk.take_back(delivery, {1: 10})
        button = next(one for one in operations_of(Return) if one.codename == "reverse_return")
        assert button.allowed(document, people.general_manager) and button.allowed(document, people.warehouse_head)
        assert not button.allowed(document, people.warehouse_keeper) and not button.allowed(document, desk.seller_of(delivery))


class TestSubmitting:
    """Of 30 bolts no more than 30 are on their way back."""

    def draft(self, delivery, quantity):
        """A draft of one piece, changed to `quantity` on its form."""
        document = return_delivery(delivery, by=desk.named("zong"), quantities={delivery.lines.get().pk: D(1)})
        line = document.lines.get()
        with changes("form"):
            line.quantity = D(quantity)
            line.save(update_fields=["quantity"])
            document.recompute()
        return document

    def test_drafts_that_are_too_much_together(self, delivery):
        first, second = self.draft(delivery, 15), self.draft(delivery, 16)
        boss = desk.named("zong")
        submit_return(first, by=boss)
        with pytest.raises(Refusal) as refusal:
            submit_return(second, by=boss)
        assert refusal.value.code == "over_return" and "15 can still come back, 16" in str(refusal.value)
        assert (fresh(second).approval, fresh(second).number) == (Approval.DRAFT, "")

    def test_what_was_taken_in_and_what_is_approved_counts(self, delivery):
        boss = desk.named("zong")
        desk.take_back(delivery, {1: 10})
        approved = self.draft(delivery, 10)
        desk.approve(submit_return(approved, by=boss))
        with pytest.raises(Refusal):
            submit_return(self.draft(delivery, 11), by=boss)
        receive_return(fresh(approved), by=desk.named("zhuguan"))
        last = Return.objects.latest("pk")
        line = last.lines.get()
        with changes("form"):
            line.quantity = D(10)
            line.save(update_fields=["quantity"])
        submit_return(last, by=boss)
        assert fresh(last).approval in (Approval.PENDING, Approval.APPROVED)
