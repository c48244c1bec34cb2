"""The HTTP shell: one route for each declared command, and the poll that carries what a socket would."""
