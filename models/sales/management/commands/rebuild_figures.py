"""manage.py rebuild_figures: compute the sales figures again from the orders, month by month, and say what was wrong."""

import sys
from datetime import date

from django.core.management.base import BaseCommand, CommandError

from models.sales import folding

SHOWN = 20


def _month(text):
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        raise CommandError(f"{text!r} is not a month such as 2026-03.")


class Command(BaseCommand):
    help = "Compare the sales figures with the approved orders and put them right. Postings wait while a month is written."

    def add_arguments(self, parser):
        parser.add_argument("--month", action="append", metavar="YYYY-MM", help="only this month; may be repeated")
        parser.add_argument("--check", action="store_true", help="change nothing; exit code 1 where something differs")

    def handle(self, *, month, check, **options):
        if not check:
            folding.fold_all()
        chosen = [_month(text) for text in month] if month else folding.months()
        found = 0
        for one in chosen:
            wrong = folding.differences(one, repair=not check)
            for group, column, stored, true in wrong[: max(0, SHOWN - found)]:
                whose = " ".join(str(part) for part in (group[0], *group[2:]))
                self.stdout.write(f"{one:%Y-%m} {whose} {column}: {stored}, the orders say {true}")
            found += len(wrong)
        outcome = "wrong" if check else "put right"
        self.stdout.write(f"{len(chosen)} months, {found} figures {outcome if found else 'differ'}.")
        if check and found:
            sys.exit(1)
