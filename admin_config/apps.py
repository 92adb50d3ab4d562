from django.apps import AppConfig


class ScreensConfig(AppConfig):
    name = "admin_config"
    label = "admin_config"
