"""manage.py seed_demo: the demo company in an empty database; with --logins only how to log in."""

import time

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils.translation import gettext as _

from fixtures import loader
from fixtures.story.telling import tell
from models.org.models import RoleHolder

PASSWORD = "demo-2026"


class Command(BaseCommand):
    help = "Make the demo company: master data, a year of documents, open work in every inbox. All of it, or nothing."

    def add_arguments(self, parser):
        parser.add_argument("--scale", type=int, default=1, help="how many times the usual 180 orders; 10: 20 million a year")
        parser.add_argument("--quick", action="store_true", help="master data only, no documents")
        parser.add_argument("--logins", action="store_true", help="only print the log-ins of the demo company that is there")

    def handle(self, *, scale, quick, logins, verbosity, **options):
        if logins:
            return self.print_logins()
        if get_user_model().objects.exists():
            raise CommandError(_("This database already holds a company; the demo company needs an empty one."))
        if scale < 1:
            raise CommandError(_("The scale is a whole number from 1 on."))
        started = time.monotonic()
        with transaction.atomic():
            loader.load_reference()
            loader.load_company(PASSWORD)
            if not quick:
                tell(scale)
        if verbosity:
            self.stdout.write(_("The demo company was made in %(seconds)s s.") % {"seconds": f"{time.monotonic() - started:.0f}"})

    def print_logins(self):
        """User name, name and roles of the demo company's log-ins; nothing where another company lives."""
        users = get_user_model().objects.filter(employee__company__name__contains="（演示）", is_active=True)
        users = list(users.select_related("employee").order_by("employee__code"))
        if not users:
            return
        roles = {}
        holders = RoleHolder.objects.filter(employee__user__in=users).order_by("pk")
        for employee_id, role in holders.values_list("employee_id", "role__name"):
            roles.setdefault(employee_id, []).append(role)
        self.stdout.write(_("Log-ins of the demo company, all with the password %(password)s:") % {"password": PASSWORD})
        for user in users:
            self.stdout.write(f"  {user.username:<10}{user.employee.name}  {'、'.join(roles.get(user.employee_id, []))}")
