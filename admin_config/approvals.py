"""Approval on the screens: buttons and their dialogs for whoever has to decide, and the panel on a document."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from admin_config.columns import amount_text
from admin_config.writing import REFUSALS, TOKEN, sentence, write_once
from flows import buttons as deeds
from flows import inbox
from flows.diagram import diagram
from flows.panel import panel
from flows.route import processes_of
from flows.routes import documents
from models.audit.once import new_token
from models.base import policy
from models.org.models import Employee

LONGEST_COMMENT = 2000
INBOX = "inbox"


@dataclass
class ApprovalButton:
    """A deed of an approval in the shape of an operation's button."""

    operation: object
    link: str
    token: str

    @property
    def label(self):
        return self.operation.label

    @property
    def key(self):
        return f"approval-{self.operation.key.replace('_', '-')}"

    @property
    def icon(self):
        return self.operation.icon

    @property
    def danger(self):
        return self.operation.danger

    @property
    def is_main(self):
        return self.operation.is_main

    @property
    def needs_dialog(self):
        return bool(self.operation.asks)


def deed_link(document, deed, task, origin=""):
    """The address of a deed; it names the task it was offered for, and where the person came from."""
    address = reverse("admin:approval_deed", args=[document.DOCUMENT_CODE, document.pk, deed.key])
    named = {"task": task.pk if task is not None else "", "from": origin}
    query = urlencode({name: value for name, value in named.items() if value})
    return f"{address}?{query}" if query else address


def origin_of(request):
    """INBOX where the person came from there, so that the next task follows what he decides."""
    return INBOX if request.GET.get("from") == INBOX else ""


def buttons_of(document, found, origin=""):
    """Buttons for [(deed, task)]."""
    return [ApprovalButton(deed, deed_link(document, deed, task, origin), new_token()) for deed, task in found]


class ApprovalPages:
    """Mixin for a document's screen: the deeds of its approval among its buttons, and the panel beside it."""

    def approval_of(self, request, obj):
        """The Panel of this document for this person, found once per request; None where there is none."""
        if obj is None or not obj.pk or not getattr(obj, "HAS_APPROVAL", False):
            return None
        kept = request.__dict__.setdefault("_panels", {})
        if obj.pk not in kept:
            kept[obj.pk] = panel(obj, request.user)
        return kept[obj.pk]

    def buttons(self, request, obj):
        shown = self.approval_of(request, obj)
        decided = buttons_of(obj, shown.deeds, origin_of(request)) if shown is not None else []
        others = super().buttons(request, obj)
        if any(one.is_main for one in decided):
            for one in others:
                one.is_main = False
        return decided + others

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        context["approval"] = self.approval_of(request, obj if change else None)
        return super().render_change_form(request, context, add, change, form_url, obj)


