"""The URLs of the standalone app that Django answers. /api, /ws and /static never reach it."""

from django.contrib import admin
from django.urls import include, path, re_path

from backchannel.accounts import urls as account_urls
from backchannel.accounts.problems import no_such_address
from backchannel.site.typed_passwords import take_passwords_as_typed
from backchannel.web.page import page, worker

admin.autodiscover()
take_passwords_as_typed()

handler400 = "backchannel.accounts.problems.bad_request"
handler500 = "backchannel.accounts.problems.server_error"

urlpatterns = [
    path("account/", include(account_urls)),
    # allauth has these even without telephone numbers; nobody has one here, and its views would break.
    re_path(r"^_allauth/browser/v1/(?:account/phone|auth/phone/)", no_such_address),
    path("_allauth/", include("allauth.headless.urls")),
    # A page of the app, which asks /api/fleet; to others than staff it is the chat.
    path("admin/fleet", page),
    path("admin/", admin.site.urls),
    path("sw.js", worker),
    re_path(r"^(?!(?:api|ws|static|account|_allauth|admin)(?:/|$))(?P<path>.*)$", page),
]
