"""Who owes what, whatever is set otherwise later: an order keeps the terms it was submitted with. Bolts are at 1.20."""

from decimal import Decimal

import pytest

from fixtures import drafts
from fixtures.opening import open_stock
from models.audit.changes import changes
from models.base.documents import Approval, business_today
from models.base.guards import LockedDocument
from models.base.operations import Refusal
from models.base.verification import verify
from models.customers.models import Customer
from models.finance.models import Credit, CustomerBalance, CustomerEntry, Receivable
from models.org.models import Company
from models.sales.models import Delivery, Order
from models.sales.operations.deliveries import dispatch_delivery, reverse_delivery, sign_delivery
from models.sales.operations.orders import close_order, deliver_order, deliverable_together, submit_order, unverify_order, void_order
from models.sales.operations.returns import reverse_return
from models.stock.models import Balance, Movement, Warehouse
from tests import people as desk

pytestmark = [pytest.mark.django_db, pytest.mark.books]
D = Decimal
ORDER, DISPATCH, SIGNED = Company.ArisesAt.ORDER, Company.ArisesAt.DISPATCH, Company.ArisesAt.SIGNED


@pytest.fixture
def buyer(people):
    """KH0002 without a limit."""
    customer = desk.customer()
    with changes("command"):
        customer.credit_limit = None
        customer.save(update_fields=["credit_limit"])
    return customer


def debts_arise(at):
    with changes("command"):
        Company.objects.update(debt_arises=at)


def order_of(quantity, price="1.20", **values):
    """An approved order of bolts; the company is read anew."""
    return desk.make_order(desk.customer(), [drafts.Item(desk.product(), D(quantity), price=D(price))], **values)


def standing(customer):
    """(owed, ordered and not charged) in the customer's own name."""
    row = CustomerBalance.objects.filter(customer=customer).first()
    return (row.balance, row.ordered) if row else (D(0), D(0))


def fresh(document):
    return type(document).objects.get(pk=document.pk)


class TestWhereDebtsArise:
    """12.00 are ordered, delivered and owed once, whatever the company decides meanwhile."""

    @pytest.mark.parametrize("before", [ORDER, DISPATCH, SIGNED])
    @pytest.mark.parametrize("after", [ORDER, DISPATCH, SIGNED])
    def test_an_order_keeps_what_held_when_it_was_submitted(self, buyer, before, after):
        debts_arise(before)
        order = order_of(10)
        assert order.debt_arises == before
        debts_arise(after)
        order = fresh(order)
        assert standing(buyer) == ((D("12.00"), 0) if before == ORDER else (0, D("12.00")))
        delivery = desk.deliver(order)
        assert standing(buyer) == ((0, D("12.00")) if before == SIGNED else (D("12.00"), 0))
        sign_delivery(delivery, by=desk.named("zhuguan"))
        assert standing(buyer) == (D("12.00"), 0)
        desk.take_back(fresh(delivery), {1: 5})
        assert standing(buyer) == (D("6.00"), 0)

    def test_one_in_approval_keeps_it_too_and_a_new_submit_takes_the_new_one(self, buyer):
        order = order_of(10, approved=False)
        debts_arise(ORDER)
        desk.approve(order)
        assert (fresh(order).debt_arises, standing(buyer)) == (DISPATCH, (0, D("12.00")))
        boss = desk.named("zong")
        order = unverify_order(fresh(order), by=boss, reason="again")
        submit_order(order, by=boss)
        desk.approve(order)
        assert (fresh(order).debt_arises, standing(buyer)) == (ORDER, (D("12.00"), 0))

    def test_nobody_writes_it_later(self, buyer):
        order = order_of(10)
        for name, value in (("debt_arises", ORDER), ("debtor", None)):
            with pytest.raises(LockedDocument), changes("form"):
                setattr(order, name, value)
                order.save(update_fields=[name])
            order = fresh(order)

    def test_orders_of_both_kinds_are_not_on_one_slip(self, buyer):
        first = order_of(10)
        debts_arise(ORDER)
        second = order_of(10)
        assert not deliverable_together(first).exists() and not deliverable_together(second).exists()


