from django.contrib.auth.views import LoginView, LogoutView
from django.contrib.staticfiles.urls import staticfiles_urlpatterns
from django.urls import path

from orders import views

urlpatterns = [
    path("", views.page),
    path("login/", LoginView.as_view()),
    path("logout/", LogoutView.as_view()),
    path("api/orders/", views.orders),
    path("api/orders/<int:number>/ship/", views.ship),
    path("api/orders/<int:number>/cancel/", views.cancel),
    # Only with DEBUG; a server has WhiteNoise or its proxy for them.
    *staticfiles_urlpatterns(),
]
