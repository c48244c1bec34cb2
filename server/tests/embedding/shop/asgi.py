from django.core.asgi import get_asgi_application

django_application = get_asgi_application()

from backchannel.asgi import Chat  # noqa: E402

application = Chat(django_application)
