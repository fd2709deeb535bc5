"""The report: one page that shows, sounds and plays a session."""
