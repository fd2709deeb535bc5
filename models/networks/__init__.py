"""Networks: conditioned on knobs, stored with their description, played through."""
