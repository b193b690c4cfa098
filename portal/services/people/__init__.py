"""People: requests, paperwork to sign, training, background, seats, access and departure."""
