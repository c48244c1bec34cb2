"""A product of somebody else's: its own users (UUID keys, sign-in by e-mail), its own pages, and the chat beside them."""

import json
import os

import backchannel

SECRET_KEY = "x" * 50
ALLOWED_HOSTS = ["127.0.0.1"]
INSTALLED_APPS = [
    *os.environ.get("SHOP_FIRST_APPS", "").split(),
    *(["django.contrib.admin"] if os.environ.get("SHOP_ADMIN", "yes") else []),
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "shop",
    *os.environ["SHOP_CHAT_APPS"].split(),
]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ["SHOP_DATABASE"],
        "OPTIONS": {} if os.environ.get("SHOP_PLAIN_SQLITE") else backchannel.sqlite_options(),
    }
}
ASGI_APPLICATION = "shop.asgi.application"
ROOT_URLCONF = "shop.urls"
AUTH_USER_MODEL = os.environ.get("SHOP_USERS", "shop.Customer")
MIGRATION_MODULES = {"users": None}
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
STATIC_URL = "files/" if "files" in os.environ.get("SHOP_BACKCHANNEL", "") else "static/"
SIMPLE_JWT = json.loads(os.environ.get("SHOP_SIMPLE_JWT", "{}"))
FORCE_SCRIPT_NAME = os.environ.get("SHOP_PREFIX")
SESSION_ENGINE = os.environ.get("SHOP_SESSIONS", "django.contrib.sessions.backends.db")
BACKCHANNEL = {"HEARTBEAT_S": 7, "LIMITS": {"content_bytes": 100}, "PERSON": "backchannel.people.PersonAdapter"}
for name in os.environ.get("SHOP_LEFT_OUT", "").split():
    del BACKCHANNEL[name]
BACKCHANNEL.update(json.loads(os.environ.get("SHOP_BACKCHANNEL", "{}")))
globals().update((name, {}) for name in os.environ.get("SHOP_OTHER_SETTINGS", "").split())
