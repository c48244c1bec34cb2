"""The files of deploy/, run unchanged except for addresses, certificates and folders."""
