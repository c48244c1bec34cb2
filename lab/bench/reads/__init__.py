"""What reading costs, and whether it grows with what is stored."""
