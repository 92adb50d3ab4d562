"""PrintableAdmin: the print pages of a document, and the counting of its prints."""

from django.contrib import messages
from django.db.models import F
from django.http import Http404, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseNotAllowed
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext as _

from admin_config.printing.images import images_of
from admin_config.printing.layouts import layouts_of
from admin_config.printing.pdf import pdf_of, why_not
from admin_config.printing.printout import printout
from models.audit.changes import changes
from models.base import policy
from models.base.operations import Refusal


class PrintableAdmin:
    """Mixin: printing with the right “print”. Each print is counted on the document, in a change set of its own."""

    def get_urls(self):
        name, view = f"{self.opts.app_label}_{self.opts.model_name}", self.admin_site.admin_view
        own = [
            path("<path:object_id>/print/", view(self.print_view), name=f"{name}_print"),
            path("<path:object_id>/print/<slug:layout>/", view(self.print_view), name=f"{name}_print_layout"),
            path("<path:object_id>/print/<slug:layout>/pdf/", view(self.pdf_view), name=f"{name}_print_pdf"),
            path("<path:object_id>/print/<slug:layout>/count/", view(self.count_view), name=f"{name}_print_count"),
        ]
        return [*(own if layouts_of(self.model) else []), *super().get_urls()]

    def print_links(self, request, obj):
        """[(label, icon, address, is posted)]: the print page in the usual layout, for those who may print."""
        if obj is None or not layouts_of(self.model) or not policy.may(request.user, "print", obj):
            return []
        return [(_("Print"), "print", self.link("print", obj.pk), False)]

    def _layout(self, code):
        found = [layout for layout in layouts_of(self.model) if layout.code == code or not code]
        if not found:
            raise Http404
        return found[0]

    def print_view(self, request, object_id, layout=""):
        """The document as it will be on paper, with the choice of layouts."""
        document, layout = self.found(request, object_id, "print"), self._layout(layout)
        made = printout(layout, document, request.user)
        context = {
            "printout": made,
            "images": images_of(document.company),
            "layouts": [(one, self.link("print_layout", document.pk, one.code)) for one in layouts_of(self.model)],
            "pdf_problem": why_not(len(document.lines.all())),
            "pdf_link": self.link("print_pdf", document.pk, layout.code),
            "count_link": self.link("print_count", document.pk, layout.code),
            "back_link": self.link("change", document.pk) if policy.may(request.user, "view", document) else "",
        }
        return TemplateResponse(request, "printing/page.html", context)

    def pdf_view(self, request, object_id, layout):
        """POST: the PDF, counted as a print."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        document, layout = self.found(request, object_id, "print"), self._layout(layout)
        made = printout(layout, document, request.user)
        html = render_to_string("printing/sheets.html", {"printout": made, "images": images_of(document.company), "is_pdf": True})
        try:
            content = pdf_of(html, sum(len(page.rows) for page in made.pages))
        except Refusal as refusal:
            messages.error(request, str(refusal))
            return HttpResponseRedirect(self.link("print_layout", document.pk, layout.code))
        count_print(request, document)
        response = HttpResponse(content, content_type="application/pdf")
        response["Content-Disposition"] = f'inline; filename="{document.number or document.pk}.pdf"'
        return response

    def count_view(self, request, object_id, layout):
        """POST: the browser is about to print."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        document = self.found(request, object_id, "print")
        self._layout(layout)
        return JsonResponse({"printed": count_print(request, document)})


def count_print(request, document):
    """One print more, of a document or of a customer's statement; returns how many there are now.

    The count is no commercial column: approved documents are counted too.
    """
    with changes("operation", user=request.user, reason=f"print_{type(document)._meta.model_name}", request=request):
        type(document)._base_manager.filter(pk=document.pk).update(print_count=F("print_count") + 1)
    document.refresh_from_db(fields=["print_count"])
    return document.print_count
