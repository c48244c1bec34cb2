from django.urls import path

from backchannel.accounts import credential_views, views

urlpatterns = [
    path("state", views.state),
    path("setup", views.setup),
    path("profile", views.profile),
    path("sessions", credential_views.sessions),
    path("sessions/<int:id>", credential_views.session),
    path("tokens", credential_views.all_tokens),
    path("tokens/<int:id>", credential_views.token),
    path("invitations", views.create_invitation),
    path("invitations/<str:secret>", views.check_invitation),
]
