"""The files of deploy/, run as they are but for addresses, certificates and the folder they write to."""
