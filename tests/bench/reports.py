"""C6 and the report half of C8: the boards' figures as the board asks for them."""

from django.db import connection
from django.db.models import Max

from models.customers.models import Customer
from models.org.models import Company, Employee
from models.products.models import Product
from models.sales.folding import differences, fold_all, months
from models.sales.models import Order, OrderLine, SalesFigure
from tests.bench.filling import insert, unguarded
from tests.bench.floors import reading
from tests.bench.measuring import calls, show, with_ratio

ROUNDS = 20
PERIOD = "period=own&from=2025-12-01&to=2026-11-30"
CHARTS = {
    "by month": ("salesbymonth", "month"),
    "by salesperson": ("salesbyowner", "owner"),
    "by customer": ("topcustomers", "customer"),
    "by product": ("topproducts", "product"),
}
FLOORS = {
    "month": "SELECT date_trunc('month', date), sum(gross) FROM sales_order WHERE approval = 'approved' GROUP BY 1",
    "owner": "SELECT date_trunc('month', date), owner_id, sum(gross) FROM sales_order WHERE approval = 'approved' GROUP BY 1, 2",
    "customer": "SELECT customer_id, sum(gross) FROM sales_order WHERE approval = 'approved' GROUP BY 1 ORDER BY 2 DESC",
    "product": "SELECT product_id, sum(gross) FROM sales_orderline GROUP BY 1 ORDER BY 2 DESC",
}


def add_orders(orders, lines=5):
    """Approved orders over 360 days by SQL alone, 5 salespersons, 20 customers; the rollups are then built by the product itself."""
    company = Company.objects.get()
    owners = list(Employee.objects.order_by("pk").values_list("pk", flat=True))
    customers = list(Customer.objects.order_by("pk").values_list("pk", flat=True)[:20])
    products = list(Product.objects.order_by("pk").values_list("pk", flat=True)[:60])
    base = Order.objects.aggregate(last=Max("pk"))["last"] or 0
    header = {
        "id": f"{base} + i",
        "company_id": str(company.pk),
        "owner_id": f"(%s::bigint[])[1 + i %% {len(owners)}]",
        "customer_id": f"(%s::bigint[])[1 + (i / 5) %% {len(customers)}]",
        "currency_id": "'CNY'",
        "number": f"'B-{base}-' || i",
        "date": "DATE '2025-12-01' + (i %% 360)",
        "approval": "'approved'",
        "progress": "'delivered'",
        "is_opening": "true",
        "net": f"{lines} * 8.85",
        "tax": f"{lines} * 1.15",
        "gross": f"{lines} * 10",
    }
    line = {
        "position": "j",
        "order_id": f"{base} + i",
        "product_id": f"(%s::bigint[])[1 + (i * {lines} + j) %% {len(products)}]",
        "unit": "'支'",
        "base_quantity": "1",
        "price": "10",
        "amount": "10",
        "net": "8.85",
        "tax": "1.15",
        "gross": "10",
        "delivered": "1",
    }
    with unguarded(Order, OrderLine), connection.cursor() as cursor:
        insert(Order, header, "generate_series(1, %s::int) i", [owners, customers, orders])
        insert(OrderLine, line, f"generate_series(1, %s::int) i, generate_series(1, {lines}) j", [products, orders])
        cursor.execute("SELECT setval(pg_get_serial_sequence('sales_order', 'id'), (SELECT max(id) FROM sales_order))")
    fold_all()
    for month in months():
        differences(month, repair=True)
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {SalesFigure._meta.db_table}")


def charts(server, browser, case="C6"):
    """{chart: p50} of the charts' data, each asked by itself as the board does."""
    medians = {}
    for name, (chart, floor) in CHARTS.items():
        address = f"/boards/data/{chart}/?{PERIOD}"
        browser.get(address)
        figures = calls(server, lambda _item, a=address: browser.get(a), range(ROUNDS))
        medians[name] = figures["p50_ms"]
        show(case, what=name, **with_ratio(figures, reading(FLOORS[floor], rounds=3)))
    return medians
