"""An API without pages: its front end is served elsewhere, and signs in by SimpleJWT. What the chat needs is at the end."""

import os
from datetime import timedelta
from pathlib import Path

import backchannel

BASE = Path(__file__).parent.parent
DEBUG = os.environ.get("SPA_DEBUG", "yes") == "yes"
# A key of the developer's machine; a server is given its own.
SECRET_KEY = os.environ.get("SPA_SECRET_KEY", "only-for-development-and-32-bytes-long" if DEBUG else "")
ALLOWED_HOSTS = os.environ.get("SPA_HOSTS", "localhost 127.0.0.1").split()
PAGES = os.environ.get("SPA_PAGES", "http://localhost:5173").split()
"""Where the front end is served."""

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "corsheaders",
    "rest_framework",
    "rest_framework_simplejwt.token_blacklist",
    "backend",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "django.middleware.common.CommonMiddleware",
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.environ.get("SPA_DATABASE", BASE / "spa.sqlite3"),
    }
}
ROOT_URLCONF = "backend.urls"
ASGI_APPLICATION = "backend.asgi.application"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CORS_ALLOWED_ORIGINS = PAGES
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework_simplejwt.authentication.JWTAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
}
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=5),
    "ROTATE_REFRESH_TOKENS": True,
    "BLACKLIST_AFTER_ROTATION": True,
}

# --8<-- [start:settings]
INSTALLED_APPS += ["backchannel.store", "backchannel.accounts"]
DATABASES["default"]["OPTIONS"] = backchannel.sqlite_options()  # SQLite alone
BACKCHANNEL = {
    "CORS_ORIGINS": PAGES,
    "AUTHENTICATION": ["backchannel.auth.SimpleJwt"],
}
# --8<-- [end:settings]
# A file: the chat's threads do not see a database in memory.
DATABASES["default"]["TEST"] = {"NAME": BASE / "test.sqlite3"}
