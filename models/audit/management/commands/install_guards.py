from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from models.audit import install


class Command(BaseCommand):
    help = "Put the database's guards (history, locks, append-only) right, or with --check only say what is wrong."

    def add_arguments(self, parser):
        parser.add_argument("--check", action="store_true", help="Change nothing; fail if a guard is missing, disabled or changed.")

    def handle(self, *, check, **options):
        found = install.problems(connection) if check else install.install_guards(connection)
        for problem in found:
            self.stdout.write(f"Guard {problem}{'' if check else ': put right'}.")
        if check and found:
            raise CommandError(f"{len(found)} guards are not as declared.")
        if not found:
            self.stdout.write("All guards stand as declared.")
