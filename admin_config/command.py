"""Ctrl+K: records by number, name, phone or initials, and the pages and first steps by their names."""

from django.contrib import admin
from django.shortcuts import render

from admin_config.navigation import entries
from models.base import policy

EACH = 5
LONGEST = 80
SEARCHED = (
    "customers.Customer",
    "sales.Quote",
    "sales.Order",
    "sales.Delivery",
    "finance.Receipt",
    "sales.Return",
    "products.Product",
    "customers.Contact",
    "sales.Opportunity",
    "finance.Refund",
    "org.Employee",
)


def command_view(request):
    """GET ?q= → the list under the input: groups of links."""
    site = admin.site
    text = request.GET.get("q", "").strip()[:LONGEST]
    groups = []
    if text:
        lower = text.lower()
        pages = [entry for _title, shown in entries(request, site) for entry in shown if lower in str(entry["label"]).lower()]
        groups += _records(request, site, text)
        if pages:
            groups.append(
                {
                    "title": "",
                    "icon": "",
                    "links": [{"label": one["label"], "link": one["link"], "icon": one["icon"]} for one in pages[:EACH]],
                }
            )
    return render(request, "backoffice/command_found.html", {"groups": groups, "text": text})


def _records(request, site, text):
    screens = {model._meta.label: screen for model, screen in site._registry.items()}
    groups = []
    for label in SEARCHED:
        screen = screens.get(label)
        if screen is None or not policy.may(request.user, "view", screen.model):
            continue
        rows, _many = screen.get_search_results(request, screen.get_queryset(request).order_by("-pk"), text)
        keys = [name for name in ("customer",) if name in screen.field_names()]
        links = [
            {
                "label": str(one),
                "about": str(one.customer) if keys else getattr(one, "code", ""),
                "link": screen.link("change", one.pk),
                "icon": screen.icon,
            }
            for one in rows.select_related(*keys)[:EACH]
        ]
        if links:
            groups.append({"title": screen.opts.verbose_name_plural, "links": links})
    return groups
