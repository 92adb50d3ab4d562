"""A desk to try the line grid at: a small shop, a clerk, and a screen with grids. Stands by itself, whatever the product's screens do."""

import datetime
from decimal import Decimal
from types import SimpleNamespace

from django.contrib.messages.storage.cookie import CookieStorage
from django.forms import modelform_factory
from django.http import HttpResponse, HttpResponseRedirect
from django.template import Context, Engine
from django.template.context_processors import csrf
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.test import RequestFactory
from django.urls import path
from unfold.admin import ModelAdmin
from unfold.sites import UnfoldAdminSite

from admin_config.drafts import forget_draft
from admin_config.linegrid.inline import LeanFormSet, LineGridAdmin, LineGridInline
from models.audit.changes import changes
from models.customers.models import Customer
from models.org.models import Company, Currency, Employee, Role, RoleGrant, RoleHolder, User
from models.products.models import PriceList, PriceListItem, Product, ProductUnit, Unit
from models.products.pricing import price_lines
from models.products.querysets import resolve_codes
from models.sales.models import Quote, QuoteLine

COLUMNS = ["product", "unit", "quantity", "price", "discount", "tax_rate", "is_exempt", "amount", "is_gift", "remark"]


def last_prices(_customer, product_ids, _currency, _user):
    """Every product was sold once, for 11.5."""
    last = SimpleNamespace(price=Decimal("11.5"), unit="支", date=datetime.date(2026, 1, 2), number="XS-1")
    return dict.fromkeys(product_ids, last)


class QuoteLines(LineGridInline):
    model = QuoteLine
    fields = COLUMNS
    resolve = resolve_codes
    pricing = price_lines
    last_prices = last_prices

    def available(product_ids, _warehouse, _user):
        return {product_ids[0]: Decimal(120)}


class QuoteScreen(LineGridAdmin, ModelAdmin):
    inlines = [QuoteLines]
    fields = ["customer", "date", "currency", "prices_include_tax", "discount", "allowance"]


