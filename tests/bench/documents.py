"""C2, C4, C4hot, C5: an order of 20 lines from entry to money, as a clerk's browser sends it."""

import time
from decimal import Decimal

from django.contrib.contenttypes.models import ContentType

from models.customers.models import Customer
from models.finance.models import Allocation, CashAccount, CashEntry, Credit, CustomerEntry, Receipt, ReceiptLine, Receivable
from models.products.models import Product
from models.sales.models import Delivery, DeliveryLine, Order, OrderLine, SalesFigure
from models.stock.models import Balance, Movement, Reservation, Warehouse
from tests.bench.browser import refusal
from tests.bench.company import put_in_stock
from tests.bench.floors import Floor
from tests.bench.measuring import calls, calls_at_once, show, with_ratio

LINES = 20
ROUNDS = 12


def _done(target, response, what):
    if target is None:
        raise RuntimeError(f"{what} was refused: {refusal(response)}")
    return int(target.rstrip("/").split("/")[-2])


def line_fields(products, quantity=1):
    """The grid's fields of these products as a browser sends them."""
    fields = {"lines-TOTAL_FORMS": str(len(products))}
    for index, product in enumerate(products):
        values = {
            "product": product.code,
            "unit": "支",
            "quantity": quantity,
            "price": "10",
            "price_source": "manual",
            "discount": "100",
            "tax_rate": "13",
        }
        fields |= {f"lines-{index}-{name}": str(value) for name, value in values.items()}
        fields |= {f"lines-{index}-position": str(index + 1), f"lines-{index}-id": ""}
    return fields


class Clerk:
    """What one person does; the keys of made documents are kept."""

    def __init__(self, browser, products, customer, quantity=1):
        self.browser, self.products, self.customer, self.quantity = browser, products, customer, quantity
        self.orders, self.deliveries, self.refused = [], [], 0

    def order(self, _item=None):
        """C2: open the form, send 20 lines, submit, push down: the delivery exists."""
        fields = self.browser.form("/sales/order/add/")
        warehouse = Warehouse.objects.get(code="W1").pk
        fields |= {"customer": str(self.customer.pk), "warehouse": str(warehouse), "_submit_for_approval": "1"} | line_fields(
            self.products, self.quantity
        )
        order = _done(*self.browser.post("/sales/order/add/", fields), "the order")
        address = f"/sales/order/{order}/do/deliver_order/"
        fields = self.browser.form(address)
        self.orders.append(order)
        self.deliveries.append(_done(*self.browser.post(address, fields), "the delivery"))

    def dispatch(self, delivery):
        """C4: the delivery from the button to done."""
        address = f"/sales/delivery/{delivery}/do/dispatch_delivery/"
        target, response = self.browser.post(address, self.browser.form(address))
        if target is None:
            self.refused += 1
            return
        _done(target, response, "the dispatch")

    def money(self, order):
        """C5: a receipt over the order's receivables, approved and fully allocated."""
        rows = list(Receivable.objects.filter(origin_id=order, outstanding__gt=0))
        fields = self.browser.form("/finance/receipt/add/")
        total = sum(row.outstanding for row in rows)
        account = CashAccount.objects.get(code="A1").pk
        fields |= {"customer": str(self.customer.pk), "amount": str(total), "account": str(account), "_submit_for_approval": "1"}
        fields |= {"lines-TOTAL_FORMS": str(len(rows))}
        for index, row in enumerate(rows):
            fields |= {f"lines-{index}-receivable": str(row.pk), f"lines-{index}-amount": str(row.outstanding), f"lines-{index}-id": ""}
        _done(*self.browser.post("/finance/receipt/add/", fields), "the receipt")
        if Receivable.objects.filter(origin_id=order, outstanding__gt=0).exists():
            raise RuntimeError("the order is not paid")


def _of(model, document):
    return model.objects.filter(source_type=ContentType.objects.get_for_model(document), source_id=document.pk)


def _floors(parts):
    floor = Floor()
    for model, rows in parts:
        floor.add(model, rows)
    result = floor.seconds(history=False), floor.seconds(history=True)
    floor.drop()
    return result


def _with_floors(figures, parts):
    plain, history = _floors(parts)
    return with_ratio(with_ratio(figures, plain, "floor_ms"), history, "floor_with_history_ms")


