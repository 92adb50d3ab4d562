"""Brings the catalogues of the languages in step with the sources and says what is not yet translated."""

from django.core.management.base import BaseCommand

from backoffice.messages import LANGUAGES, update


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = []

    def handle(self, **_options):
        for language in LANGUAGES:
            self.stdout.write(f"{language}: {update(language)} without translation")
