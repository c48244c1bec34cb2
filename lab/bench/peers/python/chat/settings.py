"""DATABASE: the path of a SQLite file or the URL of a PostgreSQL; KIND: view, ninja or drf. No middleware, as it only costs."""

import os
from urllib.parse import urlsplit

SECRET_KEY = "a benchmark"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "chat.urls"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "rest_framework",
    "rest_framework.authtoken",
    "chat",
]
MIDDLEWARE = []
KIND = os.environ["KIND"]
# The default writes every 4xx to stderr.
LOGGING_CONFIG = None

DATABASE = os.environ["DATABASE"]
if DATABASE.startswith("postgresql:"):
    _url = urlsplit(DATABASE)
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": _url.path.strip("/"),
            "USER": _url.username,
            "HOST": _url.hostname,
            "PORT": _url.port,
            "OPTIONS": {"pool": {"min_size": 4, "max_size": 16, "timeout": 30}},
        }
    }
else:
    # As durable as the other side: every commit is synced.
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": DATABASE,
            "OPTIONS": {
                "timeout": 30,
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL",
            },
        }
    }
# Threads of a WSGI server live on, and so may their connections; under ASGI Django advises against it.
if KIND == "drf":
    DATABASES["default"]["CONN_MAX_AGE"] = 60 if "pool" not in DATABASES["default"]["OPTIONS"] else 0
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["chat.bearer.BearerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
}
