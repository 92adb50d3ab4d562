"""Settings. What differs between installations comes from the environment (BACKOFFICE_…); what is decided stands here."""

import os
import sys
from pathlib import Path

import dj_database_url
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent

# The business areas from the top of the house to its foundation. A model may point sideways or down this list, never up.
AREAS = ["sales", "finance", "stock", "products", "customers", "office", "lowcode", "audit", "org", "base"]

DEBUG = os.environ.get("BACKOFFICE_DEBUG") == "1"
VARIABLE_DIR = Path(os.environ.get("BACKOFFICE_VAR", BASE_DIR / "var"))


def _secret_key():
    """The key from the environment, else one made once and kept beside the database with rights for its owner only."""
    if key := os.environ.get("BACKOFFICE_SECRET_KEY"):
        return key
    path = VARIABLE_DIR / "secret_key"
    if not path.exists():
        from django.core.management.utils import get_random_secret_key

        VARIABLE_DIR.mkdir(parents=True, exist_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(get_random_secret_key())
    return path.read_text().strip()


SECRET_KEY = _secret_key()
ALLOWED_HOSTS = os.environ.get("BACKOFFICE_HOSTS", "127.0.0.1,localhost,[::1],testserver").split(",")
CSRF_TRUSTED_ORIGINS = [o for o in os.environ.get("BACKOFFICE_ORIGINS", "").split(",") if o]

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",  # not the default: that one puts its own site in place of ours
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.inlines",
    "unfold.contrib.import_export",
    "unfold.contrib.simple_history",
    "admin_config.adminapp.BackofficeAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "import_export",
    "simple_history",
    "django_filters",
    "viewflow.workflow",
    "django_tasks",
    "django_tasks_db",
    *(f"models.{area}" for area in reversed(AREAS)),
    "flows",
    "dashboards",
    "admin_config",
    "backoffice",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "backoffice.middleware.RefuseBrokenText",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "backoffice.middleware.ActingUser",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "backoffice.urls"
WSGI_APPLICATION = "backoffice.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "admin_config" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

DATABASES = {
    "default": dj_database_url.parse(
        os.environ.get("BACKOFFICE_DATABASE_URL", f"sqlite:///{VARIABLE_DIR / 'backoffice.sqlite3'}"),
        conn_max_age=60,
        conn_health_checks=True,
    )
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    VARIABLE_DIR.mkdir(parents=True, exist_ok=True)
    # IMMEDIATE: a read-then-write transaction must queue, not fail with "database is locked".
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-65536; PRAGMA temp_store=MEMORY;",
    }
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "org.User"
AUTHENTICATION_BACKENDS = ["models.org.backends.RoleBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "admin:login"
CSRF_FAILURE_VIEW = "admin_config.errors.csrf_failure"
SESSION_COOKIE_AGE = 12 * 3600

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文"), ("zh-hant", "繁體中文")]
LOCALE_PATHS = [BASE_DIR / "backoffice" / "locale"]
LANGUAGE_COOKIE_NAME = "language"
TIME_ZONE = os.environ.get("BACKOFFICE_TIME_ZONE", "Asia/Shanghai")
USE_TZ = True
USE_THOUSAND_SEPARATOR = False
FORMAT_MODULE_PATH = "backoffice.formats"

STATIC_URL = "static/"
STATIC_ROOT = VARIABLE_DIR / "static"
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 3600
MEDIA_ROOT = Path(os.environ.get("BACKOFFICE_MEDIA", VARIABLE_DIR / "media"))

TASKS = {
    "default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default", "high", "outbox"]},
}

EMAIL_BACKEND = os.environ.get("BACKOFFICE_EMAIL_BACKEND", "django.core.mail.backends.console.EmailBackend")
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10000
DATA_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024
X_FRAME_OPTIONS = "SAMEORIGIN"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"

SIMPLE_HISTORY_DATE_INDEX = False
IMPORT_EXPORT_USE_TRANSACTIONS = True
SAMPLE_DATA = os.environ.get("BACKOFFICE_SAMPLE_DATA", "")
TESTING = "pytest" in sys.modules
SILENCED_SYSTEM_CHECKS = []

MENU = "backoffice.menu.MENU"

UNFOLD = {
    "SITE_TITLE": _("Backoffice"),
    "SITE_HEADER": _("Backoffice"),
    "SITE_SYMBOL": "inventory_2",
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": True,
    "SIDEBAR": {"show_search": False, "show_all_applications": False, "navigation": "backoffice.menu.navigation"},
    "COMMAND": {"search_models": True, "show_history": False},
    "TABS": "backoffice.menu.tabs",
}
