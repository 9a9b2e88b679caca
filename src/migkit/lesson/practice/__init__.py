"""What ``check`` knows of the "Your turn" boxes of the lessons: ungraded, so right answers are computed openly."""
