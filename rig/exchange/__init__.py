"""What goes out of a session, in formats that others read."""
