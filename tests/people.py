"""The people, things and documents tests work with: the demo company's own master data, and builders that go through the operations.

`people` (a fixture of tests/conftest.py) gives a log-in per role: `people.salesperson`, `people.user("cashier")`. The builders make
what a person would make, each step done by the role that does it: `make_quote`, `make_order`, `approve`, `deliver`, `receive`, `take_back`.
"""

from datetime import timedelta
from decimal import Decimal

from fixtures import drafts, loader
from fixtures.deciding import agree
from fixtures.opening import open_stock
from models.audit.changes import changes
from models.base.documents import business_today
from models.customers.models import Customer
from models.org.models import Company, Employee, Role, RoleHolder, User
from models.products.models import Product
from models.sales.models import Delivery
from models.sales.operations.deliveries import dispatch_delivery, return_delivery
from models.sales.operations.orders import deliver_order, submit_order
from models.sales.operations.quotes import order_quote, submit_quote
from models.sales.operations.returns import receive_return, submit_return
from models.stock.models import Balance, Warehouse
from models.stock.operations import default_warehouse

PASSWORD = "demo-2026"
LOGINS = {
    "general_manager": "zong",
    "regional_director": "quyu",
    "finance_manager": "quyu",  # held in addition, as the two below
    "sales_supervisor": "zhuguan",
    "purchasing_head": "zhuguan",
    "warehouse_head": "zhuguan",
    "salesperson": "yewu1",
    "sales_assistant": "neiqin",
    "purchaser": "caigou",
    "warehouse_keeper": "cangguan",
    "accountant": "kuaiji",
    "cashier": "chuna",
    "administrator": "guanli",
}
SALESPEOPLE = ("yewu1", "yewu2", "yewu3")


def load():
    """The reference data and the company, unless they are there: half a second."""
    if not Company.objects.exists():
        loader.load_reference()
        loader.load_company(PASSWORD)


class People:
    """The log-ins by role. Each access reads the row anew, so that no test sees what another one granted."""

    def user(self, role):
        """The log-in that holds a role; one is made for a role nobody holds, such as the auditor."""
        return named(LOGINS[role]) if role in LOGINS else only(role)

    def __getattr__(self, role):
        if role.startswith("_"):
            raise AttributeError(role)
        return self.user(role)

    @property
    def salespeople(self):
        """The three salespeople: two in 杭州, one in 苏州."""
        return [named(name) for name in SALESPEOPLE]


def named(username):
    """The log-in of that name, with its employee."""
    return User.objects.select_related("employee").get(username=username)


def only(*roles, username="", company="HZ"):
    """A new log-in that holds just these roles (an existing one of the name is given back)."""
    username = username or "_".join(roles)
    found = User.objects.select_related("employee").filter(username=username).first()
    if found is not None:
        return found
    with changes("command", reason="test"):
        employee = Employee.objects.create(company=Company.objects.get(code=company), code=f"T-{username}"[:20], name=username)
        for role in roles:
            RoleHolder.objects.create(employee=employee, role=Role.objects.get(code=role))
        return User.objects.create(username=username, employee=employee)


def login(client, role):
    """Log the test client in as the person of a role (or of a user name); returns the user."""
    user = named(role) if User.objects.filter(username=role).exists() else People().user(role)
    client.force_login(user)
    return user


def customer(code="KH0002"):
    """A customer of the demo company; KH0002 belongs to yewu2, buys at VIP prices and pays 60 days after the month."""
    return Customer.objects.select_related("company__currency", "payment_term", "owner").get(code=code)


def customer_of(user, term="YJ30"):
    """The first customer that a salesperson owns and that pays on a term."""
    return Customer.objects.filter(owner=user.employee, payment_term__code=term).order_by("code").first()


def product(code="QH0001"):
    """A product; QH0001 is a bolt at 1.20, QH0079 a service at 300."""
    return Product.objects.select_related("unit").get(code=code)


def seller_of(document_or_customer):
    """Who acts for it: the owner's log-in, else the assistant who enters for him."""
    return User.objects.select_related("employee").filter(employee=document_or_customer.owner_id).first() or named("neiqin")


