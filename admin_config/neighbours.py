"""The records beside a record: quote → order → deliveries → receivables. Each screen names its own, reading them scoped."""

from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from admin_config.columns import amount_text, badge_html
from models.base import policy

MOST_SHOWN = 8


@dataclass
class Neighbour:
    """One kind of record beside another: `find(record)` answers a queryset or a list of keys of `model`, None for no question."""

    model: type
    find: object
    amount: str = "gross"

    def cards(self, record, user, site):
        """[{kind, title, link, state, amount}] of those the person may see."""
        rows = self.find(record)
        if rows is None or not policy.may(user, "view", self.model):
            return []
        keys = rows if isinstance(rows, list | tuple | set) else rows.order_by().values("pk")
        found = policy.scope(user, self.model).filter(pk__in=keys).order_by("pk")
        return [card(one, user, site, self.amount) for one in found[:MOST_SHOWN]]


class _ThisRecord:
    """The place of the record itself in the strip."""

    def cards(self, record, user, site):
        return [card(record, user, site, "gross" if hasattr(record, "gross") else "amount") | {"is_self": True}]


THIS = _ThisRecord()


def card(record, user, site, amount):
    """What the strip shows of one record."""
    options = record._meta
    try:
        link = reverse(f"{site.name}:{options.app_label}_{options.model_name}_change", args=[record.pk])
    except NoReverseMatch:
        link = ""
    shows_amount = amount and policy.may_see(user, type(record), amount)
    return {
        "kind": options.verbose_name,
        "title": str(record),
        "link": link,
        "state": state_html(record),
        "amount": amount_text(getattr(record, amount)) if shows_amount else "",
    }


def neighbour(model, find, amount="gross"):
    """Declare records shown beside another."""
    return Neighbour(model, find, amount)


def state_html(record):
    """The state that says most: progress once approved, else the approval."""
    if getattr(record, "approval", None) in ("approved", None) and hasattr(record, "progress"):
        return badge_html(record.progress, record.get_progress_display())
    if getattr(record, "HAS_APPROVAL", True) is False and hasattr(record, "progress"):
        return badge_html(record.progress, record.get_progress_display())
    if hasattr(record, "approval"):
        return badge_html(record.approval, record.get_approval_display())
    if hasattr(record, "outstanding"):
        return badge_html(*(("open", pgettext("receivable", "Open")) if record.outstanding else ("done", _("Paid"))))
    return ""
