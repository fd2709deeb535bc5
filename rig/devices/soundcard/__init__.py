"""Audio interfaces, by way of PortAudio."""