def stock_up(*products, quantity=100_000, warehouse=None, on=None):
    """Opening stock of the products, in every normal warehouse unless one is named."""
    warehouses = [warehouse] if warehouse else Warehouse.objects.filter(kind=Warehouse.Kind.NORMAL)
    for place in warehouses:
        open_stock(place, dict.fromkeys(products, Decimal(quantity)), on=on or business_today() - timedelta(days=400), by=named("zhuguan"))


def available(*products, warehouse):
    """True where some stock of each lies in the warehouse."""
    return Balance.objects.filter(product__in=products, warehouse=warehouse, on_hand__gt=0).count() == len(products)


def make_quote(buyer=None, items=None, *, by=None, submit=True, **values):
    """A quote of a customer's salesperson, submitted; ten bolts unless `items` says otherwise."""
    buyer = buyer or customer()
    by = by or seller_of(buyer)
    quote = drafts.draft_quote(buyer, items or [(product(), 10)], by=by, **values)
    return submit_quote(quote, by=by) if submit else quote


def make_order(buyer=None, items=None, *, quote=None, by=None, submit=True, approved=True, stocked=True, **values):
    """An order, approved unless told otherwise; of an approved quote where one is given. `stocked`: its goods lie there."""
    if quote is not None:
        by = by or seller_of(quote)
        order = order_quote(quote, by=by)
    else:
        buyer = buyer or customer()
        by = by or seller_of(buyer)
        order = drafts.draft_order(buyer, items or [(product(), 10)], by=by, **values)
    if stocked:
        _stock_for(order)
    if submit:
        submit_order(order, by=by)
        if approved:
            approve(order)
    return order


def _stock_for(order):
    warehouse = order.warehouse or default_warehouse(order.company_id)
    goods = {line.product for line in order.lines.select_related("product") if line.product.is_stocked}
    there = Balance.objects.filter(warehouse=warehouse, on_hand__gt=0).values_list("product_id", flat=True)
    if missing := {product for product in goods if product.pk not in there}:
        stock_up(*missing, warehouse=warehouse)


def approve(document, comment=""):
    """Let everybody whom the route asks agree, each as himself. Returns the document."""
    agree(document, comment)
    return document


def deliver(order, quantities=None, *, by=None, date=None, dispatch=True):
    """A delivery of what is open, or of {position: quantity}, dispatched. `by` dispatches: the warehouse head, who sees all branches."""
    if quantities is not None:
        keys = dict(order.lines.values_list("position", "pk"))
        quantities = {keys[position]: Decimal(quantity) for position, quantity in quantities.items()}
    delivery = deliver_order(order, by=seller_of(order), quantities=quantities)
    if date:
        _date(delivery, date)
    return dispatch_delivery(delivery, by=by or named("zhuguan"), date=date) if dispatch else delivery


def _date(document, date):
    document.date = date
    with changes("form"):
        document.save(update_fields=["date"])


def receive(payer, amount, receivables=(), *, by=None, approved=True, **values):
    """A receipt registered by the cashier, approved. `receivables`: [(receivable, amount)], or receivables to pay whole."""
    from models.finance.operations import submit_receipt

    by = by or named("chuna")
    parts = [one if isinstance(one, tuple) else (one, one.outstanding) for one in receivables]
    receipt = drafts.draft_receipt(payer, amount, by=by, receivables=parts, **values)
    submit_receipt(receipt, by=by)
    return approve(receipt) if approved else receipt


def pay_back(payer, amount, *, by=None, approved=True, **values):
    """A refund entered by the cashier, approved."""
    from models.finance.operations import submit_refund

    by = by or named("chuna")
    refund = drafts.draft_refund(payer, amount, by=by, **values)
    submit_refund(refund, by=by)
    return approve(refund) if approved else refund


def take_back(delivery: Delivery, quantities=None, *, by=None, approved=True, received=True, date=None):
    """A return of a delivery, or of {position: quantity} of it, approved and taken in by the warehouse head."""
    if quantities is not None:
        keys = dict(delivery.lines.values_list("position", "pk"))
        quantities = {keys[position]: Decimal(quantity) for position, quantity in quantities.items()}
    document = return_delivery(delivery, by=seller_of(delivery), quantities=quantities)
    if date:
        _date(document, date)
    submit_return(document, by=seller_of(delivery))
    if approved or received:
        approve(document)
    return receive_return(document, by=by or named("zhuguan"), date=date) if received else document
