"""The files of a record: who may see the record may see them, who may change it may add and remove them."""

import hashlib
from urllib.parse import quote

from django.contrib import messages
from django.contrib.contenttypes.models import ContentType
from django.http import FileResponse, Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext as _

from admin_config.writing import REFUSALS, TOKEN, sentence, write_once
from models.audit.once import new_token
from models.base import policy
from models.base.operations import Refusal
from models.base.records import Record
from models.office.models import Attachment

LARGEST = 50 * 1024 * 1024


class FilesPages:
    """Mixin: the files tab of a record and its downloads."""

    def get_urls(self):
        name, view = f"{self.opts.app_label}_{self.opts.model_name}", self.admin_site.admin_view
        own = [
            path("<path:object_id>/files/", view(self.files_view), name=f"{name}_files"),
            path("<path:object_id>/files/<int:file_id>/", view(self.file_view), name=f"{name}_file"),
        ]
        return own + super().get_urls()

    @property
    def has_files(self):
        """Files hang on records and documents, not on reference data and ledgers."""
        return issubclass(self.model, Record)

    def files_of(self, obj):
        """The attachments of a record."""
        kind = ContentType.objects.get_for_model(self.model)
        return Attachment.objects.filter(content_type=kind, object_id=obj.pk).select_related("created_by__employee")

    def files_view(self, request, object_id):
        """GET: the list. POST: a file added (`file`) or removed (`remove`)."""
        obj = self._with_files(request, object_id)
        if request.method == "POST":
            try:
                return write_once(
                    request, f"{self.opts.label_lower}:{obj.pk}:files", lambda: self._changed(request, obj), kind="form", reason="files"
                )
            except REFUSALS as error:
                messages.error(request, sentence(error))
                return HttpResponseRedirect(self.link("change", obj.pk) + "#files")
        context = {
            **self.admin_site.each_context(request),
            "title": _("Files of %(record)s") % {"record": obj},
            "original": obj,
            "screen": self,
            "record_link": self.link("change", obj.pk),
            "files_link": self.link("files", obj.pk),
            "files": [{"file": one, "link": self.link("file", obj.pk, one.pk)} for one in self.files_of(obj)],
            "may_write": bool(policy.may(request.user, "change", obj)),
            "token_name": TOKEN,
            "token": new_token(),
        }
        request.current_app = self.admin_site.name
        is_part = bool(request.headers.get("HX-Request"))
        return TemplateResponse(request, "backoffice/files_part.html" if is_part else "backoffice/files.html", context)

    def _with_files(self, request, object_id):
        if not self.has_files:
            raise Http404
        return self.found(request, object_id)

    def _changed(self, request, obj):
        decision = policy.may(request.user, "change", obj)
        if not decision:
            raise Refusal(decision.why, help=decision.grant)
        if request.POST.get("remove", "").isdecimal():
            self.files_of(obj).filter(pk=request.POST["remove"]).delete()
        else:
            self._add(request.FILES.get("file"), obj)
        return HttpResponseRedirect(self.link("change", obj.pk) + "#files")

    def _add(self, upload, obj):
        if upload is None:
            raise Refusal(_("Choose a file first."))
        if upload.size > LARGEST:
            raise Refusal(_("The file is larger than %(size)s MB.") % {"size": LARGEST // 1024 // 1024})
        digest = hashlib.sha256()
        for chunk in upload.chunks():
            digest.update(chunk)
        upload.seek(0)
        Attachment.objects.create(
            record=obj,
            name=upload.name[:200],
            file=upload,
            size=upload.size,
            sha256=digest.hexdigest(),
            media_type=(upload.content_type or "")[:100],
        )

    def file_view(self, request, object_id, file_id):
        """The content, always as a download: nothing uploaded is ever run by the browser as part of this site."""
        obj = self._with_files(request, object_id)
        attachment = self.files_of(obj).filter(pk=file_id).first()
        if attachment is None or not attachment.file.storage.exists(attachment.file.name):
            raise Http404
        response = FileResponse(attachment.file.open("rb"), content_type="application/octet-stream")
        response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(attachment.name)}"
        response["Content-Security-Policy"] = "default-src 'none'; sandbox"
        response["X-Content-Type-Options"] = "nosniff"
        return response
