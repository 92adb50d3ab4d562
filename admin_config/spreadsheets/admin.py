"""The pages of a record type's spreadsheets: upload, map, check, apply, result; export.

Put before RecordPages among the bases of a screen.
"""

import copy
from pathlib import Path

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from admin_config.spreadsheets import exporting, mapping, running, runs, tasks
from admin_config.spreadsheets.columns import Description
from admin_config.spreadsheets.effective import EFFECTIVE, VERB
from admin_config.spreadsheets.forms import MapForm, UploadForm
from admin_config.spreadsheets.reading import MOST_BYTES, FileRefused
from models.audit.changes import changes
from models.audit.models import Job
from models.audit.progress import progress_of
from models.base import policy
from models.lowcode.models import ImportMapping, ImportRun

SHOWN_ROWS = 20
SHOWN_ERRORS = 200
SELECTED = "ids"
STEPS = [
    ("upload", gettext_lazy("Upload")),
    ("map", gettext_lazy("Columns")),
    ("check", gettext_lazy("Check")),
    ("result", gettext_lazy("Result")),
]


@admin.action(description=gettext_lazy("Export"))
def export_selected(screen, request, queryset):
    """On to the export page, with the selected rows or with all that the list's filter leaves."""
    query = request.GET.copy()
    if request.POST.get("select_across") != "1":
        query[SELECTED] = ",".join(str(key) for key in queryset.values_list("pk", flat=True)[:1000])
    return HttpResponseRedirect(f"{screen.link('export')}?{query.urlencode()}")


