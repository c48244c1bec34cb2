"""The transports: one session machine behind WebSocket and HTTP.

session/           which frames a client is sent, and when: pure    session_driver.py  carries out a session's effects
session_reads.py   what a session reads to catch up                 dispatch.py        a command → its operation → its answer
websocket/         one socket                                       http/              every command over REST, and polls
node.py            what both transports work with                   maintenance.py     what a node does every few seconds

The two transports do not know each other.
"""
