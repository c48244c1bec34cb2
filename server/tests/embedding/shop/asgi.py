from django.core.asgi import get_asgi_application

from backchannel.embed import mount

application = mount(get_asgi_application())
