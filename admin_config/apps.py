from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

# What the screens and commands store as the reason of a change, beside operations and the deeds of approvals.
REASONS = {
    "copy": _("Copy"),
    "delete": _("Delete"),
    "delete_selected": _("Delete"),
    "export_selected": _("Export"),
    "approve_selected": _("Approve"),
    "files": _("Files"),
    "save_view": _("Save view"),
    "forget_view": _("Forget this view"),
    "language": _("Language"),
    "create_user": _("New log-in"),
    "reference data": _("reference data"),
    "demo": _("Demo company"),
    "default approval chains": _("Default approval chains"),
}


class ScreensConfig(AppConfig):
    name = "admin_config"
    label = "admin_config"

    def ready(self):
        from admin_config.printing.layouts import LAYOUTS
        from models.audit.reasons import name_reasons

        name_reasons(REASONS | {f"print_{layout.model._meta.model_name}": _("Print") for layout in LAYOUTS})
