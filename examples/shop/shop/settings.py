"""The shop's settings. What the chat needs is at the end."""

import os
from pathlib import Path

import backchannel

BASE = Path(__file__).parent.parent
DEBUG = os.environ.get("SHOP_DEBUG", "yes") == "yes"
# A key of the developer's machine; a server is given its own.
SECRET_KEY = os.environ.get("SHOP_SECRET_KEY", "only-for-development" if DEBUG else "")
ALLOWED_HOSTS = os.environ.get("SHOP_HOSTS", "localhost 127.0.0.1").split()

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "orders",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("SHOP_DATABASE", BASE / "shop.sqlite3"),
    }
}
ROOT_URLCONF = "shop.urls"
ASGI_APPLICATION = "shop.asgi.application"
AUTH_USER_MODEL = "orders.User"
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/login/"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE / "web" / "dist"]

# --8<-- [start:settings]
INSTALLED_APPS += ["backchannel.store", "backchannel.accounts"]
DATABASES["default"]["OPTIONS"] = backchannel.sqlite_options()  # SQLite alone
BACKCHANNEL = {
    "PATH": "/chat",
    "PERSON": "orders.chat.PersonAdapter",
    "SPACE": "orders.chat.space_of",
    "POLICY": "orders.chat.Policy",
}
# --8<-- [end:settings]
# --8<-- [start:test-database]
# A file: the chat's threads do not see a database in memory.
DATABASES["default"]["TEST"] = {"NAME": BASE / "test.sqlite3"}
# --8<-- [end:test-database]
