"""What makes data that ships, and pages that are generated."""