@pytest.mark.req("DAY-09")
class TestWhoOwes:
    def test_a_customer_that_settles_elsewhere_later(self, buyer):
        """10 bolts (12.00) are ordered and 4 (4.80) delivered while KH0002 pays itself; what follows goes to it as well."""
        order = order_of(10)
        delivery = desk.deliver(order, {1: 4})
        other = Customer.objects.filter(company=buyer.company, settlement_customer=None).exclude(pk=buyer.pk).first()
        with changes("command"):
            buyer.settlement_customer = other
            buyer.save(update_fields=["settlement_customer"])
        rest = desk.deliver(fresh(order))
        assert (standing(buyer), standing(other)) == ((D("12.00"), 0), (0, 0))
        desk.take_back(fresh(delivery), {1: 4})
        reverse_delivery(rest, by=desk.named("zhuguan"), reason="wrong truck")
        assert (standing(buyer), standing(other)) == ((0, D("7.20")), (0, 0))
        close_order(fresh(order), by=desk.named("zong"), reason="enough")
        assert (standing(buyer), standing(other)) == ((0, 0), (0, 0))
        assert order_of(1).debtor == other
        assert standing(other) == (0, D("1.20"))

    def test_taking_back_and_signing_name_the_same_one(self, buyer):
        debts_arise(SIGNED)
        first, second = order_of(10), order_of(20)
        delivery = desk.deliver(first)
        other = Customer.objects.filter(company=buyer.company, settlement_customer=None).exclude(pk=buyer.pk).first()
        with changes("command"):
            buyer.settlement_customer = other
            buyer.save(update_fields=["settlement_customer"])
        sign_delivery(fresh(delivery), by=desk.named("zhuguan"))
        void_order(fresh(second), by=desk.named("zong"), reason="late")
        assert (standing(buyer), standing(other)) == ((D("12.00"), 0), (0, 0))


class TestBeforeTheSignature:
    """30 bolts (36.00) are out, nobody has signed; 10 (12.00) come back."""

    @pytest.fixture
    def delivery(self, buyer):
        debts_arise(SIGNED)
        delivery = desk.deliver(order_of(30))
        desk.take_back(delivery, {1: 10})
        return fresh(delivery)

    def test_what_came_back_is_never_charged(self, buyer, delivery):
        assert standing(buyer) == (0, D("24.00"))
        delivery = sign_delivery(delivery, by=desk.named("zhuguan"))
        assert (standing(buyer), delivery.charged_gross) == ((D("24.00"), 0), D("24.00"))
        assert [(r.amount, r.outstanding) for r in Receivable.objects.filter(customer=buyer.debtor)] == [(D("24.00"), D("24.00"))]
        desk.take_back(fresh(delivery), {1: 20})
        assert standing(buyer) == (0, 0)

    def test_a_delivery_that_came_back_whole_charges_nothing(self, buyer, delivery):
        desk.take_back(delivery, {1: 20})
        sign_delivery(fresh(delivery), by=desk.named("zhuguan"))
        assert standing(buyer) == (0, 0)
        assert not Receivable.objects.filter(customer=buyer.debtor).exists()

    def test_a_closed_order_still_counts_what_is_not_signed(self, buyer):
        """Of 100 bolts (120.00) 40 (48.00) are out: closing takes 72.00 off, the signature charges 48.00; or the truck comes back."""
        debts_arise(SIGNED)
        order = order_of(100)
        delivery = desk.deliver(order, {1: 40})
        close_order(fresh(order), by=desk.named("zong"), reason="enough")
        assert standing(buyer) == (0, D("48.00"))
        reverse_delivery(fresh(delivery), by=desk.named("zhuguan"), reason="nobody there")
        assert standing(buyer) == (0, 0)
        second = order_of(100)
        delivery = desk.deliver(second, {1: 40})
        close_order(fresh(second), by=desk.named("zong"), reason="enough")
        sign_delivery(fresh(delivery), by=desk.named("zhuguan"))
        assert standing(buyer) == (D("48.00"), 0)


