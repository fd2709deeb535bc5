"""What is tried on other machines."""
