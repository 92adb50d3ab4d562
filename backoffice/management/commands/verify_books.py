"""manage.py verify_books: are the books of this database right? Exit code 1 where something is wrong."""

import json
import sys
import time

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils.translation import gettext as _

from models.base.verification import checks, verify


class Command(BaseCommand):
    help = "Check that balances, receivables, counts, totals, numbers, figures and history agree; name document and row where not."
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
        parser.add_argument("--only", action="append", metavar="CHECK", help="run only this check; may be given several times")
        parser.add_argument("--list", action="store_true", help="list the checks")

    def handle(self, *, only, verbosity, **options):
        known = checks()
        if options["list"]:
            for name, (label, _function) in known.items():
                self.stdout.write(f"{name:<34}{label}")
            return
        if unknown := set(only or ()) - set(known):
            raise CommandError(_("There is no check named %(names)s; --list names them all.") % {"names": ", ".join(sorted(unknown))})
        started = time.monotonic()
        with transaction.atomic():  # one picture of the database
            found = verify(only)
        seconds = time.monotonic() - started
        if options["json"]:
            self._write_json(found, only or known, seconds)
        else:
            self._write_table(found, only or known, seconds)
        if found:
            sys.exit(1)

    def _write_json(self, found, names, seconds):
        findings = [{"check": one.check, "document": one.document, "row": one.row, "sentence": one.sentence} for one in found]
        answer = {"status": "wrong" if found else "right", "checks": list(names), "seconds": round(seconds, 2), "findings": findings}
        self.stdout.write(json.dumps(answer, ensure_ascii=False))

    def _write_table(self, found, names, seconds):
        for name in names:
            label, _function = checks()[name]
            wrong = [one for one in found if one.check == name]
            self.stdout.write(f"{'✗' if wrong else '✓'} {label}" + (f": {len(wrong)}" if wrong else ""))
            for one in wrong:
                self.stdout.write(f"    {one.document}  ·  {one.row}  ·  {one.sentence}")
        words = {"checks": len(names), "findings": len(found), "seconds": f"{seconds:.1f}"}
        self.stdout.write(_("%(checks)s checks, %(findings)s findings, %(seconds)s s.") % words)
