import os

from django.core.asgi import get_asgi_application

from backchannel.embed import mount

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.settings")
application = mount(get_asgi_application())
