"""The history of a record in words: who changed what, when and why. Read only; scoped and field-righted like the record."""

from dataclasses import replace

from django.http import Http404
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext as _

from models.audit.differences import versions
from models.base import policy
from models.base.policy import HIDE, MASK, READ

MOST_SHOWN = 100


class HistoryPages:
    """Mixin: the history page of a record, and its tab."""

    def get_urls(self):
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        own = [path("<path:object_id>/history/", self.admin_site.admin_view(self.history_view), name=f"{name}_history")]
        return own + [one for one in super().get_urls() if one.name != f"{name}_history"]

    def history_view(self, request, object_id, extra_context=None):
        """Newest first. As a part of the record's page where HTMX asks for it."""
        if getattr(self.model, "history", None) is None:
            raise Http404
        obj = self.found(request, object_id)
        told = [self._visible(request, version) for version in reversed(versions(obj))]
        told = [version for version in told if version.changes or version.operation != "~"]
        start = max(0, _number(request.GET.get("start")))
        context = {
            **self.admin_site.each_context(request),
            "title": _("History of %(record)s") % {"record": obj},
            "original": obj,
            "screen": self,
            "record_link": self.link("change", obj.pk),
            "versions": told[start : start + MOST_SHOWN],
            "more": f"?start={start + MOST_SHOWN}" if len(told) > start + MOST_SHOWN else "",
        }
        request.current_app = self.admin_site.name
        is_part = bool(request.headers.get("HX-Request"))
        return TemplateResponse(request, "backoffice/history_part.html" if is_part else "backoffice/history.html", context)

    def _visible(self, request, version):
        """A version without what the person may not see; masked values show only that there was something."""
        levels = policy.fields(request.user, version.model)
        changes = []
        for change in version.changes:
            level = levels.get(change.field_name.split(".")[0], HIDE)
            if level >= READ:
                changes.append(change)
            elif level == MASK:
                changes.append(replace(change, before=policy.masked(change.before), after=policy.masked(change.after)))
        version.changes = changes
        return version


def _number(text):
    return int(text) if text and text.isdecimal() and len(text) < 9 else 0
