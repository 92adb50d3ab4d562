"""A company to measure on: one person who may do everything his role says, products in stock, customers in any number."""

from datetime import date
from decimal import Decimal

from django.db import connection

from fixtures import loader
from flows.models import ApprovalChain
from models.audit.changes import changes
from models.customers.models import Customer
from models.finance.models import CashAccount
from models.org.models import Company, Currency, Employee, Region, User
from models.products.models import Product, Unit
from models.stock.models import Movement, Warehouse
from models.stock.operations import Move, post
from tests.bench.filling import insert, unguarded

PASSWORD = "bench-2026"
SALESPEOPLE = 5

_FIRST = "杭州 苏州 广州 上海 宁波 无锡 常州 温州 嘉兴 绍兴 金华 台州 湖州 南京 合肥 武汉 长沙 成都 重庆 西安".split()
_SECOND = "启衡 华东 金工 瑞丰 天成 恒力 新远 宏达 东方 鼎盛".split()
_THIRD = "机械 五金 物业 建材 电器 制冷 阀门 轴承 工具 包装".split()


def prepare():
    """Reference data, the company and its stock. Approvals: none, so that documents take effect when submitted."""
    loader.load_reference()
    with changes("command", reason="bench"):
        ApprovalChain.objects.update(is_active=False)
        Currency.objects.get_or_create(code="CNY", defaults={"name": "人民币", "symbol": "¥"})
        company = Company.objects.create(code="BENCH", name="Bench")
        region = Region.objects.create(code="R1", name="浙江")
        people = [
            Employee.objects.create(company=company, code=f"E{number}", name=f"业务员{number}", region=region)
            for number in range(1, SALESPEOPLE + 1)
        ]
        user = User(username="bench", employee=people[0], is_superuser=True, language="zh-hans")
        user.set_password(PASSWORD)
        user.save()
        unit = Unit.objects.get_or_create(name="支")[0]
        warehouse = Warehouse.objects.create(company=company, code="W1", name="总仓")
        CashAccount.objects.create(company=company, code="A1", name="工行")
        products = [
            Product(company=company, code=f"P{number:03}", name=f"螺栓 M{number}", unit=unit, price=Decimal(10), cost=Decimal(6))
            for number in range(1, 61)
        ]
        for product in products:
            product.save()
        Customer.objects.create(company=company, code="K0", name="杭州启衡机械", owner=people[0], region=region)
        put_in_stock(warehouse, products, Decimal(1_000_000))
    return company


def put_in_stock(warehouse, products, quantity):
    """Opening stock at a cost of 6."""
    source = Customer.objects.order_by("pk").first()
    source.number, source.external_number, source.date, source.is_opening = "OPENING", "", date(2025, 1, 1), True
    post(source, [Move(product, warehouse, quantity, unit_cost=Decimal(6)) for product in products], kind=Movement.Kind.OPENING)


def add_customers(number, first=1):
    """Customers to be listed. One in ten is a 机械 firm."""
    company, owners = Company.objects.get(), list(Employee.objects.order_by("pk").values_list("pk", flat=True))
    index = f"{Customer._meta.db_table}_search"
    columns = {
        "company_id": str(company.pk),
        "owner_id": f"(%s::bigint[])[1 + i %% {len(owners)}]",
        "region_id": str(Region.objects.get(code="R1").pk),
        "code": "'C' || lpad(i::text, 8, '0')",
        "name": "n",
        "search_text": "'c' || lpad(i::text, 8, '0') || ' ' || n",
        "phone": "'139-' || lpad((i %% 10000)::text, 4, '0')",
        "city": "a",
    }
    names = "a || (%s::text[])[1 + (i / 20) %% 10] || (%s::text[])[1 + (i * 7) %% 10] || i AS n"
    places = "SELECT i, (%s::text[])[1 + i %% 20] AS a FROM generate_series(%s::int, %s::int) i"
    with unguarded(Customer), connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX IF EXISTS {index}")
        insert(
            Customer, columns, f"(SELECT i, a, {names} FROM ({places}) x) y", [owners, _SECOND, _THIRD, _FIRST, first, first + number - 1]
        )
        cursor.execute(f'CREATE INDEX {index} ON "{Customer._meta.db_table}" USING gin (backoffice_pieces(search_text))')
