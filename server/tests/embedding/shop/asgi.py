from django.core.asgi import get_asgi_application

from backchannel.chat import config_from_settings, create_chat

application = create_chat(get_asgi_application(), config_from_settings())
