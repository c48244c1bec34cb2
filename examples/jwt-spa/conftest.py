pytest_plugins = ["backchannel.testing"]
