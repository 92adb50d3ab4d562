"""What tests of spreadsheets share: a small company, people with single rights, files of rows, and an import from start to end."""

from datetime import date, datetime
from decimal import Decimal
from types import SimpleNamespace

import pytest
import xlsxwriter

from admin_config.spreadsheets import exporting, running
from admin_config.spreadsheets.columns import Description
from admin_config.spreadsheets.reading import read_table
from models.audit.changes import changes
from models.customers.models import Customer
from models.lowcode.models import Option, OptionList
from models.org.models import Company, Currency, Department, Employee, FieldLimit, Region, Role, RoleGrant, RoleHolder, User
from models.products.models import Product, ProductUnit, Unit
from models.stock.models import Warehouse

SYSTEM = running.System


@pytest.fixture
def house(db):
    """A company with two regions, two salespeople, a product and a list of levels."""
    with changes("command"):
        currency = Currency.objects.get_or_create(code="CNY", defaults={"name": "Yuan"})[0]
        company = Company.objects.create(code="C1", name="Company", currency=currency)
        department = Department.objects.create(company=company, code="D1", name="Sales")
        east = Region.objects.create(code="E", name="East")
        west = Region.objects.create(code="W", name="West")
        ann = Employee.objects.create(company=company, code="ann", name="Ann", department=department, region=east)
        bob = Employee.objects.create(company=company, code="bob", name="Bob", department=department, region=west)
        levels = OptionList.objects.get_or_create(code="customer_level", defaults={"labels": {"en": "Level"}})[0]
        Option.objects.get_or_create(option_list=levels, code="gold", defaults={"labels": {"en": "Gold", "zh-hans": "金牌"}})
        piece = Unit.objects.create(name="piece")
        product = Product.objects.create(
            company=company, code="P1", name="Bolt", unit=piece, price=Decimal(10), cost=Decimal(4), tax_rate=Decimal(13)
        )
        box = Unit.objects.create(name="box")
        ProductUnit.objects.create(product=product, unit=box, factor=Decimal(24))
        warehouse = Warehouse.objects.create(company=company, code="W1", name="Main")
    return SimpleNamespace(**{name: value for name, value in locals().items() if name != "db"})


def person(employee, *grants, limits=()):
    """A log-in whose only role grants [(record type, verb, scope)]."""
    with changes("command"):
        role = Role.objects.create(code=f"r_{employee.code}", name="Role")
        for kind, verb, scope in grants:
            RoleGrant.objects.create(role=role, record_type=kind, verb=verb, scope=scope)
        for kind, field, level in limits:
            FieldLimit.objects.create(role=role, record_type=kind, field=field, level=level)
        RoleHolder.objects.create(role=role, employee=employee)
        return User.objects.create_user(employee.code, "secret", employee=employee)


def rights(kind, scope, verbs=("view", "add", "change", "import", "export")):
    return [(kind, verb, scope) for verb in verbs]


def book(path, rows, sheets=()):
    """A workbook of rows; dates become real dates."""
    made = xlsxwriter.Workbook(path)
    day = made.add_format({"num_format": "yyyy-mm-dd"})
    for name, lines in [("Data", rows), *sheets]:
        sheet = made.add_worksheet(name)
        for line, row in enumerate(lines):
            for place, cell in enumerate(row):
                if isinstance(cell, date):
                    sheet.write_datetime(line, place, datetime(cell.year, cell.month, cell.day), day)
                elif cell is not None:
                    sheet.write(line, place, cell)
    made.close()
    return path


def text(path, content, encoding="utf-8"):
    path.write_bytes(content.encode(encoding))
    return path


def run(model, path, user=None, **options):
    """(plan, change set) of an import through the whole way."""
    work = running.prepare(model, user or SYSTEM(), read_table(path), **options)
    return running.apply(work, source=path.name)


def refusals(plan):
    return {(one["row"], one["column"]): one["message"] for one in plan.refusals()}


@pytest.fixture
def customer(house, tmp_path):
    run(Customer, text(tmp_path / "customer.csv", "code,name,owner\nK1,One,ann\n"))
    return Customer.objects.get(code="K1")


def exported(model, user=None, format="xlsx", queryset=None, **options):
    description = Description(model, user or SYSTEM())
    return exporting.export(description, model._base_manager.all() if queryset is None else queryset, format, **options)[0]
