"""manage.py import_records customers.Customer FILE: the same import as on the screens, for scripts.

Exit code 0 also where rows were refused, 2 where the file (or the wish) was. With --json the outcome is one JSON object.
"""

import json
import sys
from pathlib import Path

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError

from admin_config.spreadsheets import running
from admin_config.spreadsheets.reading import FileRefused, read_table
from admin_config.spreadsheets.runs import record_run
from models.lowcode.models import ImportMapping
from models.org.models import User


class Command(BaseCommand):
    help = "Import a spreadsheet (csv, xlsx, xls, ods) into a record type."

    def add_arguments(self, parser):
        parser.add_argument("record_type", help="for example customers.Customer")
        parser.add_argument("file", type=Path)
        parser.add_argument("--mapping", help="name of a saved column mapping")
        parser.add_argument("--sheet", default="", help="name of the sheet; else the first that holds anything")
        parser.add_argument("--lines", type=Path, help="a file of the documents' lines, where they lie in one of their own")
        parser.add_argument("--preview", action="store_true", help="check only, write nothing")
        parser.add_argument("--as", dest="username", metavar="USER", help="the person whose rights hold; else the administrator's")
        parser.add_argument("--effective", action="store_true", help="bring documents in as history that took effect, not as drafts")
        parser.add_argument("--json", action="store_true")

    def handle(self, *, record_type, file, mapping, sheet, lines, preview, username, effective, json, **options):
        try:
            outcome = self.run(record_type, file, mapping, sheet, lines, preview, username, effective)
        except FileRefused as refused:
            problem = {"row": refused.row, "column": refused.column, "value": refused.value, "message": refused.message}
            self.say({**running.answer("refused"), "refused": [problem]}, json)
            sys.exit(2)
        self.say(outcome, json)

    def run(self, record_type, file, mapping, sheet, lines, preview, username, effective):
        """The outcome as a dictionary. Raises FileRefused."""
        try:
            model = apps.get_model(record_type)
        except (LookupError, ValueError):
            raise CommandError(f"There is no record type {record_type}.") from None
        if not file.is_file():
            raise FileRefused(f"There is no file {file}.")
        user = self.person(username)
        saved = self.saved(model, mapping)
        columns, wanted = (saved.columns, dict(saved.options)) if saved else (None, {})
        if effective:
            wanted["effective"] = True
        table = read_table(file, sheet or wanted.get("sheet", ""))
        line_sheet = (wanted.get("lines") or {}).get("sheet", "")
        line_table = read_table(lines or file, line_sheet) if lines or line_sheet else None
        work = running.prepare(model, user, table, columns=columns, options=wanted, line_table=line_table)
        if preview:
            return running.answer("preview", running.check(work))
        plan, changeset = running.apply(work, source=file.name)
        record_run(model, user, file, table.sheet, saved, plan, changeset)
        return running.answer("imported", plan, changeset)

    def person(self, username):
        if not username:
            return running.System()
        user = User.objects.select_related("employee").filter(username=username, is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active user {username}.")
        return user

    def saved(self, model, name):
        if not name:
            return None
        found = ImportMapping.objects.filter(record_type=model._meta.label_lower, name=name).first()
        if found is None:
            raise CommandError(f"There is no column mapping “{name}” for {model._meta.label}.")
        return found

    def say(self, outcome, as_json):
        if as_json:
            self.stdout.write(json.dumps(outcome, ensure_ascii=False))
            return
        self.stdout.write(f"{outcome['status']}: {outcome['new']} new, {outcome['changed']} changed, {outcome['unchanged']} unchanged")
        for one in outcome["refused"][:50]:
            self.stdout.write(f"  {one['row'] or ''} {one['column']}: {one['message']}")
