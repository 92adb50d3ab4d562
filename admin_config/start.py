"""The start page: what waits, and the first steps of the day."""

from django.utils.translation import gettext as _

from models.base import policy
from models.base.documents import EDITABLE

QUICK = ("sales.Quote", "sales.Order", "customers.Interaction", "customers.Customer", "finance.Receipt")
MOST_SHOWN = 6


def start_context(request, site):
    """What the start page shows this person."""
    screens = {model._meta.label: screen for model, screen in site._registry.items()}
    quick = []
    for label in QUICK:
        screen = screens.get(label)
        if screen is not None and policy.may(request.user, "add", screen.model):
            quick.append({"label": screen.page_title(None), "icon": screen.icon, "link": screen.link("add")})
    drafts = []
    for screen in screens.values():
        if getattr(screen.model, "DOCUMENT_CODE", "") and request.user.employee_id and policy.may(request.user, "view", screen.model):
            rows = policy.scope(request.user, screen.model).filter(approval__in=EDITABLE, owner=request.user.employee_id)
            keys = ["customer"] if "customer" in screen.field_names() else []
            drafts += [
                {
                    "record": one,
                    "kind": screen.opts.verbose_name,
                    "about": str(getattr(one, "customer", "")),
                    "link": screen.link("change", one.pk),
                    "changed_at": one.changed_at,
                }
                for one in rows.select_related(*keys).order_by("-id")[:MOST_SHOWN]
            ]
    drafts.sort(key=lambda one: one["changed_at"], reverse=True)
    return {"title": _("Start"), "quick": quick, "drafts": drafts[: MOST_SHOWN * 2]}
