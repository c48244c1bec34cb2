"""What a search costs, by the number of messages, of rooms, and by what is looked for."""