class DeedPages:
    """Mixin for the inbox's screen: the addresses behind the buttons, on whatever document they stand."""

    def document_of(self, request, code, pk):
        """The document, for those who may see it or have to decide on it; else it is not there."""
        model = documents().get(code)
        document = model._base_manager.filter(pk=pk).first() if model is not None else None
        if document is None:
            raise Http404
        tasks = deeds.open_tasks(document)
        if not policy.may(request.user, "view", document) and deeds.task_for(request.user, tasks) is None:
            raise Http404
        return document, tasks

    def deed_view(self, request, code, pk, key):
        """GET: the dialog. POST: do it, and go to what is next."""
        document, tasks = self.document_of(request, code, pk)
        deed = deeds.DEEDS.get(key)
        if deed is None:
            raise Http404
        task = next((one for one in tasks if str(one.pk) == request.GET.get("task")), None)
        if request.method != "POST":
            return self.deed_page(request, document, deed, task)
        try:
            response = write_once(
                request,
                f"approval:{code}:{pk}:{key}:{request.GET.get('task', '')}",
                lambda: self._carry_out(request, document, deed, task),
                kind="operation",
                reason=f"approval {key}",
            )
        except REFUSALS as error:
            return self.deed_page(request, document, deed, task, sentence(error))
        if request.headers.get("HX-Request"):
            return HttpResponse(status=204, headers={"HX-Redirect": response.url})
        return response

    def _carry_out(self, request, document, deed, task):
        comment = request.POST.get("comment", "").strip()[:LONGEST_COMMENT]
        employee = self._colleague(request, deed)
        if task is None and deed.key != "nudge":
            task = self._task_once_offered(request, document)
        messages.success(request, deeds.carry_out(deed.key, document, request.user, task=task, comment=comment, employee=employee))
        return HttpResponseRedirect(self.next_page(request, document, deed))

    def _task_once_offered(self, request, document):
        """A task somebody else has decided meanwhile: deciding it again is refused with who it was."""
        found = self.model._base_manager.filter(pk=request.GET.get("task") or None, process__object_id=document.pk).first()
        if found is None:
            raise Http404
        return found

    @staticmethod
    def _colleague(request, deed):
        key = request.POST.get("employee", "")
        return deeds.colleagues(request.user).filter(pk=key).first() if "employee" in deed.asks and key.isdecimal() else None

    def after_deed(self, request, document):
        """The document while one may see it, else the inbox."""
        if not policy.may(request.user, "view", document):
            return reverse("admin:inbox")
        origin = origin_of(request)
        return f"{document_link(document)}?from={origin}" if origin else document_link(document)

    def next_page(self, request, document, deed):
        """Whoever came from the inbox and has decided finds the next task open, the longest waiting first."""
        if not origin_of(request) or deed.key not in deeds.DECIDING:
            return self.after_deed(request, document)
        following = inbox.next_task(request.user)
        if following is not None:
            tab = "queuetask" if following.owner_id is None else "mytask"
            return reverse(f"admin:flows_{tab}_change", args=[following.pk])
        messages.info(request, _("Nothing more waits for you."))
        return reverse("admin:inbox")

    def deed_page(self, request, document, deed, task, error=""):
        """The question; after a refusal with what was typed and why not."""
        button = ApprovalButton(deed, request.get_full_path(), request.POST.get(TOKEN) or new_token())
        people = deeds.colleagues(request.user) if "employee" in deed.asks else Employee.objects.none()
        context = {
            **self.admin_site.each_context(request),
            "title": deed.label,
            "original": document,
            "button": button,
            "deed": deed,
            "subject": task.process.subject if task is not None else "",
            "amount": self.amount_of(request, document, task),
            "people": people,
            "comment": request.POST.get("comment", ""),
            "employee": request.POST.get("employee", ""),
            "error": error,
            "back": self.after_deed(request, document),
            "token_name": TOKEN,
        }
        request.current_app = self.admin_site.name
        is_part = bool(request.headers.get("HX-Request"))
        return TemplateResponse(request, "flows/deed_part.html" if is_part else "flows/deed.html", context)

    @staticmethod
    def amount_of(request, document, task):
        """What the task is about in money, for those who decide on it or may see it anyway."""
        if task is None or not (deeds.task_for(request.user, [task]) or policy.may_see(request.user, type(document), "gross")):
            return ""
        return amount_text(task.process.amount)

    def diagram_view(self, request, code, pk):
        """The picture of the document's newest route, loaded when it is asked for."""
        document, _tasks = self.document_of(request, code, pk)
        process = processes_of(document).first()
        if process is None:
            raise Http404
        return HttpResponse(diagram(process))


def document_link(document):
    """The page of a document."""
    return reverse(f"admin:{document._meta.app_label}_{document._meta.model_name}_change", args=[document.pk])


def bulk_sentence(done, refused):
    """What a bulk decision came to."""
    words = _("%(count)s approved.") % {"count": done}
    return f"{words} {_('%(count)s not.') % {'count': refused}}" if refused else words
