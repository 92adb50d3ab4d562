from django.apps import AppConfig
from django.core import checks
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.translation import gettext_lazy as _


class AuditConfig(AppConfig):
    name = "models.audit"
    label = "audit"
    verbose_name = _("Audit")

    def ready(self):
        from models.audit import connections, install, tasks  # noqa: F401  (declares the repeating tasks)
        from models.audit.changes import changes
        from models.base import context
        from models.base.protocols import current_changeset, open_changes

        connection_created.connect(connections.prepare, dispatch_uid="audit_prepare")
        pre_migrate.connect(install.before_migrate, dispatch_uid="audit_before_migrate")
        post_migrate.connect(install.after_migrate, dispatch_uid="audit_after_migrate")
        checks.register(install.check_guards, checks.Tags.database)
        open_changes.fill(changes)
        current_changeset.fill(context.current_changeset)
