"""Django's settings of the standalone app. conf.py declares what can be configured; this module applies it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from backchannel.site.conf import load
from backchannel.site.database import database
from backchannel.site.folder import kept_secret_key, older_secret_keys, prepare_folder
from backchannel.site.mail import mail_settings
from backchannel.store import backup_marker

CONF = load(os.environ)
prepare_folder(CONF.data)
_HTTPS = CONF.behind_https

SECRET_KEY = CONF.secret_key or kept_secret_key(CONF.data)
SECRET_KEY_FALLBACKS = list(CONF.secret_key_fallbacks) if CONF.secret_key else older_secret_keys(CONF.data)
DEBUG = False
ALLOWED_HOSTS = CONF.hosts
ROOT_URLCONF = "backchannel.site.urls"
USE_TZ = True
TIME_ZONE = "UTC"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# What the chat itself needs from Django's settings; an embedding site sets the same dictionary.
BACKCHANNEL: dict[str, Any] = {
    "ORIGINS": CONF.origins,
    "REDIS_URLS": CONF.redis_url,
    "METRICS": "open" if CONF.metrics_listen is None else False,
    "HEARTBEAT_S": CONF.heartbeat_s,
    "ARRIVALS_AT_ONCE": CONF.arrivals_at_once,
    "ARRIVALS_WAITING": CONF.arrivals_waiting,
    "PERSON": CONF.person or None,
    "FILES": CONF.files,
    "UPLOAD_TOTAL": CONF.upload_total or None,
    "SCAN": CONF.scan,
    "PUSH_CONTACT": CONF.push_contact_or_origin,
    "PUSH_SERVICES": CONF.push_services,
    "ANALYTICS": CONF.analytics,
    "ANALYTICS_ADDRESSES": CONF.analytics_addresses,
    "ANALYTICS_NETWORKS": CONF.analytics_networks or None,
    "KEEP_CONNECTIONS_DAYS": CONF.keep_connections_days,
    "KEEP_CONNECTIONS_ROWS": CONF.keep_connections_rows,
    "BACKUP_MARKER": str(CONF.data / backup_marker.NAME),
    "LIMITS": {
        "upload_size": CONF.upload_size,
        "upload_quota": CONF.upload_quota,
        "sends_per_second": CONF.sends_per_second,
        "send_burst": CONF.send_burst,
        "commands_per_second": CONF.commands_per_second,
        "changes_per_second": CONF.changes_per_second,
        "change_burst": CONF.change_burst,
        "rooms": CONF.rooms,
        "rooms_created_per_day": CONF.rooms_created_per_day,
        "people_added_per_day": CONF.people_added_per_day,
        "connections": CONF.connections,
        "content_bytes": CONF.content_bytes,
    },
}

INSTALLED_APPS = [
    "backchannel.store",
    "backchannel.accounts",
    "backchannel.site.apps.SiteConfig",
    "backchannel.site.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.headless",
]

# Runs for Django's pages only, never for the two transports.
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "backchannel.site.input_guard.InputGuard",
    "backchannel.accounts.session_cookie.OneSessionCookie",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "backchannel.accounts.sign_ins.SignIns",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "backchannel.accounts.access_guard.AccessGuard",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).parent / "templates"],
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

DATABASES = {"default": database(CONF.database_url, CONF.data)}
# Unused: limits have their own store (accounts/attempts.py).
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

STATIC_URL = "/static/"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    # Vite has hashed the names of its files already.
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# Only the chat stores files, and serves them itself.
MEDIA_ROOT = ""

# --- Accounts -------------------------------------------------------------------------------------

AUTH_USER_MODEL = "backchannel_accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "backchannel.accounts.hashers.Argon2",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
    "django.contrib.auth.hashers.ScryptPasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "/"
LOGIN_REDIRECT_URL = "/"

HEADLESS_ONLY = True
HEADLESS_CLIENTS = ("browser",)
HEADLESS_ADAPTER = "backchannel.accounts.adapter.HeadlessAdapter"
HEADLESS_FRONTEND_URLS = {
    "account_confirm_email": "/verify-email/{key}",
    "account_reset_password": "/reset-password",
    "account_reset_password_from_key": "/reset-password/{key}",
    "account_signup": "/",
}
ACCOUNT_ADAPTER = "backchannel.accounts.adapter.AccountAdapter"
ACCOUNT_SIGNUP_FORM_CLASS = "backchannel.accounts.signup.SignupForm"
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_USERNAME_VALIDATORS = "backchannel.accounts.usernames.validators"
ACCOUNT_USERNAME_MIN_LENGTH = 1
ACCOUNT_PRESERVE_USERNAME_CASING = False
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_SESSION_REMEMBER = True
# A session alone cannot change how an account is recovered: the password is required, once per so many seconds.
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
ACCOUNT_EMAIL_NOTIFICATIONS = True
# accounts/limits.py counts instead: allauth would count in the cache, which anyone can fill, and fail without Redis.
ACCOUNT_RATE_LIMITS = False
# A reset for an unknown address sends nothing: otherwise anyone could have mail sent to anyone.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
BACKCHANNEL_SIGNUP = CONF.signup
BACKCHANNEL_DATA_FOLDER = CONF.data
BACKCHANNEL_SETUP_HOSTS = CONF.setup_hosts

SESSION_ENGINE = "backchannel.accounts.sessions"
SESSION_COOKIE_AGE = CONF.session_days * 24 * 60 * 60
# __Host- keeps other hosts of the same domain from setting this cookie; browsers require Secure for it.
SESSION_COOKIE_NAME = "__Host-backchannel" if _HTTPS else "backchannel"
SESSION_COOKIE_SECURE = _HTTPS
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "__Host-csrftoken" if _HTTPS else "csrftoken"
CSRF_COOKIE_SECURE = _HTTPS
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_TRUSTED_ORIGINS = list(CONF.origins)
# Not in a cookie, Django's first choice: messages may be for their reader's eyes only.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
CSRF_FAILURE_VIEW = "backchannel.accounts.problems.csrf_failed"

# --- Headers --------------------------------------------------------------------------------------

SECURE_HSTS_SECONDS = 31_536_000 if _HTTPS else 0
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", *CONF.picture_origins],
        "media-src": ["'self'"],
        "font-src": ["'self'"],
        # Safari before 15.4 does not include the WebSocket in 'self'.
        "connect-src": ["'self'", *(origin.replace("http", "ws", 1) for origin in CONF.origins)],
        "worker-src": ["'self'"],
        "manifest-src": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
    }
}

# --- The rest -------------------------------------------------------------------------------------

vars().update(mail_settings(CONF.mail_url, CONF.mail_from))
# Only the admin pages post forms to Django.
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
LOGGING_CONFIG = None
"""site/logging.py configures logging before Django is set up."""
