from django.urls import path

from backchannel.accounts import views

urlpatterns = [
    path("state", views.state),
    path("setup", views.setup),
    path("profile", views.profile),
    path("invitations", views.create_invitation),
    path("invitations/<str:secret>", views.check_invitation),
]