class TestTakingBack:
    def test_a_closed_order_is_taken_back_as_if_never_closed(self, buyer):
        order, boss = order_of(10), desk.named("zong")
        close_order(order, by=boss, reason="not wanted")
        order = unverify_order(fresh(order), by=boss, reason="wanted after all")
        assert (order.approval, order.progress, order.shipped_on) == (Approval.DRAFT, Order.Progress.NOT_DELIVERED, None)
        assert standing(buyer) == (0, 0)
        submit_order(order, by=boss)
        desk.approve(order)
        assert (standing(buyer), order.lines.get().reserved) == ((0, D("12.00")), 10)
        desk.deliver(fresh(order))
        assert standing(buyer) == (D("12.00"), 0)

    def test_with_its_last_delivery_the_shipping_day_goes(self, buyer):
        order = order_of(10)
        delivery = desk.deliver(order)
        reverse_delivery(delivery, by=desk.named("zhuguan"), reason="wrong truck")
        assert (fresh(order).progress, fresh(order).shipped_on) == (Order.Progress.NOT_DELIVERED, None)

    def test_closed_and_charged_for_all(self, buyer):
        """Debt at the order: closing took 12.00 off; taking the order back finds nothing left to take off."""
        debts_arise(ORDER)
        order, boss = order_of(10), desk.named("zong")
        close_order(order, by=boss, reason="not wanted")
        assert standing(buyer) == (0, 0)
        order = unverify_order(fresh(order), by=boss, reason="wanted after all")
        submit_order(order, by=boss)
        desk.approve(order)
        assert standing(buyer) == (D("12.00"), 0)


class TestClosingWhatWasChargedAtTheOrder:
    """10 bolts (12.00) are owed since the order was approved; 3 (3.60) leave; 7 (8.40) never will."""

    @pytest.fixture
    def order(self, buyer):
        debts_arise(ORDER)
        return order_of(10)

    def test_what_is_not_delivered_is_not_owed(self, buyer, order):
        desk.deliver(order, {1: 3})
        close_order(fresh(order), by=desk.named("zong"), reason="enough")
        assert standing(buyer) == (D("3.60"), 0)
        receivable = Receivable.objects.get(customer=buyer.debtor)
        assert (receivable.returned, receivable.outstanding) == (D("8.40"), D("3.60"))
        assert not Credit.objects.filter(customer=buyer.debtor).exists()

    @pytest.mark.req("FIN-16")
    def test_what_was_paid_for_it_is_a_credit(self, buyer, order):
        """10.00 were paid: 2.00 are taken off what is outstanding, 6.40 stand for the customer and can be paid back."""
        desk.receive(buyer.debtor, D("10.00"), [(Receivable.objects.get(customer=buyer.debtor), D("10.00"))])
        desk.deliver(order, {1: 3})
        close_order(fresh(order), by=desk.named("zong"), reason="enough")
        assert standing(buyer) == (D("-6.40"), 0)
        credit = Credit.objects.get(customer=buyer.debtor, open__gt=0)
        assert (credit.open, credit.source_number) == (D("6.40"), order.number)
        desk.pay_back(buyer.debtor, D("6.40"))
        assert standing(buyer) == (0, 0)
        with pytest.raises(Refusal):
            void_order(fresh(order), by=desk.named("zong"), reason="too late")

    def test_a_delivery_reversed_after_it_is_not_owed_either(self, buyer, order):
        delivery = desk.deliver(order, {1: 3})
        close_order(fresh(order), by=desk.named("zong"), reason="enough")
        reverse_delivery(delivery, by=desk.named("zhuguan"), reason="wrong truck")
        assert (standing(buyer), fresh(order).progress) == ((0, 0), Order.Progress.CLOSED)

    def test_a_return_of_one_order_lowers_no_other(self, buyer, order):
        """10 and 20 bolts on one slip; the 20 come back: the first order is owed as before."""
        second = order_of(20)
        delivery = deliver_order(order, by=desk.seller_of(order), others=[second])
        dispatch_delivery(delivery, by=desk.named("zhuguan"))
        desk.take_back(fresh(delivery), {2: 20})
        assert {(r.origin_number, r.outstanding) for r in Receivable.objects.filter(customer=buyer.debtor)} == {
            (order.number, D("12.00")),
            (second.number, 0),
        }