site = UnfoldAdminSite(name="desk")
site.register(Quote, QuoteScreen)
screen = site._registry[Quote]

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Desk</title><script src="{{ drafts }}"></script>{{ media }}
<style>:root { --color-primary-600: #2563eb; --color-base-200: #ddd; --color-base-500: #666; --color-base-900: #111 }</style></head><body>
<form id="quote" method="post">{% csrf_token %}{{ head.as_p }}
{% for inline_admin_formset in grids %}{% include "linegrid/grid.html" %}{% endfor %}<button name="_save">Save</button></form>
</body></html>"""


def desk_view(request, key):
    """A bare page around one quote: its head, its grid (two with ?two), Save."""
    request.user = User.objects.get(username="clerk")
    quote = Quote.objects.get(pk=key)
    head = modelform_factory(Quote, fields=[*QuoteScreen.fields, "remark"])(request.POST or None, instance=quote)
    grid = QuoteLines(Quote, site)
    formset_class, rows = grid.get_formset(request, quote), grid.get_queryset(request)
    formsets = [formset_class(request.POST or None, instance=quote, prefix="lines", queryset=rows)]
    if "two" in request.GET:
        formsets.append(formset_class(request.POST or None, instance=quote, prefix="more", queryset=rows.none()))
    if request.method == "POST" and head.is_valid() and all(formset.is_valid() for formset in formsets):
        with changes("form", user=request.user):
            head.save()
            for formset in formsets:
                formset.save()
        return forget_draft(request, HttpResponseRedirect(request.get_full_path()), QuoteLines.token_field)
    context = {"head": head, "media": grid.media, "grids": [lean(request, quote, one) for one in formsets]}
    context |= {"drafts": static("backoffice/formdraft.js"), **csrf(request)}
    return HttpResponse(Engine.get_default().from_string(PAGE).render(Context(context)))


def _as_clerk(view):
    def answer(request, grid):
        request.user = User.objects.get(username="clerk")
        return view(request, grid)

    return answer


urlpatterns = [
    path("desk/<int:key>/", desk_view),
    path("screens/sales/quote/lines/<int:grid>/lookup/", _as_clerk(screen.lines_lookup)),
    path("screens/sales/quote/lines/<int:grid>/search/", _as_clerk(screen.lines_search)),
    path("screens/", site.urls),
]


def open_shop(products=4):
    """Products P0 …, sold by 支 and by 箱 of 12 (barcode 690…, 箱 X690…); P0 costs 10, P1 11 …; a VIP pays 90 %, P0 from 100 on 8."""
    with changes("command"):
        Currency.objects.get_or_create(code="CNY", defaults={"name": "Yuan"})
        company = Company.objects.create(code="DESK", name="Desk")
        piece, box = (Unit.objects.get_or_create(name=name)[0] for name in ("支", "箱"))
        made = []
        for number in range(products):
            product = Product(
                company=company,
                code=f"P{number}",
                name="齿盘" + ("甲乙丙丁"[number] if number < 4 else str(number)),
                specification="6204",
                unit=piece,
                barcode=f"690{number:04}",
                price=Decimal(10 + number),
                floor_price=Decimal(5),
            )
            product.save()
            made.append(product)
        ProductUnit.objects.bulk_create(
            ProductUnit(product=product, unit=box, factor=Decimal(12), barcode=f"X{product.barcode}") for product in made
        )
        customer = Customer.objects.create(company=company, code="K1", name="启衡")
        vip = Customer.objects.create(company=company, code="K2", name="贵宾")
        prices = PriceList.objects.create(code="DESK", name="VIP", customer=vip, percent=Decimal(90))
        PriceListItem.objects.create(price_list=prices, product=made[0], from_quantity=Decimal(100), price=Decimal(8))
    return SimpleNamespace(company=company, products=made, customer=customer, vip=vip, unit=piece)


def hire(company, *grants, name="clerk"):
    """A log-in whose role grants ("sales.quote", "add") and so on, everywhere."""
    with changes("command"):
        employee = Employee.objects.create(company=company, code=name, name=name)
        role = Role.objects.create(code=name, name=name)
        RoleGrant.objects.bulk_create(RoleGrant(role=role, record_type=kind, verb=verb, scope="all") for kind, verb in grants)
        RoleHolder.objects.create(role=role, employee=employee)
        return User.objects.create_user(name, "secret", employee=employee)


SELLER = [("sales.quote", verb) for verb in ("view", "add", "change")] + [("products.product", "view"), ("customers.customer", "view")]


def make_quote(shop, lines=(), **fields):
    """A stored draft; `lines` are (product, quantity, price)."""
    with changes("form"):
        quote = Quote(company=shop.company, customer=fields.pop("customer", shop.customer), **fields)
        quote.save()
        for position, (product, quantity, price) in enumerate(lines, 1):
            line = QuoteLine(quote=quote, product=product, unit="支", quantity=quantity, price=Decimal(price), position=position)
            line.list_price = product.price
            line.save()
        quote.recompute()
    return quote


def request_of(user, method="get", path="/", data=None, **extra):
    request = getattr(RequestFactory(), method)(path, data, **extra)
    request.user = user
    request._messages = CookieStorage(request)
    return request


def posted(rows, stored=0, prefix="lines"):
    """Form data of rows given as dicts."""
    data = {f"{prefix}-TOTAL_FORMS": len(rows), f"{prefix}-INITIAL_FORMS": stored}
    for index, row in enumerate(rows):
        data |= {f"{prefix}-{index}-{name}": value for name, value in row.items()}
    return data


def formset_of(user, quote, rows=None, stored=0, inline=QuoteLines):
    """The formset a person gets for a quote, bound to `rows` where given."""
    grid = inline(Quote, site)
    formset_class = grid.get_formset(request_of(user), quote if quote.pk else None)
    data = None if rows is None else posted(rows, stored)
    return formset_class(data, instance=quote, prefix="lines", queryset=grid.get_queryset(request_of(user)))


def lean(request, quote, formset):
    """The formset as the admin hands it to a template."""
    grid, names = formset.grid, ("has_add_permission", "has_change_permission", "has_delete_permission")
    rights = {name: getattr(grid, name)(request, quote if quote.pk else None) for name in names}
    return LeanFormSet(grid, formset, [(None, {"fields": grid.fields})], model_admin=screen, **rights)


def page_of(user, quote, formset):
    """The grid as HTML."""
    return render_to_string("linegrid/grid.html", {"inline_admin_formset": lean(formset.request, quote, formset)})


def errors_of(formset):
    """Errors per row, as plain text."""
    formset.is_valid()
    return [{name: list(messages) for name, messages in errors.items()} for errors in formset.errors]
