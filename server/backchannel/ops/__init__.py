"""What an operator asks: is it up, is it ready, what does it count."""
