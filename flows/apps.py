from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class FlowsConfig(AppConfig):
    name = "flows"
    verbose_name = _("Approvals")

    def ready(self):
        from flows import reminders, route  # noqa: F401 (fills the protocols, declares the repeating task)
        from flows.buttons import DEEDS
        from models.audit.reasons import name_reasons

        name_reasons({f"approval {key}": deed.label for key, deed in DEEDS.items()})
        name_reasons({"nudge": DEEDS["nudge"].label, "approval reminder": _("Reminder")})