class TestValueOfWhatComesBack:
    """30,000 bolts lie there for 10,000.00 and all go out: what comes back is worth 10,000.00 again, not 30,000 × 0.333333 = 9,999.99."""

    @pytest.fixture
    def shelf(self, buyer):
        """10,000 bolts at 0.33 and 20,000 at 0.335 in a warehouse of their own."""
        place = Warehouse.objects.filter(company=buyer.company, kind=Warehouse.Kind.NORMAL).order_by("-code").first()
        product = desk.product()
        for quantity, cost in ((10_000, "0.33"), (20_000, "0.335")):
            with changes("command"):
                product.cost = D(cost)
                product.save(update_fields=["cost"])
            open_stock(place, {product: quantity}, on=business_today(), by=desk.named("zhuguan"))
        return place

    def lies_there(self, shelf):
        row = Balance.objects.get(product__code="QH0001", warehouse=shelf)
        return row.on_hand, row.value

    @pytest.fixture
    def delivery(self, shelf):
        assert self.lies_there(shelf) == (30_000, D("10000.00"))
        delivery = desk.deliver(order_of(30_000, warehouse=shelf, stocked=False))
        assert self.lies_there(shelf) == (0, 0)
        return fresh(delivery)

    def test_a_reversed_delivery(self, shelf, delivery):
        reverse_delivery(delivery, by=desk.named("zhuguan"), reason="wrong truck")
        assert self.lies_there(shelf) == (30_000, D("10000.00"))

    @pytest.mark.req("SHP-06")
    def test_returns_in_three_parts(self, shelf, delivery):
        """3,333.33, then 3,333.34, then 3,333.33."""
        for value in ("3333.33", "6666.67", "10000.00"):
            desk.take_back(fresh(delivery), {1: 10_000})
            assert self.lies_there(shelf)[1] == D(value)

    def test_a_reversed_return_takes_its_own_value_out_again(self, shelf, delivery):
        first, _second = (desk.take_back(fresh(delivery), {1: 10_000}) for _ in range(2))
        reverse_return(fresh(first), by=desk.named("zhuguan"), reason="counted wrong")
        assert self.lies_there(shelf) == (10_000, D("3333.34"))
        desk.take_back(fresh(delivery), {1: 20_000})
        assert self.lies_there(shelf) == (30_000, D("10000.00"))


@pytest.mark.damages_books
class TestWhatVerifyingFinds:
    """Each check names the document when the mistakes above are made behind the operations' back."""

    def found(self, check):
        return {one.document for one in verify([check])}

    def test_a_debt_charged_to_another(self, buyer):
        delivery = desk.deliver(order_of(10))
        assert not self.found("debts_are_booked")
        order = fresh(delivery.order)
        with changes("command"):
            CustomerEntry.objects.create(
                kind="charge",
                customer=buyer,
                currency_id="CNY",
                amount=D(1),
                base_amount=D(1),
                source_type=CustomerEntry.objects.first().source_type,
                source_id=delivery.pk,
                date=delivery.date,
                company=order.company,
            )
        assert self.found("debts_are_booked") == {f"sales.delivery {delivery.number}"}

    def test_a_delivery_charged_at_the_wrong_moment(self, buyer):
        debts_arise(SIGNED)
        delivery = desk.deliver(order_of(10))
        with changes("command"):
            Delivery.objects.update(progress=Delivery.Progress.SIGNED)
        assert self.found("debts_are_booked") == {f"sales.delivery {delivery.number}"}
        assert verify(["ordered_amounts_are_right"])

    def test_an_order_that_is_closed_without_approval(self, buyer):
        order = order_of(10)
        boss = desk.named("zong")
        unverify_order(order, by=boss, reason="again")
        with changes("command"):
            Order.objects.filter(pk=order.pk).update(progress=Order.Progress.CLOSED)
        assert self.found("progress_is_what_was_delivered") == {f"sales.order {order.number}"}

    def test_an_order_that_is_further_than_its_lines(self, buyer):
        order = order_of(10)
        with changes("command"):
            Order.objects.update(progress=Order.Progress.DELIVERED)
        assert self.found("progress_is_what_was_delivered") == {f"sales.order {order.number}"}

    def test_goods_that_came_back_at_another_value(self, buyer):
        delivery = desk.deliver(order_of(10))
        reverse_delivery(delivery, by=desk.named("zhuguan"), reason="wrong truck")
        assert not self.found("goods_come_back_at_their_value")
        last = Movement.objects.latest("pk")
        last.pk, last.quantity, last.value = None, D(0), D("0.01")
        with changes("command"):
            last.save(force_insert=True)
        assert self.found("goods_come_back_at_their_value") == {f"sales.delivery {delivery.number}"}

    def test_a_receivable_that_was_lowered_by_nothing(self, buyer):
        desk.deliver(order_of(10))
        with changes("command"):
            field = Receivable._meta.get_field("returned")
            Receivable.objects.update(returned=field.value(D(2)), outstanding=field.value(D(10)), base_outstanding=field.value(D(10)))
        assert verify(["receivables_are_allocated"])
