"""The sidebar: rendered once per language and set of rights, the active entry marked and the badges set in per request."""

import hashlib

from django.conf import settings
from django.core.cache import cache
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils.html import escape
from django.utils.module_loading import import_string
from django.utils.safestring import mark_safe
from django.utils.text import capfirst
from django.utils.translation import get_language

from models.base import policy

KEPT_FOR = 3600
BADGE = "<!--badge:%s-->"


def menu():
    """The sidebar as the project lays it out: settings.MENU names it."""
    return import_string(settings.MENU)


def entries(request, site):
    """[(title, [{label, icon, link, badge}])] of what the person may view."""
    groups = []
    for title, items in menu():
        shown = [entry for entry in (_entry(item, request, site) for item in items) if entry is not None]
        if shown:
            groups.append((title, shown))
    return groups


def _entry(item, request, site):
    if not isinstance(item, str):
        if item.may is not None and not _called(item.may, request, True):
            return None
        try:
            link = reverse(item.name, args=item.arguments) + item.query
        except NoReverseMatch:
            return None
        return {"label": item.label, "icon": item.icon, "link": link, "badge": BADGE % item.name if item.badge else ""}
    screen = next((one for model, one in site._registry.items() if model._meta.label == item), None)
    if screen is None or not policy.may(request.user, "view", screen.model):
        return None
    return {"label": capfirst(screen.opts.verbose_name_plural), "icon": screen.icon, "link": screen.link("changelist"), "badge": ""}


def _called(path, request, default):
    """What the function at a dotted path says; the default where its app is not there."""
    try:
        function = import_string(path)
    except ImportError:
        return default
    return function(request)


def navigation_html(request, site):
    """The sidebar of this request."""
    groups = entries(request, site)
    key = hashlib.sha256(
        repr([(str(title), [(str(e["label"]), e["link"]) for e in shown]) for title, shown in groups]).encode()
    ).hexdigest()
    html = cache.get(f"navigation:{get_language()}:{key}")
    if html is None:
        html = render_to_string("backoffice/navigation_groups.html", {"groups": groups})
        cache.set(f"navigation:{get_language()}:{key}", html, KEPT_FOR)
    links = [entry["link"] for _title, shown in groups for entry in shown]
    current = max((link for link in links if _is_at(request.path, link)), key=len, default=None)
    if current:
        html = html.replace(f'href="{escape(current)}"', f'href="{escape(current)}" aria-current="page"', 1)
    for _title, items in menu():
        for item in items:
            if not isinstance(item, str) and item.badge:
                html = html.replace(BADGE % item.name, _badge(item, request))
    return mark_safe(html)


def _is_at(path, link):
    link = link.partition("?")[0]
    return path == link or (link != "/" and path.startswith(link))


def _badge(item, request):
    """The count, or nothing at all where there is nothing."""
    count = _called(item.badge, request, None)
    return f'<span class="nav-count">{escape(count)}</span>' if count not in (None, "", 0, "0") else ""