class SpreadsheetAdmin:
    """Mixin: import and export of a record type. What nobody may write has no import; rights are asked at every step."""

    def get_urls(self):
        name, view = f"{self.opts.app_label}_{self.opts.model_name}", self.admin_site.admin_view
        own = [
            path("import/", view(self.upload_view), name=f"{name}_import"),
            path("import/template/", view(self.template_view), name=f"{name}_import_template"),
            path("import/<str:token>/columns/", view(self.map_view), name=f"{name}_import_map"),
            path("import/<str:token>/", view(self.check_view), name=f"{name}_import_check"),
            path("import/<str:token>/result/", view(self.result_view), name=f"{name}_import_result"),
            path("import/<str:token>/refused/", view(self.refused_rows_view), name=f"{name}_import_refused"),
            path("export/", view(self.export_view), name=f"{name}_export"),
        ]
        return own + super().get_urls()

    # -- rights and links ----------------------------------------------------------------------------------------------

    def description(self, request, **options):
        """The columns of this record type for the person."""
        return Description(self.model, request.user, self, **options)

    def may_import(self, request):
        """True if the person may import, and anybody may write this kind of record."""
        if not self.has_import_permission(request):
            return False
        found = self.description(request)
        return found.may_add or found.may_change

    def may_bring_in(self, request):
        """True if the person may bring in effective history of this kind."""
        return self.model in EFFECTIVE and bool(policy.may(request.user, VERB, self.model))

    def list_tools(self, request):
        tools = list(super().list_tools(request))
        if self.may_import(request):
            tools.append({"label": _("Import"), "icon": "upload", "link": self.link("import")})
        if self.has_export_permission(request):
            query = request.GET.urlencode()
            tools.append({"label": _("Export"), "icon": "download", "link": self.link("export") + (f"?{query}" if query else "")})
        return tools

    def get_actions(self, request):
        actions = super().get_actions(request)
        if self.has_export_permission(request):
            actions["export_selected"] = (export_selected, "export_selected", _("Export"))
        return actions

    def _import_allowed(self, request):
        if not self.may_import(request):
            raise PermissionDenied

    def _run(self, request, token):
        """The person's own run of this record type. Raises Http404 for every other."""
        self._import_allowed(request)
        found = ImportRun.objects.filter(token=token, user=request.user, record_type=self.opts.label_lower).first()
        if found is None:
            raise Http404
        return found

    def _page(self, request, template, step, **context):
        request.current_app = self.admin_site.name
        number = [key for key, _label in STEPS].index(step)
        own = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Import %(names)s") % {"names": self.opts.verbose_name_plural},
            "list_link": self.link("changelist"),
            "steps": [(label, place == number, place < number) for place, (_key, label) in enumerate(STEPS)],
        }
        return TemplateResponse(request, f"spreadsheets/{template}.html", own | context)

    def _file(self, data, name, kind):
        response = HttpResponse(data, content_type=kind)
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        response["Cache-Control"] = "no-store"
        return response

    # -- the way in ----------------------------------------------------------------------------------------------------

    def template_view(self, request):
        """An empty workbook with the right headings."""
        self._import_allowed(request)
        return self._file(exporting.template(self.description(request)), f"{self.opts.model_name}.xlsx", exporting.FORMATS["xlsx"])

    def upload_view(self, request):
        """The file, and a saved mapping if one fits. A file whose headings are all known goes straight to the check."""
        self._import_allowed(request)
        form = UploadForm(self.model, request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            upload, chosen = form.cleaned_data["file"], form.cleaned_data["mapping"]
            if upload.size > MOST_BYTES:
                form.add_error("file", _("The file has more than %(size)s MB. Split it.") % {"size": MOST_BYTES // 1024 // 1024})
            else:
                run = runs.start_run(self.model, request.user, upload.chunks(), upload.name)
                try:
                    return self._next_of_upload(request, run, chosen)
                except FileRefused as refused:
                    runs.fail(run, refused.message)
                    form.add_error("file", refused.message)
        return self._page(request, "upload", "upload", form=form, template_link=self.link("import_template"))

    def _next_of_upload(self, request, run, chosen):
        options = dict(chosen.options) if chosen else {}
        table = runs.read_run(run, options.get("sheet", ""))
        if chosen:
            self._use(request, run, chosen.columns, options, chosen)
        work = self._work(request, run, table, strict=False)
        if work.unknown and not chosen or not work.sources or not work.gathered.heads:
            return HttpResponseRedirect(self.link("import_map", run.token))
        return HttpResponseRedirect(self.link("import_check", run.token))

    def _use(self, request, run, columns, options, saved=None):
        """Keep how the file is to be understood. Effective history only for whom it is allowed."""
        if options.get("effective") and not self.may_bring_in(request):
            options = {name: value for name, value in options.items() if name != "effective"}
        run.columns, run.options, run.mapping = columns, options, saved
        run.state = ImportRun.State.UPLOADED
        run.save(update_fields=["columns", "options", "mapping", "state"])
        sheet = (options.get("lines") or {}).get("sheet")
        if sheet:
            runs.read_lines(run, sheet)

    def _work(self, request, run, table=None, *, strict=True):
        return runs.work_of(run, request.user, table, strict=strict)

    def map_view(self, request, token):
        """Which column of the file is which field; fixed values for fields it lacks; saved for the next time."""
        run = self._run(request, token)
        table = runs.kept_table(run)
        if table is None or run.state not in (ImportRun.State.UPLOADED, ImportRun.State.CHECKED):
            return HttpResponseRedirect(self.link("import_result", token))
        if request.method == "POST" and request.POST.get("sheet") not in (None, "", table.sheet):
            return self._other_sheet(request, run, request.POST["sheet"])
        opened = EFFECTIVE[self.model].opened if self.may_bring_in(request) else ()
        form = MapForm(
            self.description(request, opened=opened),
            table,
            request.POST if request.method == "POST" else None,
            columns=run.columns,
            options=run.options,
            may_bring_in=self.may_bring_in(request),
            name=run.mapping.name if run.mapping_id else "",
            may_save=bool(policy.may(request.user, "add", ImportMapping)),
        )
        if request.method == "POST" and form.is_valid():
            try:
                self._use(request, run, form.columns, form.options, self._saved(request, form))
                self._work(request, run, table)
                return HttpResponseRedirect(self.link("import_check", token))
            except FileRefused as refused:
                form.error = refused.message
        return self._page(request, "map", "map", run=run, form=form)

    def _other_sheet(self, request, run, sheet):
        try:
            runs.read_run(run, sheet)
            self._use(request, run, {}, {})
        except FileRefused as refused:
            messages.error(request, refused.message)
        return HttpResponseRedirect(self.link("import_map", run.token))

    def _saved(self, request, form):
        """The mapping under the name the person gave, new or replaced."""
        if not form.save_as or not policy.may(request.user, "add", ImportMapping):
            return None
        with changes("form", request=request):
            found = ImportMapping.objects.filter(record_type=self.opts.label_lower, name=form.save_as).first()
            if found is not None and not policy.may(request.user, "change", found):
                raise FileRefused(_("The column mapping “%(name)s” is not yours to replace.") % {"name": form.save_as})
            found = found or ImportMapping(record_type=self.opts.label_lower, name=form.save_as)
            found.columns, found.options = form.columns, form.options
            found.save()
        return found

    def check_view(self, request, token):
        """GET: what the file would do. POST: does it, once."""
        run = self._run(request, token)
        if run.state not in (ImportRun.State.UPLOADED, ImportRun.State.CHECKED):
            return HttpResponseRedirect(self.link("import_result", token))
        table = runs.kept_table(run)
        try:
            work = self._work(request, run, table)
            if request.method == "POST":
                return self._apply(request, run, work)
            plan = running.check(work)
        except FileRefused as refused:
            messages.error(request, refused.message)
            return HttpResponseRedirect(self.link("import_map", token))
        runs.keep_check(run, plan)
        return self._page(
            request,
            "check",
            "check",
            run=run,
            plan=plan,
            headings=[source.heading for source in [*work.sources, *work.line_sources]],
            first_rows=runs.first_rows(work, plan, SHOWN_ROWS),
            errors=plan.refusals()[:SHOWN_ERRORS],
            more_errors=max(0, len(plan.refusals()) - SHOWN_ERRORS),
            computed=work.computed,
            left_out=[heading or mapping.column_letter(place) for place, heading in work.unknown],
            wanted=len(plan.new) + len(plan.changed),
            map_link=self.link("import_map", token),
            refused_link=self.link("import_refused", token),
            is_effective=bool(work.effective),
        )

    def _apply(self, request, run, work):
        if not ImportRun.objects.filter(pk=run.pk, state=ImportRun.State.CHECKED).update(state=ImportRun.State.RUNNING):
            return HttpResponseRedirect(self.link("import_result", run.token))  # sent twice, or never checked
        if work.is_long:
            tasks.enqueue(run, capfirst(_("Import %(names)s") % {"names": self.opts.verbose_name_plural}))
        else:
            runs.carry_out(run, work, request=request)
        return HttpResponseRedirect(self.link("import_result", run.token))

    def result_view(self, request, token):
        """What came of it; while it runs, how far it is."""
        run = self._run(request, token)
        if run.state in (ImportRun.State.UPLOADED, ImportRun.State.CHECKED):
            return HttpResponseRedirect(self.link("import_check", token))
        job = Job.objects.filter(pk=run.job_id).first() if run.job_id else None
        done, total, message = progress_of(job) if job else (0, 0, "")
        return self._page(
            request,
            "result",
            "result",
            run=run,
            is_open=run.state in (ImportRun.State.WAITING, ImportRun.State.RUNNING),
            is_failed=run.state == ImportRun.State.FAILED,
            done=done,
            total=total,
            message=message or run.message,
            errors=runs.refusals_of(run)[:SHOWN_ERRORS],
            refused_link=self.link("import_refused", token),
            again_link=self.link("import"),
            changeset_link=self._changeset_link(request, run),
        )

    def _changeset_link(self, request, run):
        """The journal entry of the import, where the person may see the journal."""
        from django.urls import NoReverseMatch, reverse

        from models.audit.models import ChangeSet

        if not run.changeset or not policy.may(request.user, "view", ChangeSet):
            return ""
        try:
            return reverse(f"{self.admin_site.name}:audit_changeset_change", args=(run.changeset,))
        except NoReverseMatch:
            return ""

    def refused_rows_view(self, request, token):
        """The refused rows as a workbook, each with what is wrong: to be mended and imported again."""
        run = self._run(request, token)
        try:
            work = self._work(request, run, strict=False)
        except FileRefused as refused:
            messages.error(request, refused.message)
            return HttpResponseRedirect(self.link("import_result", token))
        name = f"{Path(run.file_name).stem[:60]} - {_('refused')}.xlsx"
        return self._file(runs.refused_workbook(run, work), _ascii(name), exporting.FORMATS["xlsx"])

    # -- the way out ---------------------------------------------------------------------------------------------------

    def export_view(self, request):
        """GET: which rows, which columns, which kind of file. POST: the file."""
        if not self.has_export_permission(request):
            raise PermissionDenied
        description = self.description(request)
        rows, words = self._chosen_rows(request)
        if request.method == "POST":
            kind = request.POST.get("format", "xlsx")
            columns = [name for name in request.POST.getlist("columns") if description.find(name)] or None
            try:
                data, _rows = exporting.export(
                    description,
                    rows,
                    kind if kind in exporting.FORMATS else "xlsx",
                    columns=columns,
                    selection=words,
                    marked="marked" in request.POST,
                )
                return self._file(data, f"{self.opts.model_name}.{kind}", exporting.FORMATS[kind])
            except exporting.TooMany:
                messages.error(request, _("More than %(most)s records: narrow the list first.") % {"most": f"{exporting.MOST_RECORDS:,}"})
            except KeyError:
                messages.error(request, _("There is no such kind of file."))
        shown = {column.name for column in description.shown}
        allowed, _columns = exporting.allowed(description, rows)
        return self._page(
            request,
            "export",
            "upload",
            title=_("Export %(names)s") % {"names": self.opts.verbose_name_plural},
            columns=[(column, description.heading(column), column.name in shown) for column in description.columns],
            count=allowed.count(),
            is_selection=SELECTED in request.GET,
            is_narrowed=bool(request.GET),
        )

    def _chosen_rows(self, request):
        """(the records of the list as it is filtered, or of the selection; the choice in words for the log)."""
        query = request.GET.copy()
        keys = [key for key in query.pop(SELECTED, [""])[-1].split(",") if key]
        for name in ("p", "e"):
            query.pop(name, None)
        if keys:
            rows = self.get_queryset(request)
            try:
                return rows.filter(pk__in=[self.opts.pk.to_python(key) for key in keys[:1000]]), f"{SELECTED}={','.join(keys)}"
            except Exception as error:
                raise Http404 from error
        asked = copy.copy(request)
        asked.method, asked.GET, asked.POST = "GET", query, QueryDict()
        try:
            return self.get_changelist_instance(asked).get_queryset(asked), query.urlencode()
        except IncorrectLookupParameters:
            raise Http404 from None


def _ascii(name):
    return "".join(character if 32 <= ord(character) < 127 and character not in '"\\/' else "_" for character in name)
