"""manage.py compile_translations: the same as compilemessages, without gettext on the machine."""

from django.core.management.base import BaseCommand

from backoffice.translations import compile_translations


class Command(BaseCommand):
    help = "Compile the translations that changed. The demo and the tests do it by themselves."
    requires_system_checks = []

    def handle(self, **options):
        for path in compile_translations():
            self.stdout.write(f"compiled {path}")