def run(server, sign_in):
    """Measure all four."""
    products = list(Product.objects.filter(code__startswith="P").order_by("code")[:LINES])
    customer = Customer.objects.get(code="K0")
    clerks = [Clerk(sign_in(), products, customer) for _ in range(4)]
    first = clerks[0]
    first.order()
    first.dispatch(first.deliveries.pop())
    first.money(first.orders.pop())

    figures = calls(server, first.order, range(ROUNDS))
    order, delivery = Order.objects.get(pk=first.orders[-1]), Delivery.objects.get(pk=first.deliveries[-1])
    written = [(Order, Order.objects.filter(pk=order.pk)), (OrderLine, order.lines.all()), (Reservation, _of(Reservation, order))]
    written += [(SalesFigure, SalesFigure.objects.order_by("-pk")[: LINES + 2].all()), (Delivery, Delivery.objects.filter(pk=delivery.pk))]
    written += [(DeliveryLine, delivery.lines.all())]
    written[3] = (SalesFigure, SalesFigure.objects.filter(pk__in=[f.pk for f in SalesFigure.objects.order_by("-pk")[: LINES + 2]]))
    show("C2", clients=1, **_with_floors(figures, written))
    show("C2", clients=4, **calls_at_once(server, [clerk.order for clerk in clerks], [range(ROUNDS // 2)] * 4))

    figures = calls(server, first.dispatch, first.deliveries[:ROUNDS])
    written = [(Movement, _of(Movement, delivery)), (Reservation, _of(Reservation, delivery)), (OrderLine, order.lines.all())]
    written += [(DeliveryLine, delivery.lines.all()), (Balance, Balance.objects.filter(product__in=products))]
    written += [
        (Receivable, _of(Receivable, delivery)),
        (CustomerEntry, _of(CustomerEntry, delivery)),
        (Delivery, Delivery.objects.filter(pk=delivery.pk)),
    ]
    show("C4", clients=1, **_with_floors(figures, written))
    rest = [clerk.deliveries[ROUNDS:] if clerk is first else clerk.deliveries for clerk in clerks]
    show(
        "C4", clients=4, **calls_at_once(server, [clerk.dispatch for clerk in clerks], rest), refused=sum(clerk.refused for clerk in clerks)
    )

    figures = calls(server, first.money, first.orders[:ROUNDS])
    receipt = Receipt.objects.order_by("-pk").first()
    written = [(Receipt, Receipt.objects.filter(pk=receipt.pk)), (ReceiptLine, receipt.lines.all()), (CashEntry, _of(CashEntry, receipt))]
    written += [(CustomerEntry, _of(CustomerEntry, receipt)), (Credit, _of(Credit, receipt)), (Allocation, _of(Allocation, receipt))]
    show("C5", clients=1, **_with_floors(figures, written))
    show(
        "C5",
        clients=4,
        **calls_at_once(
            server, [clerk.money for clerk in clerks], [clerk.orders[ROUNDS if clerk is first else 0 :][:6] for clerk in clerks]
        ),
    )
    hot(server, sign_in, customer)


def hot(server, sign_in, customer):
    """C4hot: 100 on hand, 40 orders of 5, four clients at once: 20 leave whole, the others are refused in words."""
    from models.audit.changes import changes

    unit = Product.objects.first().unit
    with changes("command", reason="bench"):
        product = Product(company=customer.company, code="HOT", name="热销", unit=unit, price=Decimal(10), cost=Decimal(6))
        product.save()
        put_in_stock(Warehouse.objects.get(code="W1"), [product], Decimal(100))
    clerks = [Clerk(sign_in(), [product], customer, quantity=5) for _ in range(4)]
    for clerk in clerks:
        for _ in range(10):
            clerk.order()
    start = time.monotonic()
    figures = calls_at_once(server, [clerk.dispatch for clerk in clerks], [clerk.deliveries for clerk in clerks])
    lines = DeliveryLine.objects.filter(product=product, delivery__progress=Delivery.Progress.DISPATCHED)
    balance = Balance.objects.get(product=product)
    show(
        "C4hot",
        seconds=round(time.monotonic() - start, 2),
        shipped=int(sum(line.quantity for line in lines)),
        fully_shipped=lines.count(),
        refused=sum(clerk.refused for clerk in clerks),
        on_hand=int(balance.on_hand),
        **figures,
    )
