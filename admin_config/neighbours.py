"""The records beside a record: quote → order → deliveries → receivables. Each screen names its own, reading them scoped."""

from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse

from admin_config.columns import amount_text, badge_html
from models.base import policy

MOST_SHOWN = 8


@dataclass
class Neighbour:
    """One kind of record beside another: `find(record)` answers a queryset or a list of keys of `model`."""

    model: type
    find: object
    amount: str = "gross"

    def cards(self, record, user, site):
        """[{title, link, state, amount, is_self}] of those the person may see."""
        rows = self.find(record)
        if rows is None:
            return []
        keys = rows if isinstance(rows, list | tuple | set) else rows.order_by("pk").values("pk")
        found = policy.scope(user, self.model).filter(pk__in=keys).order_by("pk")
        return [self.card(one, user, site) for one in found[:MOST_SHOWN]]

    def card(self, record, user, site):
        """What the strip shows of one record."""
        options = record._meta
        try:
            link = reverse(f"{site.name}:{options.app_label}_{options.model_name}_change", args=[record.pk])
        except NoReverseMatch:
            link = ""
        shows_amount = self.amount and policy.may_see(user, self.model, self.amount)
        return {
            "kind": options.verbose_name,
            "title": str(record),
            "link": link,
            "state": state_html(record),
            "amount": amount_text(getattr(record, self.amount)) if shows_amount else "",
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
    return ""
