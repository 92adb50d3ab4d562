from django.apps import AppConfig


class BackofficeConfig(AppConfig):
    name = "backoffice"

    def ready(self):
        from backoffice import checks  # noqa: F401 (registers the checks)
